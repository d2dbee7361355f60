#include "hooked_vfs.h"

#include <new>
#include <sqlite3.h>

namespace romlink::store {
namespace {

// SQLite allocates szOsFile bytes: this, then the real file.
struct File {
  sqlite3_file base;
  const HookedVfs::State* state;
  std::filesystem::path* name;
};

constexpr int kFileBytes = (sizeof(File) + 15) / 16 * 16;

File& fileOf(sqlite3_file* file) {
  return *reinterpret_cast<File*>(file);
}
sqlite3_file* realOf(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + kFileBytes);
}

int ask(sqlite3_file* file, DiskOperation operation) {
  const File& f = fileOf(file);
  return f.state->hook ? f.state->hook(operation, *f.name) : SQLITE_OK;
}

// Calls the real file's method with the same arguments.
template <auto Method, typename... Args>
auto forward(sqlite3_file* file, Args... args) {
  return (realOf(file)->pMethods->*Method)(realOf(file), args...);
}

int closeFile(sqlite3_file* file) {
  delete fileOf(file).name;
  return forward<&sqlite3_io_methods::xClose>(file);
}
int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  const int code = ask(file, DiskOperation::Write);
  return code != SQLITE_OK ? code : forward<&sqlite3_io_methods::xWrite>(file, data, size, offset);
}
int truncate(sqlite3_file* file, sqlite3_int64 size) {
  const int code = ask(file, DiskOperation::Truncate);
  return code != SQLITE_OK ? code : forward<&sqlite3_io_methods::xTruncate>(file, size);
}
int sync(sqlite3_file* file, int flags) {
  const int code = ask(file, DiskOperation::Sync);
  return code != SQLITE_OK ? code : forward<&sqlite3_io_methods::xSync>(file, flags);
}

const sqlite3_io_methods kMethods = {
    2, // without xFetch: every write passes here, none goes through a mapping
    closeFile,
    [](sqlite3_file* f, void* d, int n, sqlite3_int64 o) {
      return forward<&sqlite3_io_methods::xRead>(f, d, n, o);
    },
    write,
    truncate,
    sync,
    [](sqlite3_file* f, sqlite3_int64* size) { return forward<&sqlite3_io_methods::xFileSize>(f, size); },
    [](sqlite3_file* f, int lock) { return forward<&sqlite3_io_methods::xLock>(f, lock); },
    [](sqlite3_file* f, int lock) { return forward<&sqlite3_io_methods::xUnlock>(f, lock); },
    [](sqlite3_file* f, int* out) { return forward<&sqlite3_io_methods::xCheckReservedLock>(f, out); },
    [](sqlite3_file* f, int op, void* arg) { return forward<&sqlite3_io_methods::xFileControl>(f, op, arg); },
    [](sqlite3_file* f) { return forward<&sqlite3_io_methods::xSectorSize>(f); },
    [](sqlite3_file* f) { return forward<&sqlite3_io_methods::xDeviceCharacteristics>(f); },
    [](sqlite3_file* f, int page, int size, int extend, void volatile** out) {
      return forward<&sqlite3_io_methods::xShmMap>(f, page, size, extend, out);
    },
    [](sqlite3_file* f, int offset, int n, int flags) {
      return forward<&sqlite3_io_methods::xShmLock>(f, offset, n, flags);
    },
    [](sqlite3_file* f) { forward<&sqlite3_io_methods::xShmBarrier>(f); },
    [](sqlite3_file* f, int remove) { return forward<&sqlite3_io_methods::xShmUnmap>(f, remove); },
    nullptr,
    nullptr,
};

int openFile(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* outFlags) {
  const auto* state = static_cast<const HookedVfs::State*>(vfs->pAppData);
  const int code = state->real->xOpen(state->real, name, realOf(file), flags, outFlags);
  fileOf(file).base.pMethods = nullptr;
  if (code == SQLITE_OK) {
    fileOf(file).base.pMethods = &kMethods;
    fileOf(file).state = state;
    fileOf(file).name = new std::filesystem::path(name == nullptr ? "" : name);
  }
  return code;
}

} // namespace

HookedVfs::HookedVfs(Hook hook) : state_(std::make_unique<State>()) {
  state_->hook = std::move(hook);
  state_->real = sqlite3_vfs_find(nullptr);
  vfs_ = std::make_unique<sqlite3_vfs>(*state_->real);
  vfs_->szOsFile += kFileBytes;
  vfs_->zName = "hooked";
  vfs_->pAppData = state_.get();
  vfs_->xOpen = openFile;
  sqlite3_vfs_register(vfs_.get(), 1);
}

HookedVfs::~HookedVfs() {
  sqlite3_vfs_unregister(vfs_.get());
  sqlite3_vfs_register(state_->real, 1);
}

} // namespace romlink::store
