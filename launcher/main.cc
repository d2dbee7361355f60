// romlink-cc: runs a compiler, and adds to each C object that it makes the fingerprints of what it was made
// from.
//
//   romlink-cc arm-none-eabi-gcc -c main.c -o main.o
//   cmake -DCMAKE_C_COMPILER_LAUNCHER=romlink-cc ...
//
// The compiler runs unchanged, and first. If the command was a successful compilation of C to objects, the
// same compiler tells its options and preprocesses the source once more, unit.h makes fingerprints of that
// text, and records.h puts them into the object. Everything else (links, -E, -S, assembler, C++) just runs.
// Nothing here makes a build fail: where no fingerprints can be made the object stays as the compiler made
// it, and one line says why
// (`romlink-cc: warning: WHAT: WHERE: WHY`; $ROMLINK_CC_QUIET=1 leaves it out).
//
// With ccache: `romlink-cc ccache GCC -c ...` takes objects from the cache and makes the fingerprints each
// time; CCACHE_PREFIX=romlink-cc, in a cache of its own, caches objects with theirs. Files of dependencies
// (-MD) are those of the compiler's own run.
//
// Exit codes: the compiler's; 2 without a command, 126 or 127 if it cannot be run.

#include "base/file.h"
#include "launcher/command.h"
#include "launcher/options.h"
#include "launcher/process.h"
#include "launcher/records.h"
#include "launcher/unit.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <fmt/format.h>
#include <iostream>
#include <set>
#include <sys/stat.h>
#include <utility>

namespace romlink::launcher {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUsage =
    "usage: romlink-cc COMPILER ARGUMENTS\n"
    "\n"
    "Runs the compiler, and records in each C object the fingerprints of its source\n"
    "(evidence SAME_SOURCE of romlink). ROMLINK_CC_QUIET=1: no warnings.\n"
    "\n"
    "example: romlink-cc arm-none-eabi-gcc -O2 -c main.c -o main.o\n"
    "         cmake -DCMAKE_C_COMPILER_LAUNCHER=romlink-cc ..\n";

/// The kernel's time as it writes it into files.
timespec fileTime() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return now;
}

/// Was a file that the text is made of changed, or another put in its place, after the compiler began? Then
/// the compiler may have read another.
bool isChangedSince(const std::vector<std::string>& files, timespec start) {
  return std::any_of(files.begin(), files.end(), [&](const std::string& file) {
    struct stat status{};
    if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
      return false; // "<built-in>" is no file; with -g gcc names its working directory, too
    const timespec& changed = status.st_ctim; // cp -p sets the time of the content, not this one
    return std::pair(changed.tv_sec, changed.tv_nsec) > std::pair(start.tv_sec, start.tv_nsec);
  });
}

tl::unexpected<Error> refused(std::string why) {
  return fail(ErrorCode::Refused, "it is not known what is compiled", "", std::move(why));
}

/// Adds the options that a file of specs or a script around gcc adds: those with which it would run cc1.
Result<void> addHiddenOptions(const std::vector<std::string>& words,
                              std::vector<std::vector<std::string>>& options) {
  std::vector<std::string> ask = words;
  ask.insert(ask.end(), {"-###", "-c", "-x", "c", "/dev/null", "-o", "/dev/null"});
  ROMLINK_ASSIGN(const auto told, outputOf(ask));
  std::set<std::string> known;
  for (const auto& option : options)
    known.insert(option.begin(), option.end());
  const std::vector<std::string> run = compilersWordsIn(told.messages);
  if (run.empty())
    return refused("gcc does not say what it runs (-###)");
  const auto mayCount = [](const std::string& word) {
    return word.starts_with("-f") || word.starts_with("-m") || word.starts_with("--param") ||
           word == "-Ofast";
  };
  for (std::size_t i = 0; i < run.size(); ++i) {
    const std::string word =
        run[i] + ((run[i] == "-U" || run[i] == "-D") && i + 1 < run.size() ? run[i + 1] : "");
    if ((word.starts_with("-U") || word.starts_with("-D")) && tellsMeaning(word.substr(2)))
      return refused(fmt::format("a file of specs or a script adds {}", word));
    if (mayCount(word) && !known.contains(word) && (word == "-Ofast" || !isWithoutMeaning(word)))
      options.push_back({"(hidden)", word});
  }
  return {};
}

/// A script before or in place of clang may add options, and so may files that clang reads by itself.
Result<void> refuseHiddenOptions(const std::vector<std::string>& compiler, const std::string& messages) {
  if (messages.find("Configuration file:") != std::string::npos ||
      std::getenv("CCC_OVERRIDE_OPTIONS") != nullptr)
    return refused("clang takes options from a configuration file or CCC_OVERRIDE_OPTIONS");
  for (const std::string& word : compiler)
    if (isScript(word))
      return refused(fmt::format("{} is a script, which may add options for clang", word));
  return {};
}

