#include "relink/compat/flags.h"

namespace romlink::relink {

FlagComparison::FlagComparison(const Firmware& /*firmware*/, const RomImage& /*rom*/) {}

// NOLINTNEXTLINE(readability-convert-member-functions-to-static)
std::optional<std::string> FlagComparison::objection(const ObjectFile& /*object*/,
                                                     const Crossing& /*crossing*/) const {
  return std::nullopt;
}

// NOLINTNEXTLINE(readability-convert-member-functions-to-static)
void FlagComparison::report(romlink::v1::LinkReport& /*report*/) const {}

} // namespace romlink::relink
