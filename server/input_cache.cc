#include "server/input_cache.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <list>
#include <map>
#include <mutex>
#include <sys/stat.h>
#include <unistd.h>

namespace romlink::server {
namespace fs = std::filesystem;
namespace {

tl::unexpected<Error> diskError(const char* what, const fs::path& file) {
  const ErrorCode code = errno == ENOSPC || errno == EDQUOT ? ErrorCode::Exhausted : ErrorCode::Internal;
  return fail(code, what, file.string(), std::strerror(errno));
}

} // namespace

struct InputCache::State {
  // By which a file is known again. Writing to it sets another time of modification; touch() sets one that no
  // writing gives, since the kernel's clock for that only counts in ticks.
  struct Identity {
    explicit Identity(const struct stat& status = {})
        : inode(status.st_ino), seconds(status.st_mtim.tv_sec), nanoseconds(status.st_mtim.tv_nsec),
          size(static_cast<std::uint64_t>(status.st_size)) {}
    bool operator==(const Identity&) const = default;
    ino_t inode;
    std::time_t seconds;
    long nanoseconds;
    std::uint64_t size;
  };

  struct Entry {
    std::uint64_t size = 0;
    unsigned pins = 0;
    bool checked = false;            // its digest was verified by this process,
    Identity identity;               // when this was the file
    unsigned changes = 0;            // how often it was another one
    std::list<Digest>::iterator use; // position in `byUse`
  };

  fs::path folder;
  std::uint64_t limit = 0;
  std::mutex mutex;
  std::map<Digest, Entry> entries;
  std::list<Digest> byUse; // least recently used first
  std::uint64_t total = 0;

  [[nodiscard]] fs::path fileOf(const Digest& digest) const {
    const std::string hex = digest.hex();
    return folder / hex.substr(0, 2) / hex;
  }

  // REQUIRES of all below: `mutex` is held.
  Entry& add(const Digest& digest, const Identity& identity, bool checked) {
    const auto [at, isNew] = entries.try_emplace(digest);
    Entry& entry = at->second;
    if (isNew)
      entry.use = byUse.insert(byUse.end(), digest);
    total += identity.size - entry.size;
    entry.size = identity.size;
    entry.identity = identity;
    entry.checked = checked;
    ++entry.changes;
    return entry;
  }

  void touch(const Digest& digest, Entry& entry) {
    byUse.splice(byUse.end(), byUse, entry.use);
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    const timespec times[] = {now, now};
    ::utimensat(AT_FDCWD, fileOf(digest).c_str(), times, 0);
    struct stat status{};
    if (::stat(fileOf(digest).c_str(), &status) == 0)
      entry.identity = Identity(status); // some file systems keep less of the time
  }

  void forget(const Digest& digest) {
    const auto at = entries.find(digest);
    total -= at->second.size;
    byUse.erase(at->second.use);
    entries.erase(at);
  }

  // The entry of a file that is on disk, also if another daemon on this archive put it there.
  Entry* find(const Digest& digest) {
    struct stat status{};
    const bool onDisk = ::stat(fileOf(digest).c_str(), &status) == 0 && S_ISREG(status.st_mode);
    const auto at = entries.find(digest);
    if (onDisk && (at == entries.end() || at->second.identity != Identity(status)))
      return &add(digest, Identity(status), false);
    if (at == entries.end())
      return nullptr;
    if (!onDisk && at->second.pins == 0)
      forget(digest);
    return onDisk ? &at->second : nullptr;
  }

  void evict() {
    for (auto next = byUse.begin(); total > limit && next != byUse.end();) {
      const Digest digest = *next++;
      if (entries.at(digest).pins > 0)
        continue;
      std::error_code ignored;
      fs::remove(fileOf(digest), ignored);
      forget(digest);
    }
  }

  void scan();
};

void InputCache::State::scan() {
  struct Found {
    fs::file_time_type used;
    Digest digest;
    State::Identity identity;
  };
  std::vector<Found> found;
  std::error_code status;
  for (const auto& entry : fs::recursive_directory_iterator(folder, status)) {
    if (!entry.is_regular_file(status))
      continue;
    const auto digest = Digest::parse(entry.path().filename().string());
    struct stat file{};
    if (digest && entry.path() == fileOf(*digest) && ::stat(entry.path().c_str(), &file) == 0)
      found.push_back({entry.last_write_time(status), *digest, Identity(file)});
  }
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) { return a.used < b.used; });
  for (const Found& file : found)
    add(file.digest, file.identity, false);
  evict();
}

