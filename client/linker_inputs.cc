#include "client/linker_inputs.h"

#include "base/file.h"
#include "client/linker_script.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>

namespace romlink::client {
namespace fs = std::filesystem;
namespace {

enum class FileKind { Object, ThinArchive, Script };

// A positional file that is neither an object nor an archive is a linker script (GNU ld's manual, "Implicit
// Linker Scripts"); one with NUL bytes cannot be, and is left for the linker to refuse.
FileKind kindOf(const fs::path& file) {
  std::array<char, 512> head{};
  std::ifstream in(file, std::ios::binary);
  in.read(head.data(), head.size());
  const std::string_view text(head.data(), static_cast<std::size_t>(in.gcount()));
  if (text.starts_with("!<thin>\n"))
    return FileKind::ThinArchive;
  const bool isText = !text.empty() && text.find('\0') == std::string_view::npos;
  const bool isKnown =
      text.starts_with("\177ELF") || text.starts_with("!<arch>\n") || text.starts_with("BC\xC0\xDE");
  return isText && !isKnown ? FileKind::Script : FileKind::Object;
}

bool isFile(const std::string& name) {
  std::error_code status;
  return fs::exists(name, status) && !fs::is_directory(name, status);
}

std::string join(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

class Preparer {
public:
  explicit Preparer(const LinkerArguments& arguments)
      : arguments_(arguments), searchDirs_(arguments.searchDirs) {
    for (std::string& folder : searchDirs_)
      folder = withSysroot(folder);
  }

  Result<PreparedInputs> prepare() {
    for (const LinkerItem& item : arguments_.items) {
      ROMLINK_ASSIGN(const auto input, inputOf(item));
      prepared_.arguments.push_back({item.text, input});
    }
    return std::move(prepared_);
  }

private:
  Result<std::optional<std::size_t>> inputOf(const LinkerItem& item) {
    const auto some = [](Result<std::size_t> index) -> Result<std::optional<std::size_t>> {
      if (!index)
        return fail(std::move(index.error()));
      return std::optional<std::size_t>(*index);
    };
    switch (item.kind) {
    case LinkerItem::Kind::Text:
      followFormat(item.text);
      return std::optional<std::size_t>();
    case LinkerItem::Kind::Input:
      return some(addPositional(item.name));
    case LinkerItem::Kind::File:
      return some(addFile(item.name));
    case LinkerItem::Kind::Script:
      return some(addScript(findScript(item.name, {})));
    case LinkerItem::Kind::Library: {
      ROMLINK_ASSIGN(const std::string file, findLibrary(item.name, item.isStatic));
      return some(addPositional(file));
    }
    }
    return fail(ErrorCode::Internal, "unknown kind of linker argument", item.text);
  }

  // After --format=binary the inputs are data, whatever they look like.
  void followFormat(const std::string& text) {
    const bool valueFollows = text == "-b" || text == "--format" || text == "-format";
    if (formatFollows_ || text.starts_with("-b") || text.find("-format=") != std::string::npos)
      binary_ = text.ends_with("binary");
    formatFollows_ = valueFollows;
  }

  Result<std::size_t> addPositional(const std::string& typed) {
    if (binary_)
      return addFile(typed);
    switch (kindOf(typed)) {
    case FileKind::Script:
      return addScript(typed);
    case FileKind::ThinArchive:
      return fail(ErrorCode::Malformed, "cannot send a thin archive", typed,
                  "it holds only the names of its members",
                  "make an ordinary archive: `ar` without T or --thin");
    case FileKind::Object:
      break;
    }
    return addFile(typed);
  }

  // The input of this name, made if it is new; `isNew` says which.
  std::size_t slotFor(const std::string& typed, bool& isNew) {
    const std::string path = linkerName(typed);
    const auto [at, added] = byPath_.try_emplace(path, prepared_.inputs.size());
    isNew = added;
    if (added) {
      LinkInput input;
      input.path = path;
      input.file = typed;
      prepared_.inputs.push_back(std::move(input));
      prepared_.names.add(path, typed);
    }
    return at->second;
  }

  Result<std::size_t> addFile(const std::string& typed) {
    bool isNew = false;
    std::error_code status;
    if (fs::is_directory(typed, status))
      return fail(ErrorCode::Malformed, "cannot read", typed, "it is a directory");
    const std::size_t index = slotFor(typed, isNew);
    if (isNew) {
      ROMLINK_ASSIGN(prepared_.inputs[index].digest, sha256OfFile(typed));
      prepared_.inputs[index].size = fs::file_size(typed, status);
    }
    return index;
  }

  Result<std::size_t> addScript(const std::string& typed) {
    bool isNew = false;
    const std::size_t index = slotFor(typed, isNew);
    if (!isNew) // also ends the recursion of scripts that include each other
      return index;
    ROMLINK_ASSIGN(const auto bytes, readFile(typed));
    ROMLINK_ASSIGN(std::string content, sendableScript(typed, asText(bytes)));
    LinkInput& input = prepared_.inputs[index];
    input.digest = sha256Of(content);
    input.size = content.size();
    if (content != asText(bytes))
      input.content = std::move(content);
    return index;
  }

  // Adds what the script names; returns its text with the names as the linker shall see them.
  Result<std::string> sendableScript(const std::string& typed, std::string_view text) {
    const std::string folder = fs::path(typed).parent_path().string();
    std::vector<ScriptEdit> edits;
    for (const ScriptName& name : scanLinkerScript(text)) {
      if (name.kind == ScriptName::Kind::SearchDir) {
        searchDirs_.push_back(withSysroot(name.name));
        continue;
      }
      auto added = addNamed(name, folder);
      if (!added) {
        if (added.error().code == ErrorCode::Malformed && added.error().hint.empty())
          added.error().hint = "the linker script " + typed + " names it";
        return fail(std::move(added.error()));
      }
      const std::string& path = prepared_.inputs[*added].path;
      if (text.substr(name.offset, name.length) != path)
        edits.push_back({name.offset, name.length, path});
    }
    return editLinkerScript(text, edits);
  }

  Result<std::size_t> addNamed(const ScriptName& name, const std::string& folder) {
    if (name.kind == ScriptName::Kind::Include)
      return addScript(findScript(name.name, folder));
    if (name.kind == ScriptName::Kind::Library) {
      ROMLINK_ASSIGN(const std::string file, findLibrary(name.name, false));
      return addPositional(file);
    }
    const std::string file = withSysroot(name.name);
    if (!file.starts_with('/') && isFile(join(folder, file)))
      return addPositional(join(folder, file));
    return addPositional(findScript(file, {}));
  }

  // Current folder, the naming script's folder, -L folders; the name itself if it is nowhere.
  std::string findScript(const std::string& name, const std::string& folder) const {
    if (name.starts_with('/') || isFile(name))
      return name;
    if (!folder.empty() && isFile(join(folder, name)))
      return join(folder, name);
    for (const std::string& searched : searchDirs_)
      if (isFile(join(searched, name)))
        return join(searched, name);
    return name;
  }

  Result<std::string> findLibrary(const std::string& name, bool isStatic) const {
    std::vector<std::string> candidates;
    if (name.starts_with(':'))
      candidates = {name.substr(1)};
    else if (isStatic)
      candidates = {"lib" + name + ".a"};
    else
      candidates = {"lib" + name + ".so", "lib" + name + ".a"};
    for (const std::string& folder : searchDirs_)
      for (const std::string& candidate : candidates)
        if (isFile(join(folder, candidate)))
          return join(folder, candidate);
    return fail(ErrorCode::Malformed, "cannot find the library", "-l" + name,
                "it is in none of the " + std::to_string(searchDirs_.size()) + " folders given with -L",
                "add -L FOLDER");
  }

  std::string withSysroot(const std::string& name) const {
    constexpr std::string_view kWord = "$SYSROOT";
    if (name.starts_with('='))
      return arguments_.sysroot + name.substr(1);
    if (name.starts_with(kWord))
      return arguments_.sysroot + name.substr(kWord.size());
    return name;
  }

  const LinkerArguments& arguments_;
  std::vector<std::string> searchDirs_;
  std::map<std::string, std::size_t> byPath_;
  bool binary_ = false;
  bool formatFollows_ = false;
  PreparedInputs prepared_;
};

} // namespace

Result<PreparedInputs> prepareInputs(const LinkerArguments& arguments) {
  return Preparer(arguments).prepare();
}

Result<LinkInput> plainInput(const std::string& file) {
  LinkInput input;
  input.path = linkerName(file);
  input.file = file;
  ROMLINK_ASSIGN(const auto content, readFile(file));
  input.digest = sha256Of(Bytes(content));
  input.size = content.size();
  return input;
}

} // namespace romlink::client
