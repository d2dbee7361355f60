#include "server/release.h"

#include "server/convert.h"

#include <google/protobuf/util/json_util.h>

namespace romlink::server {
namespace {

/// Read by people and programs of later days, so it is JSON, as the command line prints it.
Result<std::string> jsonOf(v1::LinkReport report) {
  report.clear_timing();
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string json;
  if (const auto done = google::protobuf::util::MessageToJsonString(report, &json, options); !done.ok())
    return fail(ErrorCode::Internal, "cannot archive the release", "report", std::string(done.message()));
  return json + "\n";
}

} // namespace

Result<Digest> archiveRelease(Services& services, const v1::LinkRequest& request, const LinkInputs& inputs,
                              const std::vector<store::RomRecord>& roms, const worker::LinkOutcome& outcome,
                              JobFolder& folder) {
  store::ReleaseSource source;
  store::Release& release = source.release;
  for (const store::RomRecord& rom : roms)
    release.roms.push_back(titleOf(rom));
  ROMLINK_ASSIGN(const auto image, folder.outputFile(outcome.image()));
  ROMLINK_ASSIGN(release.imageHash, sha256OfFile(image));
  const v1::LinkReport& report = outcome.report();
  release.toolVersion = report.tool_version();
  release.labels.insert(request.labels().begin(), request.labels().end());
  for (const LinkInputs::File& file : inputs.files)
    release.inputs.push_back({file.path, file.digest});
  release.arguments = inputs.arguments;
  release.savedBytes = report.flash().saved_bytes();
  for (const v1::SymbolDecision& symbol : report.symbols())
    if (symbol.decision() == v1::SymbolDecision::SHARED && !symbol.rom_address().empty())
      source.shares.push_back({addressIn(symbol.rom_address()), symbol.name()});
  if (!inputs.policy.empty())
    source.policy = inputs.policy.front().pin.file();
  source.report = folder.path() / "report.json";
  ROMLINK_ASSIGN(const std::string json, jsonOf(report));
  ROMLINK_TRY(writeFile(source.report, asBytes(json)));
  ROMLINK_ASSIGN(const store::ArchivedRelease archived, services.archive.archiveRelease(std::move(source)));
  return archived.release.id;
}

Result<v1::LinkReport> archivedReport(Services& services, const store::Release& release) {
  std::string json;
  ROMLINK_TRY(services.archive.read(release.report, [&](Bytes content) -> Result<void> {
    json += asText(content);
    return {};
  }));
  v1::LinkReport report;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  if (const auto done = google::protobuf::util::JsonStringToMessage(json, &report, options); !done.ok())
    return fail(ErrorCode::Damaged, "cannot read the archived report", release.id.text(),
                std::string(done.message()), "`romlink archive verify` checks the archive");
  return report;
}

} // namespace romlink::server
