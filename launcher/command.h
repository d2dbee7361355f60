// Reads the command line of gcc or clang: is it a compilation of C to object files, of what and to where?
//
// The options' grammar is that of clang's driver, which knows those of gcc, too; the few options of gcc that
// take a word of their own and that clang does not know are added. What is not understood is no compilation
// of C: such a command runs as it is, without fingerprints.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace romlink::launcher {

struct CompileCommand {
  struct Input {
    std::string file;
    std::string object;
    bool preprocessed = false; ///< a .i file
  };
  std::vector<std::string> compiler; ///< the compiler and launchers before it ("ccache")
  /// Each with its words, without -c, inputs, and whatever writes a file or changes how -E writes.
  std::vector<std::vector<std::string>> options;
  std::vector<Input> inputs;
};

/// Nullopt: the command does not compile C to objects (a link, -E, -S, assembler, C++, two of one
/// object ...). `words` begin
/// with the compiler or a launcher; files (@file) are expanded as gcc does.
[[nodiscard]] std::optional<CompileCommand> compileCommandOf(const std::vector<std::string>& words);

/// The words with which gcc would run cc1, of what it prints with -###; empty: it does not say.
[[nodiscard]] std::vector<std::string> compilersWordsIn(const std::string& messages);

/// Does the program, looked up as the shell does, begin with "#!"?
[[nodiscard]] bool isScript(const std::string& program);

} // namespace romlink::launcher
