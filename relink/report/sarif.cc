#include "relink/report/sarif.h"

#include "base/digest.h"
#include "relink/report/audit_wording.h"
#include "relink/report/tally.h"
#include "relink/report/uri.h"
#include "relink/report/utf8.h"
#include "relink/report/wording.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace romlink::report {
namespace {

using Json = nlohmann::ordered_json;
using romlink::v1::Finding;
using romlink::v1::LinkReport;

using Names = google::protobuf::RepeatedPtrField<std::string>;

/// What a result is about. Empty parts are not known.
struct Place {
  std::string object; ///< "main.o" or "libx.a(y.o)"
  std::string symbol;
  std::string kind; ///< of the logical location (3.33.7): "function", "variable"
};

const char* levelOf(Finding::Severity severity) {
  switch (severity) {
  case Finding::ERROR:
    return "error";
  case Finding::WARNING:
    return "warning";
  default:
    return "note";
  }
}

/// The file that an object is in: "libx.a" of "libx.a(y.o)".
std::string fileOf(const std::string& object) {
  const std::size_t member = object.rfind('(');
  return member != std::string::npos && member > 0 && object.ends_with(')') ? object.substr(0, member)
                                                                            : object;
}

Json logicalLocation(const Place& place) {
  Json out = {{"name", toUtf8(place.symbol)},
              {"fullyQualifiedName",
               toUtf8(place.object.empty() ? place.symbol : typedName(place.object) + "::" + place.symbol)}};
  if (!place.kind.empty())
    out["kind"] = place.kind;
  return out;
}

Json locationOf(const Place& place) {
  Json out = Json::object();
  if (!place.object.empty())
    out["physicalLocation"]["artifactLocation"]["uri"] = uriPath(typedName(fileOf(place.object)));
  if (!place.symbol.empty())
    out["logicalLocations"] = Json::array({logicalLocation(place)});
  return out;
}

/// A path through the ROM (3.36, 3.37).
Json codeFlowOf(const Names& path) {
  Json locations = Json::array();
  for (const std::string& name : path)
    locations.push_back({{"location", locationOf({{}, name, "function"})}});
  return {{"threadFlows", Json::array({{{"locations", locations}}})}};
}

class Log {
public:
  explicit Log(const std::string& toolVersion) : toolVersion_(toolVersion) {}

  Json& add(const std::string& rule, const char* level, const std::string& message, const Place& place) {
    rules_.emplace(toUtf8(rule), std::string());
    Json result = {{"ruleId", toUtf8(rule)}, {"level", level}, {"message", {{"text", toUtf8(message)}}}};
    if (!place.object.empty() || !place.symbol.empty())
      result["locations"] = Json::array({locationOf(place)});
    // Messages hold sizes, which change with every build: only what the result is about makes its identity.
    // Several of one identity are told apart by their number.
    std::string identity = rule + '\n' + place.object + '\n' + place.symbol;
    const int count = ++seen_[identity];
    identity += count > 1 ? '\n' + std::to_string(count) : "";
    result["partialFingerprints"] = {{"romlinkIdentity/v1", sha256Of(identity).hex()}};
    results_.push_back(std::move(result));
    return results_.back();
  }

  void add(const google::protobuf::RepeatedPtrField<Finding>& findings,
           const std::map<std::string, Place>& places) {
    for (const Finding& finding : findings) {
      const auto known = places.find(finding.symbol());
      add(finding.code().empty() ? "FINDING" : finding.code(), levelOf(finding.severity()), finding.message(),
          known != places.end() ? known->second : Place{{}, finding.symbol(), {}});
    }
  }

  void describe(const std::string& rule, std::string_view meaning) {
    if (const auto at = rules_.find(rule); at != rules_.end())
      at->second = meaning;
  }

