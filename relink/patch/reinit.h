// romlink_reinit_shared(): restores the initial values of writable objects that the firmware shares with the
// ROM (include/romlink/reinit.h has its contract).
//
// The object that defines it is offered to the link like an archive member, so it is only there if the
// firmware calls it. In the plain link the function is empty; in the link against the ROM it walks a table of
// records
//
//   word  address of the object
//   word  size in bytes * 2, + 1 if it is filled with zeros
//   bytes its initial value, padded to 4; none if it is filled with zeros
//
// Pointers in the initial values keep their relocations, so they lead where the firmware's own would have
// led.
#pragma once

#include "relink/match/firmware.h"
#include "relink/plan/plan.h"

namespace romlink::relink {

inline constexpr std::string_view kReinitObject = "romlink-reinit.o";
inline constexpr std::string_view kReinitFunction = "romlink_reinit_shared";
inline constexpr std::string_view kReinitCode = ".text.romlink_reinit_shared";
inline constexpr std::string_view kReinitTable = ".rodata.romlink_reinit_shared";

/// One variable in the table.
struct ReinitRecord {
  SectionId section = 0;
  std::uint32_t valueAt = 0; ///< offset of its initial value in the table
  bool zero = false;         ///< filled with zeros, so there is none
};
/// In the table's order.
[[nodiscard]] std::vector<ReinitRecord> reinitRecords(const Firmware& firmware, const Plan& plan);

/// Flash bytes of the function and its table, more than those of the function that does nothing.
[[nodiscard]] std::uint32_t reinitBytes(const Firmware& firmware, const Plan& plan);

/// Objects to be restored are of no use to a program that never asks for it, or that defines the function
/// itself: Refused. `firmware`: the plain link.
Result<void> checkReinitIsCalled(const Firmware& firmware, const Plan& plan);

/// The object for the link against the ROM. REQUIRES: whyNoReinit() (plan/shared_state.h) is empty
/// for every section to be restored.
[[nodiscard]] std::vector<std::uint8_t> reinitObject(const Firmware& firmware, const Plan& plan);
/// The object for a plain link: the function does nothing.
[[nodiscard]] std::vector<std::uint8_t> emptyReinitObject();

} // namespace romlink::relink
