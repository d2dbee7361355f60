#include "relink/report/openvex.h"

#include "base/digest.h"
#include "relink/report/audit_wording.h"
#include "relink/report/uri.h"
#include "relink/report/utf8.h"
#include "relink/report/wording.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace romlink::report {
namespace {

using Json = nlohmann::ordered_json;
using romlink::v1::AdvisoryAudit;
using romlink::v1::AffectedRelease;
using romlink::v1::AffectedSymbol;
using romlink::v1::RomName;

constexpr const char* kNotReached = "vulnerable_code_not_in_execute_path";

void setHash(Json& component, const std::string& hash) {
  if (hash.starts_with("sha256:"))
    component["hashes"]["sha-256"] = toUtf8(hash.substr(7));
}

Json romComponent(const RomName& rom) {
  const std::string url = packageUrl(rom.name(), rom.version(), rom.image_hash());
  Json out = {{"@id", url}, {"identifiers", {{"purl", url}}}};
  setHash(out, rom.image_hash());
  return out;
}

Json releaseComponent(const romlink::v1::Release& release) {
  Json out = {{"@id", "urn:romlink:release:" + percentEncoded(release.id())}};
  setHash(out, release.image_hash());
  Json roms = Json::array();
  for (const RomName& rom : release.roms())
    roms.push_back(romComponent(rom));
  if (!roms.empty())
    out["subcomponents"] = std::move(roms);
  return out;
}

Json vulnerabilityOf(const romlink::v1::Advisory& advisory) {
  Json out = Json::object();
  if (isWebUri(advisory.url()))
    out["@id"] = advisory.url();
  out["name"] = toUtf8(advisory.id());
  if (!advisory.summary().empty())
    out["description"] = toUtf8(advisory.summary());
  return out;
}

template <typename Names>
std::string list(const Names& names) {
  std::string text;
  for (const std::string& name : names)
    text += (text.empty() ? "" : ", ") + printable(name);
  return text;
}

/// All defective symbols of one ROM are one statement.
Json romStatement(const AdvisoryAudit& audit, const std::vector<const AffectedSymbol*>& symbols) {
  const AffectedSymbol* boots = nullptr;
  std::vector<std::string> names;
  for (const AffectedSymbol* symbol : symbols) {
    names.push_back(symbol->symbol());
    if (boots == nullptr && symbol->boot_path_size() > 0)
      boots = symbol;
  }
  Json out = {{"vulnerability", vulnerabilityOf(audit.advisory())},
              {"products", Json::array({romComponent(symbols.front()->rom())})}};
  if (boots != nullptr) {
    out["status"] = "affected";
    out["status_notes"] = "The ROM runs it when it boots: " + pathText(boots->boot_path());
    out["action_statement"] = "The ROM cannot be changed and no relink of firmware repairs it.";
  } else {
    out["status"] = "not_affected";
    out["status_notes"] =
        "The ROM holds " + list(names) +
        ", but does not reach it from its entry point. Firmware that takes code of the ROM has a "
        "statement of its own.";
    out["justification"] = kNotReached;
  }
  return out;
}

Json releaseStatement(const AdvisoryAudit& audit, const AffectedRelease& affected) {
  Json out = {{"vulnerability", vulnerabilityOf(audit.advisory())},
              {"products", Json::array({releaseComponent(affected.release())})}};
  const std::string labels = labelsText(affected.release());
  const std::string about = labels.empty() ? "" : "Release " + labels + ". ";
  const std::string path = affected.doubts_size() > 0 ? pathText(affected.doubts(0).path()) : "";
  switch (repairOf(affected)) {
  case Repair::Relink:
    out["status"] = "affected";
    out["status_notes"] = about + "It takes code of the ROM that reaches the defect: " + path;
    out["action_statement"] =
        "Link it again: romlink keeps its own copy of the defective code and of all that reaches it.";
    break;
  case Repair::ExceptBoot:
    out["status"] = "affected";
    out["status_notes"] = about + "It takes code of the ROM that reaches the defect: " + path;
    out["action_statement"] =
        "Link it again, so that the firmware keeps its own copy; the ROM itself runs the defect when "
        "it boots, which no relink repairs.";
    break;
  case Repair::Accepted:
    out["status"] = "affected";
    out["status_notes"] =
        about + "It takes code of the ROM that reaches the defect: " + pathText(affected.accepted(0).path());
    out["action_statement"] =
        "None: waivers of the release's policy that name this advisory accept the defect for it.";
    break;
  case Repair::OwnCopy:
    out["status"] = "fixed";
    out["status_notes"] = about + "It keeps its own copy of " + list(affected.own_copies()) + ".";
    break;
  case Repair::Unaffected:
    out["status"] = "not_affected";
    out["status_notes"] = about + "Nothing that it takes from the ROM reaches the defect.";
    out["justification"] = kNotReached;
    break;
  }
  return out;
}

void addStatements(const AdvisoryAudit& audit, Json& statements) {
  std::map<std::string, std::vector<const AffectedSymbol*>> byRom;
  for (const AffectedSymbol& symbol : audit.affected())
    byRom[symbol.rom().image_hash()].push_back(&symbol);
  for (const auto& [hash, symbols] : byRom)
    statements.push_back(romStatement(audit, symbols));
  for (const AffectedRelease& release : audit.releases())
    statements.push_back(releaseStatement(audit, release));
  if (byRom.empty()) { // recorded, but the ROM is not there to look at
    Json products = Json::array();
    for (const auto& target : audit.advisory().targets())
      if (Json rom = romComponent(target.rom());
          std::find(products.begin(), products.end(), rom) == products.end())
        products.push_back(std::move(rom));
    Json out = {{"vulnerability", vulnerabilityOf(audit.advisory())}};
    if (!products.empty())
      out["products"] = std::move(products);
    out["status"] = "under_investigation";
    statements.push_back(std::move(out));
  }
}

/// The latest time of the records. RFC 3339 in UTC sorts as text.
std::string timeOf(const std::vector<AdvisoryAudit>& audits) {
  std::string latest;
  for (const AdvisoryAudit& audit : audits) {
    latest = std::max(latest, audit.advisory().recorded_at());
    for (const AffectedRelease& release : audit.releases())
      latest = std::max(latest, release.release().linked_at());
  }
  return latest.empty() ? "1970-01-01T00:00:00Z" : latest;
}

} // namespace

std::string renderOpenVex(const std::vector<AdvisoryAudit>& audits, const std::string& author) {
  Json statements = Json::array();
  for (const AdvisoryAudit& audit : audits)
    addStatements(audit, statements);
  Json document = {{"@context", "https://openvex.dev/ns/v0.2.0"},
                   {"@id", ""},
                   {"author", toUtf8(author)},
                   {"timestamp", timeOf(audits)},
                   {"version", 1},
                   {"tooling", "romlink " ROMLINK_VERSION},
                   {"statements", std::move(statements)}};
  const auto text = [&] { return document.dump(2, ' ', false, Json::error_handler_t::replace) + '\n'; };
  document["@id"] = "urn:romlink:openvex:" + sha256Of(text()).hex();
  return text();
}

} // namespace romlink::report
