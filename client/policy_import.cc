// romlink policy import: makes a policy of a list of symbols that are shared by name.
#include "base/file.h"
#include "base/symbol_list.h"
#include "client/command.h"
#include "client/output_file.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fmt/format.h>

namespace romlink::client {
namespace {

struct Options {
  std::string list;
  std::string output;
};

std::string policyOf(const std::vector<std::string>& names, const std::string& from) {
  std::string text =
      fmt::format("# {} symbol{} of {}, shared by name: of each, the ROM's copy is taken if types and flags\n"
                  "# agree. Nothing proves that it does the same; each use is a warning in the report.\n"
                  "[[allow]]\nsymbols = [\n",
                  names.size(), names.size() == 1 ? "" : "s", from);
  for (const std::string& name : names)
    text += fmt::format("  \"{}\",\n", name); // the signs of a name need no escape
  return text + "]\nevidence = \"API_COMPATIBLE\"\n";
}

Result<int> importPolicy(const Options& options) {
  const std::string where = std::filesystem::path(options.list).filename().string();
  ROMLINK_ASSIGN(const auto content, readFile(options.list));
  ROMLINK_ASSIGN(const auto symbols, readSymbolList(asText(content), options.list));
  const std::string policy = policyOf(namesOf(symbols), where);
  if (options.output.empty()) {
    std::fputs(policy.c_str(), stdout);
    return 0;
  }
  ROMLINK_ASSIGN(auto output, prepareOutput(options.output, policy));
  ROMLINK_TRY(output.commit());
  return 0;
}

} // namespace

void addPolicyImport(CLI::App& policy, Invocation& invocation) {
  auto* command = policy.add_subcommand("import", "make a policy of a list of shared symbols");
  auto options = std::make_shared<Options>();
  command->add_option("LIST", options->list, "armlink symdefs, TF-M's shared symbols, names with wildcards")
      ->required();
  command->add_option("-o,--output", options->output, "the policy file; else the standard output");
  command->footer("Example:\n  romlink policy import shared_symbols_name.txt -o policy.toml");
  command->callback(
      [&invocation, options] { invocation.run = [options] { return importPolicy(*options); }; });
}

} // namespace romlink::client
