// romlink-cc: runs a compiler, and adds to each C object that it makes the fingerprints of what it was made
// from.
//
//   romlink-cc arm-none-eabi-gcc -c main.c -o main.o
//   cmake -DCMAKE_C_COMPILER_LAUNCHER=romlink-cc ...
//
// The compiler runs unchanged, and first. If the command was a successful compilation of C to objects, the
// same compiler preprocesses the source once more, unit.h makes fingerprints of that text, and records.h puts
// them into the object. Everything else (links, -E, -S, assembler, C++) just runs. Nothing here makes a build
// fail: where no fingerprints can be made the object stays as the compiler made it, and one line says why
// (`romlink-cc: warning: WHAT: WHERE: WHY`; $ROMLINK_CC_QUIET=1 leaves it out).
//
// With ccache: `romlink-cc ccache GCC -c ...` takes objects from the cache and makes the fingerprints each
// time; CCACHE_PREFIX=romlink-cc caches objects with theirs. Files of dependencies (-MD) are those of the
// compiler's own run.
//
// Exit codes: the compiler's; 2 without a command, 126 or 127 if it cannot be run.

#include "base/file.h"
#include "launcher/command.h"
#include "launcher/process.h"
#include "launcher/records.h"
#include "launcher/unit.h"

#include <chrono>
#include <cstdlib>
#include <iostream>

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

/// Was a file that the text is made of changed after the compiler began? Then the compiler may have read
/// another.
bool isChangedSince(const std::vector<std::string>& files, fs::file_time_type start) {
  for (const std::string& file : files) {
    std::error_code missing; // "<built-in>" is no file; with -g gcc names its working directory, too
    if (!fs::is_regular_file(file, missing))
      continue;
    const auto time = fs::last_write_time(file, missing);
    if (!missing && time > start)
      return true;
  }
  return false;
}

Result<void> addTo(const CompileCommand& command, const CompileCommand::Input& input,
                   fs::file_time_type start) {
  std::vector<std::string> words = command.compiler;
  words.insert(words.end(), command.options.begin(), command.options.end());
  std::vector<std::string> ask = words;
  ask.insert(ask.end(), {"-E", "-dM", "-x", "c", "/dev/null"});
  ROMLINK_ASSIGN(const auto macros, outputOf(ask));
  std::string text;
  if (input.preprocessed) {
    ROMLINK_ASSIGN(const auto content, readFile(input.file));
    text = asText(content);
  } else {
    ask = words;
    ask.insert(ask.end(), {"-w", "-E", "-x", "c", input.file});
    ROMLINK_ASSIGN(text, outputOf(ask));
  }
  ROMLINK_ASSIGN(auto unit, readUnit(text, meaningOf(command.options, macros)));
  unit.included.push_back(input.file);
  if (isChangedSince(unit.included, start))
    return fail(ErrorCode::Refused, "the source changed during the compilation");
  ROMLINK_ASSIGN(const auto object, readFile(input.object));
  ROMLINK_ASSIGN(const auto extended, withFingerprints(object, unit));
  const auto mode = fs::status(input.object).permissions();
  ROMLINK_TRY(writeFile(input.object, extended));
  std::error_code unchanged;
  fs::permissions(input.object, mode, unchanged);
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

void tryToAdd(const CompileCommand& command, const CompileCommand::Input& input, fs::file_time_type start) {
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
  const auto start = fs::file_time_type::clock::now();
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