/// What the compiler by itself predefines tells the meaning of its options: -U changes only the text.
Result<Meaning> meaningOfCommand(const CompileCommand& command) {
  if (const std::string option = refusedOption(command.options); !option.empty())
    return refused(fmt::format("{} has no fingerprints", option));
  std::vector<std::string> words = command.compiler;
  for (const auto& option : command.options)
    if (!changesMacros(option.front()))
      words.insert(words.end(), option.begin(), option.end());
  std::vector<std::string> ask = words;
  ask.insert(ask.end(), {"-v", "-E", "-dM", "-x", "c", "/dev/null"});
  ROMLINK_ASSIGN(const auto macros, outputOf(ask));
  auto options = command.options;
  if (meaningOf(options, macros.text).isClang)
    ROMLINK_TRY(refuseHiddenOptions(command.compiler, macros.messages));
  else
    ROMLINK_TRY(addHiddenOptions(words, options));
  return meaningOf(options, macros.text);
}

Result<void> addTo(const CompileCommand& command, const CompileCommand::Input& input, timespec start) {
  std::vector<std::string> words = command.compiler;
  for (const auto& option : command.options)
    words.insert(words.end(), option.begin(), option.end());
  ROMLINK_ASSIGN(const Meaning meaning, meaningOfCommand(command));
  std::string text;
  if (input.preprocessed) {
    ROMLINK_ASSIGN(const auto content, readFile(input.file));
    text = asText(content);
  } else {
    std::vector<std::string> ask = words;
    ask.insert(ask.end(), {"-w", "-fpch-preprocess", "-E", "-x", "c", input.file});
    ROMLINK_ASSIGN(auto output, outputOf(ask));
    text = std::move(output.text);
  }
  ROMLINK_ASSIGN(auto unit, readUnit(text, meaning));
  unit.included.push_back(input.file);
  if (isChangedSince(unit.included, start))
    return fail(ErrorCode::Refused, "the source changed during the compilation");
  ROMLINK_ASSIGN(const auto object, readFile(input.object));
  ROMLINK_ASSIGN(const auto extended, withFingerprints(object, unit));
  std::error_code unchanged;
  const auto file = fs::canonical(input.object, unchanged); // a link stays one
  const auto mode = fs::status(file, unchanged).permissions();
  ROMLINK_TRY(writeFile(file, extended));
  fs::permissions(file, mode, unchanged);
  return {};
}

/// Is it the object of a Cortex-M, so that romlink will ever read it?
bool isArmObject(const std::string& file) {
  constexpr std::size_t kMachine = 18;
  constexpr std::uint8_t kArm = 40;
  std::error_code none;
  if (!fs::is_regular_file(file, none))
    return false;
  const auto content = readFile(file);
  return content && content->size() > kMachine + 1 && (*content)[4] == 1 && (*content)[kMachine] == kArm &&
         (*content)[kMachine + 1] == 0;
}

void warn(const Error& error, const std::string& file) {
  const char* quiet = std::getenv("ROMLINK_CC_QUIET");
  if (quiet != nullptr && *quiet != '\0' && std::string_view(quiet) != "0")
    return;
  Error told = error;
  told.where = file;
  if (!error.where.empty() && error.where != file)
    told.why = error.where + (error.why.empty() ? "" : ": " + error.why);
  std::cerr << "romlink-cc: warning: no fingerprints: " << told.line() << '\n';
}

void tryToAdd(const CompileCommand& command, const CompileCommand::Input& input, timespec start) {
  try {
    if (const auto done = addTo(command, input, start); !done)
      warn(done.error(), input.file);
  } catch (
      const std::exception& error) { // the border to the standard library: no memory, no working directory
    warn({ErrorCode::Internal, error.what(), {}, {}, {}}, input.file);
  }
}

int run(const std::vector<std::string>& words) {
  if (words.empty() || words.front() == "--help" || words.front() == "-h") {
    (words.empty() ? std::cerr : std::cout) << kUsage;
    return words.empty() ? 2 : 0;
  }
  if (words.front() == "--version") {
    std::cout << "romlink-cc " ROMLINK_VERSION "\n";
    return 0;
  }
  const auto command = compileCommandOf(words);
  if (!command)
    return become(words);
  const auto start = fileTime();
  const int code = runForUser(words);
  if (code != 0)
    return code;
  for (const CompileCommand::Input& input : command->inputs)
    if (isArmObject(input.object))
      tryToAdd(*command, input, start);
  return code;
}

} // namespace
} // namespace romlink::launcher

int main(int argc, char** argv) {
  return romlink::launcher::run({argv + 1, argv + argc});
}
