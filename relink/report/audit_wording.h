// Words that the audits' text, pages and documents share, so that they say the same.
#pragma once

#include "romlink/v1/audit.pb.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace romlink::report {

/// What an advisory means for one release.
enum class Repair {
  Unaffected, ///< it shares nothing that reaches the defect
  OwnCopy,    ///< nor does it now: the link kept its own copy because of the advisory
  Accepted,   ///< it reaches the defect, and waivers of its policy that name the advisory accept that
  Relink,     ///< affected; a relink keeps all of it local
  ExceptBoot, ///< affected; a relink does, but the ROM itself runs the defect when it boots
};

/// Worst first.
inline constexpr std::array kRepairs = {Repair::ExceptBoot, Repair::Relink, Repair::Accepted, Repair::OwnCopy,
                                        Repair::Unaffected};

[[nodiscard]] Repair repairOf(const romlink::v1::AffectedRelease& release);
/// "not affected", "a relink repairs it", ...
[[nodiscard]] std::string_view repairText(Repair repair);
/// The style class of the page: "unaffected", "own-copy", "waived", "relink", "except-boot".
[[nodiscard]] std::string_view repairClass(Repair repair);

/// Whether a finding says what the audits' tables and pictures say already: defects and what shares them.
[[nodiscard]] bool isTold(const romlink::v1::Finding& finding);
/// The findings that are not told already.
[[nodiscard]] google::protobuf::RepeatedPtrField<romlink::v1::Finding>
untold(const google::protobuf::RepeatedPtrField<romlink::v1::Finding>& findings);

/// The file or object as the user named it: "_root/usr/lib/libc.a(x.o)" is "/usr/lib/libc.a(x.o)", "_up/a.o"
/// is "../a.o" (client/input_names.h).
[[nodiscard]] std::string typedName(std::string_view linkerName);

/// "a -> b -> c", printable.
template <typename Names>
[[nodiscard]] std::string pathText(const Names& names);

/// "product=meter, site=a": sorted, printable.
[[nodiscard]] std::string labelsText(const romlink::v1::Release& release);
/// "boot@1.0, boot@1.1"
[[nodiscard]] std::string romsText(const romlink::v1::Release& release);
/// "0x10000000 to 0x10004000"
[[nodiscard]] std::string rangeText(const romlink::v1::AddressRange& range);
/// 0x and 8 hex digits.
[[nodiscard]] std::string hexAddress(std::uint64_t address);
/// The value of "0x1234"; 0 if it is none.
[[nodiscard]] std::uint32_t addressOf(const std::string& text);

/// Bytes saved of the plain link: flash.baseline - flash.linked, whatever saved_bytes says.
[[nodiscard]] std::int64_t savedBytes(const romlink::v1::MemoryUse& use);

/// Orders ROMs by name, then version with its numbers as numbers (1.9 before 1.10), then hash.
[[nodiscard]] bool romBefore(const romlink::v1::Rom& a, const romlink::v1::Rom& b);

extern template std::string pathText(const google::protobuf::RepeatedPtrField<std::string>&);
extern template std::string pathText(const std::vector<std::string>&);

} // namespace romlink::report
