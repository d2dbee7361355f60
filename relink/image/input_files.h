// The objects and archives of a link, by the names lld gives them: "main.o", "libx.a(y.o)".
//
// An archive is read once; its members are parsed when a link has pulled them. Formats: ar(5), ELF.
#pragma once

#include "relink/image/elf_image.h"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace llvm {
class MemoryBuffer;
}

namespace romlink::relink {

struct ObjectFile {
  std::string name;           ///< as lld prints it
  std::string file;           ///< path relative to the inputs' folder
  std::size_t fileOffset = 0; ///< of the object in that file (an archive member's place)
  ElfImage elf;
};

class InputFiles {
public:
  explicit InputFiles(std::filesystem::path folder);
  ~InputFiles();

  /// Checks every file below the folder: ELF files and archive members must be 32-bit little-endian Arm and
  /// whole. Malformed names the file. Other files are taken for linker scripts.
  Result<void> check();

  /// The objects that lld calls `name`: several if an archive has several members of one name; none if the
  /// name is no file of ours (lld's synthetic sections, an LTO object).
  Result<std::vector<std::shared_ptr<const ObjectFile>>> objectsNamed(const std::string& name);

  /// The text of every file that is neither ELF nor an archive: linker scripts.
  Result<std::vector<std::string>> scripts();

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

private:
  struct File {
    std::unique_ptr<llvm::MemoryBuffer> mapped;
    Bytes content; ///< of `mapped`
    std::map<std::string, std::vector<std::pair<std::size_t, std::size_t>>>
        members; ///< offset and size by name
  };
  /// Nullptr if there is no such file.
  Result<const File*> load(const std::string& typed);

  std::filesystem::path folder_;
  std::map<std::string, std::unique_ptr<File>> files_;
  std::map<std::string, std::vector<std::shared_ptr<const ObjectFile>>> objects_;
};

} // namespace romlink::relink
