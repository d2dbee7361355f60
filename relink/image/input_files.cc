#include "relink/image/input_files.h"

#include <algorithm>
#include <llvm/Object/Archive.h>
#include <llvm/Support/MemoryBuffer.h>

namespace romlink::relink {
namespace fs = std::filesystem;
namespace {

enum class Format { Elf, Archive, Other };

Format formatOf(Bytes content) {
  const std::string_view text = asText(content.first(std::min<std::size_t>(content.size(), 8)));
  if (text.starts_with("\x7f"
                       "ELF"))
    return Format::Elf;
  return text == "!<arch>\n" || text == "!<thin>\n" ? Format::Archive : Format::Other;
}

struct Member {
  std::string name;
  std::size_t offset = 0;
  Bytes content;
};

Result<std::vector<Member>> membersOf(Bytes content, const std::string& where) {
  const auto malformed = [&](llvm::Error error) {
    return fail(ErrorCode::Malformed, "cannot read the archive", where, llvm::toString(std::move(error)),
                "the archive is damaged; build it again");
  };
  if (asText(content.first(8)) == "!<thin>\n")
    return fail(ErrorCode::Malformed, "cannot read the archive", where, "it is a thin archive",
                "make a regular archive: ar without 'T'");
  const llvm::MemoryBufferRef buffer({reinterpret_cast<const char*>(content.data()), content.size()}, where);
  auto archive = llvm::object::Archive::create(buffer);
  if (!archive)
    return malformed(archive.takeError());
  std::vector<Member> members;
  llvm::Error error = llvm::Error::success();
  for (const auto& child : (*archive)->children(error)) {
    auto name = child.getName();
    auto data = child.getBuffer();
    if (!name || !data) {
      llvm::Error both = llvm::joinErrors(name ? llvm::Error::success() : name.takeError(),
                                          data ? llvm::Error::success() : data.takeError());
      return malformed(llvm::joinErrors(std::move(error), std::move(both)));
    }
    const auto* begin = reinterpret_cast<const std::uint8_t*>(data->data());
    members.push_back({name->str(), static_cast<std::size_t>(begin - content.data()), {begin, data->size()}});
  }
  if (error)
    return malformed(std::move(error));
  return members;
}

/// "./a/../b.o" and "b.o" are one file; lld prints names as they were typed.
std::string normalized(const std::string& path) {
  return fs::path(path).lexically_normal().string();
}

/// Regular files below `folder`, by relative path, sorted.
std::vector<std::string> filesBelow(const fs::path& folder) {
  std::vector<std::string> files;
  std::error_code status;
  for (fs::recursive_directory_iterator it(folder, status), end; !status && it != end; it.increment(status))
    if (it->is_regular_file(status))
      files.push_back(fs::relative(it->path(), folder, status).string());
  std::sort(files.begin(), files.end());
  return files;
}

} // namespace

InputFiles::InputFiles(fs::path folder) : folder_(std::move(folder)) {}

InputFiles::~InputFiles() = default;

Result<void> InputFiles::check() {
  for (const std::string& path : filesBelow(folder_)) {
    ROMLINK_ASSIGN(const File* file, load(path));
    if (formatOf(file->content) == Format::Elf)
      ROMLINK_TRY(ElfImage::checkHeader(file->content, path));
    for (const auto& [name, places] : file->members)
      for (const auto& [offset, size] : places)
        if (const Bytes member = file->content.subspan(offset, size); formatOf(member) == Format::Elf)
          ROMLINK_TRY(ElfImage::checkHeader(member, path + "(" + name + ")"));
  }
  return {};
}

Result<const InputFiles::File*> InputFiles::load(const std::string& typed) {
  const std::string path = normalized(typed);
  if (const auto known = files_.find(path); known != files_.end())
    return known->second.get();
  std::error_code status;
  if (!fs::is_regular_file(folder_ / path, status))
    return static_cast<const File*>(nullptr);
  auto buffer = llvm::MemoryBuffer::getFile((folder_ / path).string(), false, false);
  if (!buffer)
    return fail(ErrorCode::Malformed, "cannot read", path, buffer.getError().message());
  auto file = std::make_unique<File>();
  file->mapped = std::move(*buffer);
  file->content = asBytes({file->mapped->getBufferStart(), file->mapped->getBufferSize()});
  if (formatOf(file->content) == Format::Archive) {
    ROMLINK_ASSIGN(const auto members, membersOf(file->content, path));
    for (const Member& member : members)
      file->members[member.name].emplace_back(member.offset, member.content.size());
  }
  return files_.emplace(path, std::move(file)).first->second.get();
}

Result<std::vector<std::shared_ptr<const ObjectFile>>> InputFiles::objectsNamed(const std::string& name) {
  if (const auto known = objects_.find(name); known != objects_.end())
    return known->second;
  std::vector<std::shared_ptr<const ObjectFile>> objects;
  const auto add = [&](const File& file, const std::string& path, std::size_t offset,
                       std::size_t size) -> Result<void> {
    const Bytes content = file.content.subspan(offset, size);
    if (formatOf(content) != Format::Elf)
      return {};
    ROMLINK_ASSIGN(auto elf, ElfImage::read(content, name));
    objects.push_back(
        std::make_shared<ObjectFile>(ObjectFile{name, normalized(path), offset, std::move(elf)}));
    return {};
  };
  ROMLINK_ASSIGN(const File* file, load(name));
  if (file != nullptr) {
    ROMLINK_TRY(add(*file, name, 0, file->content.size()));
  } else if (const auto paren = name.rfind('('); paren != std::string::npos && name.ends_with(')')) {
    const std::string path = name.substr(0, paren);
    const std::string member = name.substr(paren + 1, name.size() - paren - 2);
    ROMLINK_ASSIGN(const File* archive, load(path));
    if (archive != nullptr)
      if (const auto found = archive->members.find(member); found != archive->members.end())
        for (const auto& [offset, size] : found->second)
          ROMLINK_TRY(add(*archive, path, offset, size));
  }
  return objects_.emplace(name, std::move(objects)).first->second;
}

Result<std::vector<std::string>> InputFiles::scripts() {
  std::vector<std::string> texts;
  for (const std::string& path : filesBelow(folder_)) {
    ROMLINK_ASSIGN(const File* file, load(path));
    if (formatOf(file->content) == Format::Other)
      texts.emplace_back(asText(file->content));
  }
  return texts;
}

} // namespace romlink::relink
