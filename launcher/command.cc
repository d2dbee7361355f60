#include "launcher/command.h"

#include <algorithm>
#include <array>
#include <clang/Driver/Options.h>
#include <filesystem>
#include <fstream>
#include <llvm/Option/ArgList.h>
#include <llvm/Option/OptTable.h>
#include <llvm/Support/Allocator.h>
#include <llvm/Support/CommandLine.h>
#include <llvm/Support/Program.h>
#include <llvm/Support/StringSaver.h>
#include <llvm/Support/VirtualFileSystem.h>
#include <set>
#include <string_view>

namespace romlink::launcher {
namespace {

namespace options = clang::driver::options;

constexpr std::array<std::string_view, 8> kLaunchers = {"ccache",   "sccache", "distcc",     "icecc",
                                                        "icecream", "env",     "romlink-cc", "buildcache"};

std::string nameOf(const std::string& program) {
  return std::filesystem::path(program).filename().string();
}

/// "arm-none-eabi-gcc-12.2.1", "clang-19", "cc"; not "g++".
bool isCompiler(const std::string& program) {
  std::string name = nameOf(program);
  if (std::find(kLaunchers.begin(), kLaunchers.end(), name) != kLaunchers.end())
    return false;
  name.erase(std::min(name.find_last_not_of("0123456789.-") + 1, name.size()));
  return name.ends_with("gcc") || name.ends_with("clang") || name.ends_with("cc");
}

/// Options of gcc with a word of their own, unknown to clang. All of them name dumps.
bool takesUnknownWord(std::string_view option) {
  return option == "-dumpbase" || option == "-dumpbase-ext" || option == "-dumpdir" ||
         option == "-aux-info" || option == "-wrapper";
}

/// It says what to make, or writes another file than the object: a second run must not.
bool isOutput(unsigned id, std::string_view spelling) {
  switch (id) {
  case options::OPT_c:
  case options::OPT_o:
  case options::OPT_MD:
  case options::OPT_MMD:
  case options::OPT_MP:
  case options::OPT_MF:
  case options::OPT_MT:
  case options::OPT_MQ:
  case options::OPT_MG:
  case options::OPT_MJ:
  case options::OPT_MV:
  case options::OPT_save_temps:
  case options::OPT_save_temps_EQ:
  case options::OPT_save_stats:
  case options::OPT_save_stats_EQ:
  case options::OPT_ftime_trace:
  case options::OPT_ftime_trace_EQ:
  case options::OPT__serialize_diags:
  case options::OPT_v:
  case options::OPT_x:
  case options::OPT_P: // these change only how -E writes the text
  case options::OPT_C:
  case options::OPT_CC:
    return true;
  default:
    return spelling.starts_with("-fdump-") || spelling.starts_with("-fcallgraph-info") ||
           spelling.starts_with("-fdirectives-only") || spelling.starts_with("-d");
  }
}

/// "-Wp,-MMD,x.d,-DFOO" without what writes a file: "-Wp,-DFOO"; empty if nothing is left.
std::string withoutDependencies(std::string_view option) {
  constexpr std::string_view kWithFile[] = {"-MD", "-MMD", "-MF", "-MT", "-MQ"};
  std::string kept;
  option.remove_prefix(std::string_view("-Wp,").size());
  bool skip = false;
  while (!option.empty()) {
    const std::string_view part = option.substr(0, option.find(','));
    option.remove_prefix(std::min(part.size() + 1, option.size()));
    if (!skip && !part.starts_with("-M"))
      kept += "," + std::string(part);
    skip = !skip && std::find(std::begin(kWithFile), std::end(kWithFile), part) != std::end(kWithFile);
  }
  return kept.empty() ? kept : "-Wp" + kept;
}

/// With one of these the command makes something else than objects.
bool isOtherAction(unsigned id) {
  switch (id) {
  case options::OPT_E:
  case options::OPT_S:
  case options::OPT_M:
  case options::OPT_MM:
  case options::OPT_fsyntax_only:
  case options::OPT__HASH_HASH_HASH:
  case options::OPT_emit_llvm:
  case options::OPT_emit_ast:
  case options::OPT__analyze:
  case options::OPT_help:
  case options::OPT__version:
    return true;
  default:
    return false;
  }
}

/// The words with @file expanded, recursively; a file that does not exist stays a word.
std::vector<std::string> expanded(const std::vector<std::string>& words) {
  llvm::BumpPtrAllocator allocator;
  llvm::SmallVector<const char*, 64> arguments;
  for (const std::string& word : words)
    arguments.push_back(word.c_str());
  llvm::cl::ExpansionContext context(allocator, llvm::cl::TokenizeGNUCommandLine);
  if (llvm::Error error = context.expandResponseFiles(arguments)) {
    llvm::consumeError(std::move(error));
    return words;
  }
  std::vector<std::string> result;
  for (const char* argument : arguments)
    if (argument != nullptr)
      result.emplace_back(argument);
  return result;
}

/// Collects what the options say, in their order.
class Reader {
public:
  /// False: not to be understood.
  bool take(const llvm::opt::Arg& argument, const std::vector<std::string>& words, std::size_t begin,
            std::size_t end) {
    const unsigned id = argument.getOption().getID();
    if (id == options::OPT_INPUT)
      return takeInput(argument.getValue());
    compiles_ |= id == options::OPT_c;
    if (isOtherAction(id))
      return false;
    if (id == options::OPT_o)
      output_ = argument.getValue();
    if (id == options::OPT_x)
      language_ = argument.getValue();
    if (isOutput(id, words[begin]))
      return true;
    std::vector<std::string> option(words.begin() + static_cast<std::ptrdiff_t>(begin),
                                    words.begin() + static_cast<std::ptrdiff_t>(end));
    if (option.front().starts_with("-Wp,"))
      option.front() = withoutDependencies(option.front());
    if (!option.front().empty())
      command.options.push_back(std::move(option));
    return true;
  }