Result<InputCache> InputCache::open(const fs::path& folder, std::uint64_t limitBytes) {
  std::error_code status;
  fs::create_directories(folder, status);
  if (status)
    return fail(ErrorCode::Internal, "cannot create the input cache", folder.string(), status.message());
  auto state = std::make_shared<State>();
  state->folder = folder;
  state->limit = limitBytes;
  state->scan();
  return InputCache(std::move(state));
}

InputCache::InputCache(std::shared_ptr<State> state) : state_(std::move(state)) {}
InputCache::InputCache(InputCache&&) noexcept = default;
InputCache::~InputCache() = default;

bool InputCache::contains(const Digest& digest) {
  const std::scoped_lock lock(state_->mutex);
  State::Entry* entry = state_->find(digest);
  if (entry != nullptr)
    state_->touch(digest, *entry);
  return entry != nullptr;
}

Result<InputCache::Pin> InputCache::pin(const Digest& digest) {
  const auto notHere = [&] { return fail(ErrorCode::NotFound, "input is not uploaded", digest.text()); };
  bool checked = false;
  unsigned changes = 0;
  {
    const std::scoped_lock lock(state_->mutex);
    State::Entry* entry = state_->find(digest);
    if (entry == nullptr)
      return notHere();
    state_->touch(digest, *entry);
    ++entry->pins;
    checked = entry->checked;
    changes = entry->changes;
  }
  Pin pin(state_, digest, state_->fileOf(digest));
  if (checked)
    return pin;
  // Hashed without the lock: other jobs go on meanwhile.
  const auto actual = sha256OfFile(pin.file());
  const std::scoped_lock lock(state_->mutex);
  if (actual && *actual == digest) {
    State::Entry* entry = state_->find(digest);
    if (entry == nullptr)
      return notHere();
    entry->checked = entry->checked || entry->changes == changes; // not if it changed while it was hashed
    return pin;
  }
  std::error_code ignored;
  fs::remove(pin.file(), ignored); // the entry goes when the file is looked for again
  return notHere();
}

InputCache::Pin::Pin(std::shared_ptr<State> cache, const Digest& digest, fs::path file)
    : cache_(std::move(cache)), digest_(digest), file_(std::move(file)) {}

InputCache::Pin::~Pin() {
  if (!cache_)
    return;
  const std::scoped_lock lock(cache_->mutex);
  if (const auto at = cache_->entries.find(digest_); at != cache_->entries.end() && at->second.pins > 0)
    --at->second.pins;
}

Result<InputCache::Writer> InputCache::write(const Digest& digest) {
  const fs::path file = state_->fileOf(digest);
  std::error_code status;
  fs::create_directories(file.parent_path(), status);
  std::string temporary = file.string() + ".XXXXXX";
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0)
    return diskError("cannot store an input", temporary);
  return Writer(state_, digest, temporary, fd);
}

InputCache::Writer::Writer(std::shared_ptr<State> cache, const Digest& digest, fs::path temporary, int fd)
    : cache_(std::move(cache)), digest_(digest), temporary_(std::move(temporary)), fd_(fd) {}

InputCache::Writer::Writer(Writer&& other) noexcept
    : cache_(std::move(other.cache_)), digest_(other.digest_), temporary_(std::move(other.temporary_)),
      fd_(std::exchange(other.fd_, -1)), hash_(std::move(other.hash_)) {}

InputCache::Writer::~Writer() {
  if (fd_ < 0)
    return;
  ::close(fd_);
  ::unlink(temporary_.c_str());
}

Result<void> InputCache::Writer::write(Bytes bytes) {
  hash_.update(bytes);
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return diskError("cannot store an input", temporary_);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> InputCache::Writer::commit() {
  const Digest actual = hash_.finish();
  if (actual != digest_)
    return fail(ErrorCode::Malformed, "an uploaded file does not have its digest", digest_.text(),
                "the content that arrived has " + actual.text());
  const std::scoped_lock lock(cache_->mutex);
  const fs::path file = cache_->fileOf(digest_);
  if (::fchmod(fd_, 0444) != 0 || ::rename(temporary_.c_str(), file.c_str()) != 0)
    return diskError("cannot store an input", file);
  struct stat status{};
  ::fstat(fd_, &status);
  ::close(std::exchange(fd_, -1));
  State::Entry& entry = cache_->add(digest_, State::Identity(status), true);
  ++entry.pins; // a file larger than the limit stays at least until its first job
  cache_->evict();
  --entry.pins;
  return {};
}

std::uint64_t InputCache::bytes() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->total;
}

} // namespace romlink::server
