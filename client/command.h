// What the commands share. Each command is one file: it declares its options on the CLI11 application and
// stores what to do in `Invocation::run`.
#pragma once

#include "base/error.h"

#include <functional>
#include <string>

namespace CLI { // NOLINT(readability-identifier-naming)
class App;
}

namespace romlink::client {

struct GlobalOptions {
  std::string server;  ///< --server
  std::string archive; ///< --archive
  bool json = false;
  bool quiet = false;
};

struct Invocation {
  GlobalOptions global;
  /// The chosen command. Returns the exit code.
  std::function<Result<int>()> run;
};

void addRomPublish(CLI::App& rom, Invocation& invocation);
void addRomList(CLI::App& rom, Invocation& invocation);
void addRomShow(CLI::App& rom, Invocation& invocation);
void addRomFetch(CLI::App& rom, Invocation& invocation);
void addRomIdentify(CLI::App& rom, Invocation& invocation);
void addRomWithdraw(CLI::App& rom, Invocation& invocation);
void addLink(CLI::App& app, Invocation& invocation);
void addPlan(CLI::App& app, Invocation& invocation);
void addPolicyImport(CLI::App& policy, Invocation& invocation);
void addCheck(CLI::App& app, Invocation& invocation);
void addAdvisoryAdd(CLI::App& advisory, Invocation& invocation);
void addAdvisoryList(CLI::App& advisory, Invocation& invocation);
void addReleaseList(CLI::App& release, Invocation& invocation);
void addAuditRom(CLI::App& audits, Invocation& invocation);
void addAuditRelease(CLI::App& audits, Invocation& invocation);
void addAuditAdvisory(CLI::App& audits, Invocation& invocation);
void addAuditMatrix(CLI::App& audits, Invocation& invocation);
void addArchiveHead(CLI::App& archive, Invocation& invocation);
void addArchiveVerify(CLI::App& archive, Invocation& invocation);
void addArchiveBackup(CLI::App& archive, Invocation& invocation);
void addArchiveExport(CLI::App& archive, Invocation& invocation);
void addArchiveImport(CLI::App& archive, Invocation& invocation);
void addArchiveRestore(CLI::App& archive, Invocation& invocation);
void addArchiveStats(CLI::App& archive, Invocation& invocation);

} // namespace romlink::client