  bool finish() {
    if (!compiles_ || command.inputs.empty() || (!output_.empty() && command.inputs.size() > 1))
      return false;
    for (CompileCommand::Input& input : command.inputs)
      input.object = !output_.empty() ? output_ : std::filesystem::path(input.file).stem().string() + ".o";
    std::set<std::string> objects; // x/a.c and y/a.c both make a.o
    return std::all_of(command.inputs.begin(), command.inputs.end(), [&](const CompileCommand::Input& input) {
      return objects.insert(input.object).second;
    });
  }

  CompileCommand command;

private:
  bool takeInput(const std::string& file) {
    const std::string extension = std::filesystem::path(file).extension().string();
    const bool plain = language_.empty() || language_ == "none";
    const bool source = plain ? extension == ".c" : language_ == "c";
    const bool preprocessed = plain ? extension == ".i" : language_ == "cpp-output";
    if (!source && !preprocessed)
      return false;
    command.inputs.push_back({file, {}, preprocessed});
    return true;
  }

  std::string output_;
  std::string language_;
  bool compiles_ = false;
};

} // namespace

std::optional<CompileCommand> compileCommandOf(const std::vector<std::string>& words) {
  const auto compiler = std::find_if(words.begin(), words.end(), isCompiler);
  if (compiler == words.end())
    return std::nullopt;
  Reader reader;
  reader.command.compiler.assign(words.begin(), compiler + 1);
  std::vector<std::string> arguments;
  std::vector<const char*> pointers;
  const auto all = expanded({compiler + 1, words.end()});
  for (std::size_t i = 0; i < all.size(); ++i)
    if (takesUnknownWord(all[i]))
      ++i;
    else
      arguments.push_back(all[i]);
  pointers.reserve(arguments.size());
  for (const std::string& argument : arguments)
    pointers.push_back(argument.c_str());
  unsigned missing = 0;
  unsigned missingCount = 0;
  const auto parsed = clang::driver::getDriverOptTable().ParseArgs(
      pointers, missing, missingCount, llvm::opt::Visibility(options::ClangOption));
  if (missingCount != 0)
    return std::nullopt;
  std::vector<const llvm::opt::Arg*> list(parsed.begin(), parsed.end());
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::size_t end = i + 1 < list.size() ? list[i + 1]->getIndex() : arguments.size();
    if (!reader.take(*list[i], arguments, list[i]->getIndex(), end))
      return std::nullopt;
  }
  return reader.finish() ? std::optional(std::move(reader.command)) : std::nullopt;
}

std::vector<std::string> compilersWordsIn(const std::string& messages) {
  llvm::SmallVector<llvm::StringRef> lines;
  llvm::StringRef(messages).split(lines, '\n');
  for (const llvm::StringRef line : lines) {
    llvm::BumpPtrAllocator allocator;
    llvm::StringSaver saver(allocator);
    llvm::SmallVector<const char*, 64> words;
    llvm::cl::TokenizeGNUCommandLine(line, saver, words);
    if (!words.empty() && nameOf(words.front()) == "cc1")
      return {words.begin() + 1, words.end()};
  }
  return {};
}

bool isScript(const std::string& program) {
  const auto path = program.find('/') == std::string::npos ? llvm::sys::findProgramByName(program)
                                                           : llvm::ErrorOr<std::string>(program);
  std::ifstream file(path ? *path : program, std::ios::binary);
  char begin[2] = {};
  return file.read(begin, sizeof begin) && begin[0] == '#' && begin[1] == '!';
}

} // namespace romlink::launcher
