#include "server/source_tar.h"

#include "base/file.h"
#include "server/source_path.h"

#include <algorithm>
#include <archive.h>
#include <archive_entry.h>
#include <limits>
#include <memory>
#include <vector>

namespace romlink::server {
namespace {

constexpr std::size_t kBlock = 64 << 10;
constexpr const char* kWhat = "cannot read the sources";
constexpr std::uint64_t kCheckedBytes = std::uint64_t{1} << 30;

struct CloseArchive {
  void operator()(archive* open) const { ::archive_read_free(open); }
};

// A pass over the tarball, which ends when `enough` bytes are unpacked.
class Tarball {
public:
  Tarball(const std::filesystem::path& file, const SourceLimits& limits,
          std::uint64_t enough = std::numeric_limits<std::int64_t>::max())
      : limits_(limits), enough_(enough), archive_(::archive_read_new()) {
    ::archive_read_support_format_tar(archive_.get());
    // Not all that libarchive has: some run other programs.
    ::archive_read_support_filter_gzip(archive_.get());
    ::archive_read_support_filter_bzip2(archive_.get());
    ::archive_read_support_filter_xz(archive_.get());
    ::archive_read_support_filter_lzma(archive_.get());
    ::archive_read_support_filter_zstd(archive_.get());
    ::archive_read_support_filter_compress(archive_.get());
    opened_ = ::archive_read_open_filename(archive_.get(), file.c_str(), kBlock) == ARCHIVE_OK;
  }

  // The next member; nullptr at the end.
  Result<archive_entry*> next() {
    if (!opened_)
      return broken();
    ROMLINK_TRY(skip());
    if (unpacked() >= enough_)
      return nullptr;
    archive_entry* entry = nullptr;
    const int status = ::archive_read_next_header(archive_.get(), &entry);
    if (status == ARCHIVE_EOF)
      return nullptr;
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
      return broken();
    if (++members_ > limits_.members)
      return fail(ErrorCode::Exhausted, kWhat, {},
                  "it has more than " + std::to_string(limits_.members) + " members");
    // What a member says of its size is believed before anything of it is unpacked.
    const auto size = static_cast<std::uint64_t>(std::max<la_int64_t>(::archive_entry_size(entry), 0));
    if (size > limits_.totalBytes || unpacked() > limits_.totalBytes - size)
      return tooLarge();
    return entry;
  }

  // The content of the member that next() gave.
  Result<std::vector<std::uint8_t>> content() {
    std::vector<std::uint8_t> content;
    std::vector<std::uint8_t> block(kBlock);
    for (;;) {
      const la_ssize_t n = ::archive_read_data(archive_.get(), block.data(), block.size());
      if (n == 0)
        return content;
      if (n < 0)
        return broken();
      if (content.size() + static_cast<std::size_t>(n) > limits_.fileBytes)
        return fail(ErrorCode::Exhausted, kWhat, {},
                    "the file has more than " + std::to_string(limits_.fileBytes >> 20) + " MiB");
      content.insert(content.end(), block.begin(), block.begin() + n);
    }
  }

private:
  [[nodiscard]] std::uint64_t unpacked() const {
    return static_cast<std::uint64_t>(::archive_filter_bytes(archive_.get(), 0));
  }

  // What is left of the member that next() gave. libarchive skips without end what a member says that it has.
  Result<void> skip() {
    const void* block = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    while (members_ > 0 && unpacked() < enough_) {
      const int status = ::archive_read_data_block(archive_.get(), &block, &size, &offset);
      if (status == ARCHIVE_EOF)
        break;
      if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
        return broken();
      if (unpacked() > limits_.totalBytes)
        return tooLarge();
    }
    return {};
  }

  [[nodiscard]] tl::unexpected<Error> tooLarge() const {
    return fail(ErrorCode::Exhausted, kWhat, {},
                "it unpacks to more than " + std::to_string(limits_.totalBytes >> 20) + " MiB");
  }

  [[nodiscard]] tl::unexpected<Error> broken() const {
    const char* why = ::archive_error_string(archive_.get());
    return fail(ErrorCode::Malformed, kWhat, {}, why != nullptr ? why : "not a tar archive");
  }

  const SourceLimits& limits_;
  const std::uint64_t enough_;
  std::unique_ptr<archive, CloseArchive> archive_;
  bool opened_ = false;
  std::uint64_t members_ = 0;
};

bool isFile(archive_entry* entry) {
  return ::archive_entry_filetype(entry) == AE_IFREG && ::archive_entry_hardlink(entry) == nullptr;
}

std::string nameOf(archive_entry* entry) {
  // The names of a pax header are UTF-8 whatever the locale is; others are bytes.
  const char* name = ::archive_entry_pathname_utf8(entry);
  if (name == nullptr)
    name = ::archive_entry_pathname(entry);
  return name != nullptr ? name : std::string();
}

} // namespace

Result<std::string> extractSource(const std::filesystem::path& tarball, const std::string& path,
                                  const std::filesystem::path& out, const SourceLimits& limits) {
  std::vector<std::string> names;
  std::vector<bool> isFileAt;
  Tarball listing(tarball, limits);
  for (;;) {
    ROMLINK_ASSIGN(archive_entry* const entry, listing.next());
    if (entry == nullptr)
      break;
    names.push_back(nameOf(entry));
    isFileAt.push_back(isFile(entry));
  }
  ROMLINK_ASSIGN(const std::size_t found, correspondingMember(path, names));
  if (!isFileAt[found])
    return fail(ErrorCode::NotFound, "no such source", path, "it is a link or no file in the sources");
  Tarball reading(tarball, limits);
  for (std::size_t place = 0; place <= found; ++place) {
    ROMLINK_ASSIGN(archive_entry* const entry, reading.next());
    if (entry == nullptr)
      return fail(ErrorCode::Malformed, kWhat, {}, "it changed while it was read");
  }
  ROMLINK_ASSIGN(const auto content, reading.content());
  ROMLINK_TRY(writeFile(out, content));
  return names[found];
}

Result<void> checkSources(const std::filesystem::path& tarball, const SourceLimits& limits) {
  Tarball reading(tarball, limits, kCheckedBytes);
  bool hasFiles = false;
  for (;;) {
    ROMLINK_ASSIGN(archive_entry* const entry, reading.next());
    if (entry == nullptr)
      break;
    hasFiles = hasFiles || isFile(entry);
  }
  return hasFiles ? Result<void>() : fail(ErrorCode::Malformed, kWhat, {}, "it has no files");
}

} // namespace romlink::server
