#include "client/output_file.h"

#include "client/interrupts.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <set>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace romlink::client {
namespace fs = std::filesystem;
namespace {

tl::unexpected<Error> cannotWrite(const fs::path& file) {
  return fail(ErrorCode::Malformed, "cannot write", file.string(), std::strerror(errno));
}

/// The file's name is on disk.
Result<void> syncFolder(const fs::path& file) {
  const int fd = ::open(fs::absolute(file).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0)
    ::close(fd);
  errno = error;
  return synced ? Result<void>() : Result<void>(cannotWrite(file));
}

/// An SQLite database that is in WAL mode, as archives are. Backups and bundles, which may be replaced, are
/// not (https://www.sqlite.org/fileformat.html, "File format version numbers").
bool isLiveDatabase(const fs::path& file) {
  constexpr std::string_view kMagic{"SQLite format 3\0", 16};
  constexpr char kWal = 2;
  std::array<char, 20> header{};
  std::ifstream in(file, std::ios::binary);
  return in.read(header.data(), header.size()) && std::string_view(header.data(), kMagic.size()) == kMagic &&
         header[18] == kWal && header[19] == kWal;
}

Result<void> checkIsNoArchive(const fs::path& target) {
  constexpr const char* kDatabase = "archive.db";
  const std::string name = target.filename().string();
  const std::array<std::string_view, 5> names = {kDatabase, "archive.db-wal", "archive.db-shm",
                                                 "archive.db-journal", "signing-key.pem"};
  if (std::find(names.begin(), names.end(), name) == names.end() ||
      !isLiveDatabase(target.parent_path() / kDatabase))
    return {};
  return fail(ErrorCode::Usage, "cannot write", target.string(), "it is a file of an archive",
              "give a name outside of the archive's folder");
}

} // namespace

OutputFile::OutputFile(fs::path file, std::string temporary, int fd)
    : file_(std::move(file)), temporary_(std::move(temporary)), fd_(fd) {}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : file_(std::move(other.file_)), temporary_(std::exchange(other.temporary_, {})),
      fd_(std::exchange(other.fd_, -1)), durable_(other.durable_) {}

OutputFile::~OutputFile() {
  if (fd_ < 0)
    return;
  ::close(fd_);
  if (!temporary_.empty()) {
    ::unlink(temporary_.c_str());
    keepOnInterrupt(temporary_);
  }
}

Result<OutputFile> OutputFile::create(const fs::path& file) {
  std::error_code status;
  fs::path target = file;
  if (const fs::path real = fs::canonical(file, status); !status)
    target = real; // a symbolic link stays one
  ROMLINK_TRY(checkIsNoArchive(fs::absolute(target, status)));
  if (fs::exists(target, status) && !fs::is_regular_file(target, status)) {
    const int fd = ::open(target.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0)
      return cannotWrite(file);
    return OutputFile(target, {}, fd);
  }
  std::string temporary = (target.parent_path() / ".romlink.XXXXXX").string();
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0)
    return cannotWrite(file);
  removeOnInterrupt(temporary);
  return OutputFile(target, temporary, fd);
}

Result<void> OutputFile::write(Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return cannotWrite(file_);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> OutputFile::sync() {
  if (!temporary_.empty() && ::fsync(fd_) != 0)
    return cannotWrite(file_);
  durable_ = !temporary_.empty();
  return {};
}

Result<void> OutputFile::commit(bool executable) {
  if (!temporary_.empty()) {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    if (::fchmod(fd_, (executable ? 0777 : 0666) & ~mask) != 0 ||
        ::rename(temporary_.c_str(), file_.c_str()) != 0)
      return cannotWrite(file_);
    keepOnInterrupt(temporary_);
    temporary_.clear();
    if (durable_)
      ROMLINK_TRY(syncFolder(file_));
  }
  if (::close(std::exchange(fd_, -1)) != 0)
    return cannotWrite(file_);
  return {};
}

Result<void> checkOutputs(const std::vector<fs::path>& outputs, const std::vector<fs::path>& inputs) {
  const auto placeOf = [](const fs::path& file) {
    std::error_code status;
    fs::path place = fs::weakly_canonical(fs::absolute(file, status), status);
    return fs::exists(place, status) && !fs::is_regular_file(place, status) ? fs::path() : place;
  };
  std::set<fs::path> read;
  for (const fs::path& input : inputs)
    read.insert(placeOf(input));
  std::set<fs::path> written;
  for (const fs::path& output : outputs) {
    const fs::path place = output.empty() ? output : placeOf(output);
    if (place.empty())
      continue;
    if (read.contains(place))
      return fail(ErrorCode::Usage, "the output is also an input", output.string(), {},
                  "give it another name");
    if (!written.insert(place).second)
      return fail(ErrorCode::Usage, "two outputs are one file", output.string(), {},
                  "give each a name of its own");
  }
  return {};
}

Result<OutputFile> prepareOutput(const fs::path& file, std::string_view content) {
  ROMLINK_ASSIGN(OutputFile output, OutputFile::create(file));
  ROMLINK_TRY(output.write(asBytes(content)));
  return output;
}

} // namespace romlink::client
