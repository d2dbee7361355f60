// Compares how the ROM and each firmware object were compiled, as far as it matters to calls between them.
//
// Facts (build_facts.h) of each object are compared with those of the ROM's index by the table of
// flag_rules.h. Where the ROM has several values (its objects differ, or its records contradict each other) a
// conflict with any of them counts. What one side does not tell is not compared, and a finding says so.
#pragma once

#include "relink/compat/build_facts.h"
#include "relink/compat/flag_rules.h"
#include "relink/image/rom_image.h"
#include "relink/match/firmware.h"
#include "romlink/v1/report.pb.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace romlink::relink {

class FlagComparison {
public:
  /// Reads the facts of every object that is live. REQUIRES: both outlive it.
  FlagComparison(const Firmware& firmware, const RomImage& rom);
  ~FlagComparison();
  FlagComparison(FlagComparison&&) noexcept;

  /// Why code of `object` cannot use a ROM symbol of these types, whatever its evidence; nullopt: it can. One
  /// line that names flag and both values.
  [[nodiscard]] std::optional<std::string> objection(const ObjectFile& object,
                                                     const TypeVerdict& types) const;

  /// Why it cannot use a ROM symbol whose body is not proved the same (any evidence but IDENTICAL).
  [[nodiscard]] std::optional<std::string> objectionUnlessProved(const ObjectFile& object) const;

  /// Why it cannot use one whose types are not known and whose body is not proved the same: they might be
  /// touched.
  [[nodiscard]] std::optional<std::string> objectionUnlessTyped(const ObjectFile& object,
                                                                const TypeVerdict& types) const;

  /// Every difference, with the symbols that the report keeps local for it, and findings. REQUIRES: the
  /// report has its symbols.
  void report(romlink::v1::LinkReport& report) const;

private:
  struct Side; ///< objects with the same facts
  struct Difference {
    romlink::v1::FlagDifference::Effect effect{};
    std::vector<Fact> rom;
    std::set<std::string> sources; ///< of the firmware's value
    std::set<std::string> objects;
  };

  template <typename Objects>
  [[nodiscard]] std::optional<std::string> firstObjection(const ObjectFile& object, Objects objects) const;
  [[nodiscard]] std::map<std::string, Difference> differencesIn(const FlagRule& rule) const;
  void reportDifferences(const FlagRule& rule, romlink::v1::LinkReport& report) const;
  void reportCompilers(romlink::v1::LinkReport& report) const;
  void reportUnknown(romlink::v1::LinkReport& report) const;

  BuildFacts rom_;
  std::vector<std::unique_ptr<Side>> sides_; ///< by the name of their first object
  std::unordered_map<const ObjectFile*, const Side*> sideOf_;
};

} // namespace romlink::relink
