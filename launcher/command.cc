#include "launcher/command.h"

#include <algorithm>
#include <array>
#include <clang/Driver/Options.h>
#include <filesystem>
#include <llvm/Option/ArgList.h>
#include <llvm/Option/OptTable.h>
#include <llvm/Support/Allocator.h>
#include <llvm/Support/CommandLine.h>
#include <llvm/Support/StringSaver.h>
#include <llvm/Support/VirtualFileSystem.h>
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
    return true;
  default:
    return spelling.starts_with("-Wp,-M") || spelling.starts_with("-fdump-") ||
           spelling.starts_with("-fcallgraph-info");
  }
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
    if (!isOutput(id, words[begin]))
      command.options.insert(command.options.end(), words.begin() + static_cast<std::ptrdiff_t>(begin),
                             words.begin() + static_cast<std::ptrdiff_t>(end));
    return true;
  }

  bool finish() {
    if (!compiles_ || command.inputs.empty() || (!output_.empty() && command.inputs.size() > 1))
      return false;
    for (CompileCommand::Input& input : command.inputs)
      input.object = !output_.empty() ? output_ : std::filesystem::path(input.file).stem().string() + ".o";
    return true;
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

} // namespace romlink::launcher
