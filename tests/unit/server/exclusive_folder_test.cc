// Folders of one daemon each below a common one.
#include "server/exclusive_folder.h"

#include "base/file.h"

#include <gtest/gtest.h>

namespace romlink::server {
namespace {

namespace fs = std::filesystem;

TEST(ExclusiveFolder, RemovesWhatEndedDaemonsLeftAndNothingElse) {
  const auto parent = TemporaryDirectory::create(fs::temp_directory_path(), "exclusive");
  ASSERT_TRUE(parent);
  fs::create_directories(parent->path() / "killed" / "job-1");
  ASSERT_TRUE(writeFile(parent->path() / "killed.lock", {}));
  const auto first = ExclusiveFolder::create(parent->path());
  ASSERT_TRUE(first);
  EXPECT_FALSE(fs::exists(parent->path() / "killed"));
  const auto second = ExclusiveFolder::create(parent->path());
  ASSERT_TRUE(second);
  EXPECT_TRUE(fs::exists(first->path()));
  EXPECT_NE(first->path(), second->path());
}

TEST(ExclusiveFolder, GoesWithItsOwner) {
  const auto parent = TemporaryDirectory::create(fs::temp_directory_path(), "exclusive");
  ASSERT_TRUE(parent);
  {
    ASSERT_TRUE(ExclusiveFolder::create(parent->path()));
  }
  EXPECT_TRUE(fs::is_empty(parent->path()));
}

} // namespace
} // namespace romlink::server
