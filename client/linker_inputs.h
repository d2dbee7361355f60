// Finds the files that a link reads, gives them the names the linker shall see, and digests them.
//
// Libraries are searched here, as lld does, and become positional files; the linker gets no -l and no -L.
// Scripts are read for the files they name; where such a name means something else on the service (a file
// found through -L, an absolute path, -lname), the word in the script is replaced, so the script that is sent
// may differ from the one on disk. Its lines stay where they are.
#pragma once

#include "base/digest.h"
#include "base/error.h"
#include "client/input_names.h"
#include "client/linker_arguments.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace romlink::client {

struct LinkInput {
  std::string path;                   ///< as the linker shall see it
  std::filesystem::path file;         ///< as typed or found
  std::optional<std::string> content; ///< instead of the file's, for a changed script
  Digest digest;
  std::uint64_t size = 0;
};

struct PreparedInputs {
  struct Argument {
    std::string text;
    std::optional<std::size_t> input; ///< index of the file that "{}" in `text` stands for
  };
  std::vector<Argument> arguments;
  std::vector<LinkInput> inputs; ///< each once
  InputNames names;
};

/// Malformed (exit code 3): a file is missing, unreadable or a thin archive.
Result<PreparedInputs> prepareInputs(const LinkerArguments& arguments);

/// A file that is sent as it is, such as the policy. Malformed if it cannot be read.
Result<LinkInput> plainInput(const std::string& file);

} // namespace romlink::client
