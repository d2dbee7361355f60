#include "base/file.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace romlink {
namespace fs = std::filesystem;

Result<std::vector<std::uint8_t>> readFile(const fs::path& file) {
  std::error_code status;
  if (fs::is_directory(file, status))
    return fail(ErrorCode::Malformed, "cannot read", file.string(), "it is a directory");
  const auto failed = [&] {
    return fail(ErrorCode::Malformed, "cannot read", file.string(), std::strerror(errno));
  };
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return failed();
  struct stat facts = {};
  ::fstat(fd, &facts);
  // One byte more than the size, so that the end shows without another round.
  std::vector<std::uint8_t> content(static_cast<std::size_t>(facts.st_size) + 1);
  std::size_t done = 0;
  for (;;) {
    if (done == content.size())
      content.resize(content.size() * 2);
    const ssize_t n = ::read(fd, content.data() + done, content.size() - done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      auto error = failed();
      ::close(fd);
      return error;
    }
    if (n == 0)
      break;
    done += static_cast<std::size_t>(n);
  }
  ::close(fd);
  content.resize(done);
  return content;
}

Result<std::uint64_t> readPieces(const fs::path& file, const std::function<bool(std::string&&)>& take) {
  constexpr std::size_t kPiece = 256 << 10;
  std::ifstream in(file, std::ios::binary);
  std::uint64_t size = 0;
  while (in) {
    std::string piece(kPiece, '\0');
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    piece.resize(static_cast<std::size_t>(in.gcount()));
    if (piece.empty())
      break;
    size += piece.size();
    if (!take(std::move(piece)))
      return size;
  }
  if (!in.eof())
    return fail(ErrorCode::Malformed, "cannot read", file.string(), "no such file, or no permission");
  return size;
}

Result<void> writeFile(const fs::path& file, Bytes content, bool executable) {
  const auto failed = [&](const char* what) {
    return fail(ErrorCode::Malformed, what, file.string(), std::strerror(errno));
  };
  std::string temporary = file.string() + ".XXXXXX";
  const int fd = ::mkstemp(temporary.data());
  if (fd < 0)
    return failed("cannot create");
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t n = ::write(fd, content.data() + done, content.size() - done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      break;
    done += static_cast<std::size_t>(n);
  }
  const mode_t mask = ::umask(0);
  ::umask(mask);
  const bool written = done == content.size() && ::fchmod(fd, (executable ? 0777 : 0666) & ~mask) == 0;
  const bool closed = ::close(fd) == 0;
  if (!written || !closed || ::rename(temporary.c_str(), file.c_str()) != 0) {
    auto error = failed("cannot write");
    ::unlink(temporary.c_str());
    return error;
  }
  return {};
}

Result<TemporaryDirectory> TemporaryDirectory::create(const fs::path& parent, const std::string& prefix) {
  std::error_code status;
  fs::create_directories(parent, status);
  std::string name = (parent / (prefix + "-XXXXXX")).string();
  if (::mkdtemp(name.data()) == nullptr)
    return fail(ErrorCode::Internal, "cannot create a temporary directory", name, std::strerror(errno));
  return TemporaryDirectory(name);
}

TemporaryDirectory::~TemporaryDirectory() {
  if (path_.empty())
    return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

} // namespace romlink
