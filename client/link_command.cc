#include "client/link_command.h"

#include "client/console.h"
#include "client/key_value.h"
#include "client/link_call.h"
#include "client/linker_arguments.h"
#include "client/linker_inputs.h"
#include "client/output_file.h"
#include "client/response_file.h"
#include "client/session.h"
#include "relink/report/render.h"
#include "relink/report/sarif.h"

#include <cstdio>
#include <optional>

namespace romlink::client {
namespace {

using v1::Finding;
using v1::LinkReport;

// Build systems look for "GNU ld" or "compatible with GNU linkers" in a linker's version, as they do with
// lld's.
constexpr const char* kVersion =
    "romlink " ROMLINK_VERSION ", LLD 19 (compatible with GNU linkers; GNU ld options)";
// Configure scripts look for the word "elf" after "supported targets".
constexpr const char* kHelp = "USAGE: ld.romlink [options] file...\n"
                              "Links like ld.lld; with a ROM, shares the code that the ROM already has.\n"
                              "  --romlink-rom=ROM        the ROM ($ROMLINK_ROM); without it, a plain link. "
                              "Several, for an image that\n"
                              "                           runs on each: ROM,ROM or the option repeated\n"
                              "  --romlink-policy=FILE    the policy, TOML ($ROMLINK_POLICY)\n"
                              "  --romlink-report=FILE    the report, JSON ($ROMLINK_REPORT)\n"
                              "  --romlink-html=FILE      the report, HTML ($ROMLINK_HTML)\n"
                              "  --romlink-sarif=FILE     findings, SARIF ($ROMLINK_SARIF)\n"
                              "  --romlink-label=KEY=VALUE  kept with the link's record; repeatable\n"
                              "  --romlink-server=ADDR    the service ($ROMLINK_SERVER)\n"
                              "  --romlink-archive=DIR    or the archive's folder ($ROMLINK_ARCHIVE)\n"
                              "All other options are those of GNU ld.\n"
                              "Example:\n"
                              "  ld.romlink --romlink-rom=boot@1.0 -T flash.ld main.o -o firmware.elf\n"
                              "ld.romlink: supported targets: elf32-littlearm elf";

// "out: in1 in2", for make and ninja.
std::string dependencies(const std::string& output, const PreparedInputs& prepared) {
  const auto escaped = [](const std::string& name) {
    std::string text;
    for (const char c : name) {
      if (c == ' ' || c == '#')
        text += '\\';
      text += c == '$' ? "$$" : std::string(1, c);
    }
    return text;
  };
  std::string text = escaped(output) + ":";
  for (const LinkInput& input : prepared.inputs)
    text += " \\\n  " + escaped(input.file.string());
  return text + "\n";
}

// The files of one link, all pending until commit().
struct Outputs {
  std::optional<OutputFile> image;
  std::optional<OutputFile> map;
  std::vector<OutputFile> others;

  Result<void> commit() {
    for (OutputFile& file : others)
      ROMLINK_TRY(file.commit());
    if (map)
      ROMLINK_TRY(map->commit());
    if (image)
      ROMLINK_TRY(image->commit(true));
    return {};
  }
};

class LinkRun {
public:
  LinkRun(const LinkCommand& command, const GlobalOptions& global) : command_(command), global_(global) {}

  Result<int> run(const LinkerArguments& arguments) {
    LinkQuestion question;
    ROMLINK_ASSIGN(question.inputs, prepareInputs(arguments));
    question.roms = command_.roms;
    ROMLINK_ASSIGN(question.labels, labelsOf(command_.labels));
    question.planOnly = command_.planOnly;
    question.suggestWaivers = command_.suggestWaivers;
    question.wantMap = !command_.planOnly && (!arguments.map.empty() || arguments.printMap);
    if (!command_.policy.empty()) {
      ROMLINK_ASSIGN(question.policy, plainInput(command_.policy));
    }
    ROMLINK_TRY(checkFiles(arguments, question));
    ROMLINK_ASSIGN(const Session session, Session::open(global_));
    Outputs outputs;
    ROMLINK_ASSIGN(const LinkAnswer answer, link(session, question, arguments, outputs));
    for (const std::string& diagnostic : answer.diagnostics)
      std::fprintf(stderr, "%s\n", printable(diagnostic).c_str());
    ROMLINK_TRY(prepareReports(answer.report, outputs));
    if (answer.report.verdict() == LinkReport::INCOMPATIBLE)
      return refuse(answer.report, outputs);
    if (!command_.planOnly) {
      if (!answer.hasImage)
        return fail(ErrorCode::Internal, "the service sent no image");
      if (!arguments.dependencyFile.empty()) {
        ROMLINK_ASSIGN(OutputFile file, prepareOutput(arguments.dependencyFile,
                                                      dependencies(arguments.output, question.inputs)));
        outputs.others.push_back(std::move(file));
      }
    }
    ROMLINK_TRY(outputs.commit());
    ROMLINK_TRY(print(answer.report));
    printRelease(answer.release);
    return 0;
  }

private:
  Result<void> checkFiles(const LinkerArguments& arguments, const LinkQuestion& question) const {
    std::vector<std::filesystem::path> outputs = {command_.report, command_.html, command_.sarif};
    if (!command_.planOnly)
      outputs.insert(outputs.end(),
                     {arguments.output, arguments.map == "-" ? "" : arguments.map, arguments.dependencyFile});
    std::vector<std::filesystem::path> inputs = {command_.policy};
    for (const LinkInput& input : question.inputs.inputs)
      inputs.push_back(input.file);
    return checkOutputs(outputs, inputs);
  }

