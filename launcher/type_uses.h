// Which types a declaration uses in ways that its tokens do not show: by which arithmetic types it accesses
// memory, whether it computes with floating point, how its local structures are laid out.
//
// int and long are both of 4 bytes, and C lets a compiler assume that an object of one is never accessed
// as the other (C17, 6.5, 7). So it matters which of the two an access is, if the program has both.
#pragma once

#include <clang/AST/Decl.h>

#include <string>

namespace romlink::launcher {

struct TypeUses {
  bool ints = false;  ///< memory is accessed as int, unsigned or an enumeration of their size
  bool longs = false; ///< as long, unsigned long
  bool floatingPoint = false;
  bool bitFields =
      false; ///< gcc and clang give a bit-field types of their own: wider than int, or not promoted
  bool unstable = false;      ///< gcc and clang do not do the same
  bool staticLiteral = false; ///< a compound literal that lives as long as the program
  std::string layouts;        ///< of structures and enumerations of a body
};

void addUses(clang::ASTContext& context, const clang::NamedDecl& declaration, TypeUses& uses);

/// "4 4 0 8": size, alignment and offsets of the members, in bytes and bits; empty for what has none.
[[nodiscard]] std::string layoutOf(clang::ASTContext& context, const clang::NamedDecl& declaration);

/// A type by kind, size and sign, if it is arithmetic and unqualified; else empty.
[[nodiscard]] std::string arithmeticType(clang::ASTContext& context, clang::QualType type);

} // namespace romlink::launcher
