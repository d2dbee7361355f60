// What single entries (DIEs) of DWARF say of types: their names, members' places, values. DWARF 5, chapters 2
// and 5; where compilers write it in several ways, all of them.
#pragma once

#include <cstdint>
#include <llvm/DebugInfo/DWARF/DWARFDie.h>
#include <optional>
#include <string>
#include <string_view>

namespace romlink::relink {

inline constexpr unsigned kLongestChain = 64; ///< of qualifiers, scopes and origins

/// Absent, or no constant: nullopt.
[[nodiscard]] std::optional<std::uint64_t> numberOf(const llvm::DWARFDie& die,
                                                    llvm::dwarf::Attribute attribute);
/// Absent: 0.
[[nodiscard]] std::uint32_t smallNumber(const llvm::DWARFDie& die, llvm::dwarf::Attribute attribute);
/// Is the flag set?
[[nodiscard]] bool has(const llvm::DWARFDie& die, llvm::dwarf::Attribute attribute);
/// The one operand of a location like DW_OP_constu N or DW_OP_plus_uconst N.
[[nodiscard]] std::optional<std::uint64_t>
operandOf(const llvm::DWARFDie& die, llvm::dwarf::Attribute attribute, std::uint8_t operation);

/// Struct, class or union.
[[nodiscard]] bool isRecord(llvm::dwarf::Tag tag);
/// What this DIE completes: a declaration, or the description that an inlined copy shares.
[[nodiscard]] llvm::DWARFDie completedBy(const llvm::DWARFDie& die);

/// The name with the namespaces and classes around it; empty for a type without a name.
[[nodiscard]] std::string qualifiedName(const llvm::DWARFDie& type, bool& damaged);

/// "_BitInt(37)": 37. 0: the type has all bits of its bytes.
[[nodiscard]] std::int64_t bitsInName(const std::string& name);

/// The function in which a type is declared or defined; 0: none.
[[nodiscard]] std::uint64_t functionAround(const llvm::DWARFDie& type);

/// What would describe a type that is only declared, as the compiler may have left it out; empty: it is
/// opaque in the source. In C++, clang describes a class where its constructors or virtual functions are, and
/// gcc where its first virtual function is.
[[nodiscard]] std::string_view remedyFor(const llvm::DWARFDie& type);

/// DW_ATE_..., the same for all that have the same values.
[[nodiscard]] std::uint8_t meaningOf(std::uint64_t encoding, const std::string& name);
/// gcc and clang write an unsigned value as data or signed; the type says which it is.
[[nodiscard]] std::int64_t asValueOf(std::int64_t value, std::uint32_t size, bool isSigned);

/// Bits from the start of the struct. DW_AT_bit_offset (DWARF 3) counts from the high end of the storage
/// unit, wherever the low end lies.
[[nodiscard]] std::optional<std::int64_t> placeOfMember(const llvm::DWARFDie& member, std::uint32_t bits,
                                                        std::uint64_t typeSize);

/// What a member demands beyond what its type does. clang repeats the alignment of a struct at the members of
/// its type.
[[nodiscard]] std::uint32_t alignmentOf(const llvm::DWARFDie& member);

/// Elements of one dimension. DWARF 5, 5.13: DW_AT_count or DW_AT_upper_bound, whose lower bound is 0 in C.
[[nodiscard]] std::int64_t countOf(const llvm::DWARFDie& dimension);

} // namespace romlink::relink
