// A file system for SQLite that asks the test before every write, truncation and sync. The test can make the
// operation fail, end the process there, keep a copy of what was synced so far, or look at the archive from
// another thread.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

struct sqlite3_vfs;

namespace romlink::store {

enum class DiskOperation { Write, Truncate, Sync };

/// SQLite's default file system while it lives. One at a time; databases opened through it must be closed
/// before.
class HookedVfs {
public:
  /// Returns SQLITE_OK to go on, or the error that the operation shall have.
  using Hook = std::function<int(DiskOperation, const std::filesystem::path& file)>;

  explicit HookedVfs(Hook hook);
  ~HookedVfs();
  HookedVfs(const HookedVfs&) = delete;
  HookedVfs& operator=(const HookedVfs&) = delete;

  void setHook(Hook hook) { state_->hook = std::move(hook); }

  struct State {
    Hook hook;
    sqlite3_vfs* real = nullptr;
  };

private:
  std::unique_ptr<State> state_;
  std::unique_ptr<sqlite3_vfs> vfs_;
};

} // namespace romlink::store