  Result<LinkAnswer> link(const Session& session, const LinkQuestion& question,
                          const LinkerArguments& arguments, Outputs& outputs) {
    if (!command_.planOnly) {
      ROMLINK_ASSIGN(OutputFile image, OutputFile::create(arguments.output));
      outputs.image.emplace(std::move(image));
      // "-Map=-" and -M: standard output
      if (!arguments.map.empty() && arguments.map != "-") {
        ROMLINK_ASSIGN(OutputFile map, OutputFile::create(arguments.map));
        outputs.map.emplace(std::move(map));
      }
    }
    LinkSinks sinks;
    sinks.image = [&](Bytes content) {
      return outputs.image ? outputs.image->write(content) : Result<void>();
    };
    const bool printMap = arguments.printMap || arguments.map == "-";
    sinks.map = [&outputs, printMap](std::string_view line) -> Result<void> {
      if (printMap)
        std::fwrite(line.data(), 1, line.size(), stdout);
      return outputs.map ? outputs.map->write(asBytes(line)) : Result<void>();
    };
    Progress progress(global_.quiet);
    return callLink(session, question, sinks, progress);
  }

  Result<void> prepareReports(const LinkReport& report, Outputs& outputs) const {
    if (!command_.report.empty()) {
      ROMLINK_ASSIGN(const std::string json, report::renderJson(report));
      ROMLINK_ASSIGN(OutputFile file, prepareOutput(command_.report, json));
      outputs.others.push_back(std::move(file));
    }
    if (!command_.html.empty()) {
      ROMLINK_ASSIGN(OutputFile file, prepareOutput(command_.html, report::renderHtml(report)));
      outputs.others.push_back(std::move(file));
    }
    if (!command_.sarif.empty()) {
      ROMLINK_ASSIGN(OutputFile file, prepareOutput(command_.sarif, report::renderSarif(report)));
      outputs.others.push_back(std::move(file));
    }
    return {};
  }

  // The verdict is INCOMPATIBLE: reports, but no image and no map.
  Result<int> refuse(const LinkReport& report, Outputs& outputs) const {
    outputs.image.reset();
    outputs.map.reset();
    ROMLINK_TRY(outputs.commit());
    if (global_.json)
      ROMLINK_TRY(print(report));
    Error error{ErrorCode::Refused,
                "the firmware does not fit the ROM",
                report.rom_name() + "@" + report.rom_version(),
                {},
                {}};
    bool said = false;
    for (const Finding& finding : report.findings())
      if (finding.severity() == Finding::ERROR) {
        error.why = finding.message();
        printError(error);
        said = true;
      }
    return said ? exitCodeOf(error.code) : printError(error);
  }

  Result<void> print(const LinkReport& report) const {
    if (global_.json) {
      ROMLINK_ASSIGN(const std::string json, report::renderJson(report));
      std::fputs(json.c_str(), stdout);
    } else if (command_.printReport && !global_.quiet && !command_.roms.empty()) {
      const report::TextStyle style{
          .colour = outputHasColour(), .width = outputWidth(), .suggestionsAsked = command_.suggestWaivers};
      std::fputs(report::renderText(report, style).c_str(), stdout);
    } else {
      for (const Finding& finding : report.findings())
        if (finding.severity() == Finding::WARNING)
          printWarning(finding.message());
    }
    return {};
  }

  // The last line of the results; beside JSON, which has to stay alone, it is a note.
  void printRelease(const std::string& release) const {
    if (release.empty() || !command_.printReport)
      return;
    if (!global_.json)
      printLine(global_.quiet ? release : "release " + release);
    else if (!global_.quiet)
      printNote("release " + release);
  }

  const LinkCommand& command_;
  const GlobalOptions& global_;
};

} // namespace

Result<int> runLink(const LinkCommand& command, const GlobalOptions& global) {
  ROMLINK_ASSIGN(const auto words, expandResponseFiles(command.arguments));
  ROMLINK_ASSIGN(const LinkerArguments arguments, parseLinkerArguments(words));
  if (arguments.help)
    printLine(kHelp);
  if (arguments.version)
    printLine(kVersion);
  if (arguments.nothingElse || (arguments.version && !arguments.hasInputs()))
    return 0;
  if (!arguments.hasInputs())
    return fail(ErrorCode::Usage, "no input files", {}, {}, "give object files after `--`, as for ld");
  return LinkRun(command, global).run(arguments);
}

} // namespace romlink::client
