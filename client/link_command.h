// `romlink link`, `romlink plan` and `ld.romlink`: from linker arguments to output files.
//
// All outputs are prepared under temporary names and appear together at the end. A refusal (exit code 1) and
// every error leave what was there before; only the reports are written for an INCOMPATIBLE ROM, because they
// say why.
#pragma once

#include "base/error.h"
#include "client/command.h"

#include <string>
#include <vector>

namespace romlink::client {

struct LinkCommand {
  std::vector<std::string> roms; ///< the image must run on each; none: plain link
  std::string policy;
  std::string report;              ///< JSON file; empty: none
  std::string html;                ///< HTML file; empty: none
  std::string sarif;               ///< SARIF file; empty: none
  std::vector<std::string> labels; ///< KEY=VALUE, for the release record
  bool planOnly = false;
  bool suggestWaivers = false;
  bool printReport = true;            ///< on standard output
  std::vector<std::string> arguments; ///< linker arguments
};

/// Returns the exit code.
Result<int> runLink(const LinkCommand& command, const GlobalOptions& global);

} // namespace romlink::client