  std::string text(Json properties, bool succeeded) {
    Json rules = Json::array();
    std::map<std::string, int> index;
    for (const auto& [id, meaning] : rules_) {
      index.emplace(id, static_cast<int>(rules.size()));
      Json rule = {{"id", id}};
      const std::string_view known = meaning.empty() ? meaningOf(id) : std::string_view(meaning);
      if (!known.empty())
        rule["shortDescription"]["text"] = known;
      rules.push_back(std::move(rule));
    }
    for (Json& result : results_)
      result["ruleIndex"] = index.at(result["ruleId"].get<std::string>());
    Json driver = {{"name", "romlink"}};
    if (!toolVersion_.empty())
      driver["version"] = toUtf8(toolVersion_);
    driver["rules"] = std::move(rules);
    Json run = {{"tool", {{"driver", std::move(driver)}}},
                {"invocations", Json::array({{{"executionSuccessful", succeeded}}})},
                {"results", std::move(results_)}};
    if (!properties.empty())
      run["properties"] = std::move(properties);
    const Json log = {{"$schema", "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
                                  "sarif-schema-2.1.0.json"},
                      {"version", "2.1.0"},
                      {"runs", Json::array({std::move(run)})}};
    return log.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
  }

private:
  std::string toolVersion_;
  std::map<std::string, std::string> rules_; ///< id: meaning
  std::map<std::string, int> seen_;
  Json results_ = Json::array();
};

const char* kindOf(const Symbol& symbol) {
  return symbol.kind() == Symbol::FUNCTION ? "function" : symbol.kind() == Symbol::DATA ? "variable" : "";
}

Place placeOf(const Symbol& symbol) {
  return {symbol.object(), symbol.name(), kindOf(symbol)};
}

bool isIncompatibility(const std::string& reason) {
  return reason == "FIXED" || reason == "API_MISMATCH" || reason == "FLAGS_MISMATCH";
}

/// By name; of names that several objects have, the first.
std::map<std::string, Place> placesOf(const LinkReport& report) {
  std::map<std::string, Place> places;
  for (const Symbol& symbol : report.symbols())
    places.try_emplace(symbol.name(), placeOf(symbol));
  return places;
}

void addDecisions(const LinkReport& report, Log& log) {
  for (const Symbol& symbol : report.symbols()) {
    if (symbol.decision() != Symbol::LOCAL || !isIncompatibility(symbol.reason()) ||
        !symbol.alias_of().empty())
      continue;
    Json& result =
        log.add(symbol.reason(), "warning",
                symbol.name() + " stays local: " +
                    (symbol.detail().empty() ? std::string(meaningOf(symbol.reason())) : symbol.detail()),
                placeOf(symbol));
    result["properties"] = {{"bytes", bytesOf(symbol)}, {"romAddress", toUtf8(symbol.rom_address())}};
  }
}

void addBlockers(const LinkReport& report, const std::map<std::string, Place>& places, Log& log) {
  for (const auto& blocker : report.blockers()) {
    if (isIncompatibility(blocker.reason()))
      continue; // each of its symbols has a result
    std::string message = blocker.name() + " keeps " + withCommas(blocker.price_bytes()) + " bytes in " +
                          counted(blocker.unlocked_symbols(), "symbol") + " local";
    message += blocker.detail().empty() ? "" : ": " + blocker.detail();
    message += blocker.remedy().empty() ? "." : ". Remedy: " + blocker.remedy() + ".";
    const std::string& first = blocker.members_size() > 0 ? blocker.members(0) : blocker.name();
    const auto known = places.find(first);
    Place place = known != places.end() ? known->second : Place{};
    if (blocker.members_size() > 1 || place.symbol.empty())
      place.symbol = blocker.name(); // the set is what the result is about
    Json& result = log.add(blocker.reason(), "note", message, place);
    result["properties"] = {{"priceBytes", blocker.price_bytes()},
                            {"unlockedSymbols", blocker.unlocked_symbols()}};
  }
}

Json propertiesOf(const std::string& hash, const std::string& name, const std::string& version) {
  if (hash.empty())
    return Json::object();
  return {{"romImageHash", toUtf8(hash)}, {"romName", toUtf8(name)}, {"romVersion", toUtf8(version)}};
}

} // namespace

std::string renderSarif(const LinkReport& report) {
  Log log(report.tool_version());
  const auto places = placesOf(report);
  log.add(report.findings(), places);
  addDecisions(report, log);
  addBlockers(report, places, log);
  return log.text(propertiesOf(report.rom_image_hash(), report.rom_name(), report.rom_version()),
                  report.verdict() != LinkReport::INCOMPATIBLE);
}

std::string renderSarif(const romlink::v1::RomAudit& audit) {
  Log log({});
  const std::string rom = audit.rom().name() + '@' + audit.rom().version();
  for (const auto& symbol : audit.affected()) {
    const bool boots = symbol.boot_path_size() > 0;
    Json& result =
        log.add(boots ? "DEFECT_IN_BOOT" : "DEFECT", boots ? "error" : "warning",
                symbol.advisory() + ": " + symbol.symbol() + " of " + rom + " is defective" +
                    (boots ? "; the ROM runs it when it boots" : "; the ROM does not run it when it boots"),
                {{}, symbol.symbol(), "function"});
    if (boots)
      result["codeFlows"] = Json::array({codeFlowOf(symbol.boot_path())});
    result["properties"] = {{"advisory", toUtf8(symbol.advisory())},
                            {"romAddress", toUtf8(symbol.rom_address())}};
  }
  log.describe("DEFECT", "an advisory names code of this ROM as defective");
  log.describe("DEFECT_IN_BOOT", "the ROM itself runs code that an advisory names as defective");
  log.add(untold(audit.findings()), {});
  return log.text(propertiesOf(audit.rom().image_hash(), audit.rom().name(), audit.rom().version()), true);
}

std::string renderSarif(const romlink::v1::ReleaseAudit& audit) {
  Log log(audit.release().tool_version());
  const auto places = placesOf(audit.report());
  for (const auto& doubt : audit.doubts()) {
    const auto known = places.find(doubt.symbol());
    Json& result =
        log.add("SHARES_DEFECT", "error",
                doubt.advisory() + ": " + doubt.symbol() + " is shared and reaches defective code of " +
                    doubt.rom().name() + '@' + doubt.rom().version() + "; link again to keep it local",
                known != places.end() ? known->second : Place{{}, doubt.symbol(), {}});
    if (doubt.path_size() > 0)
      result["codeFlows"] = Json::array({codeFlowOf(doubt.path())});
    result["properties"] = {{"advisory", toUtf8(doubt.advisory())}};
  }
  log.describe("SHARES_DEFECT", "a symbol taken from the ROM reaches code that an advisory names");
  log.add(untold(audit.findings()), places);
  Json properties = {{"release", toUtf8(audit.release().id())}};
  if (audit.release().roms_size() > 0) {
    const auto& rom = audit.release().roms(0);
    properties.update(propertiesOf(rom.image_hash(), rom.name(), rom.version()));
  }
  return log.text(std::move(properties), true);
}

} // namespace romlink::report
