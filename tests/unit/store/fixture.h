// An archive in a temporary folder, ROM records and artifact files to put into it, and raw SQL on its
// database.
#pragma once

#include "base/file.h"
#include "store/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace romlink::store {

/// The value of a Result that must not be an error; the test ends otherwise, saying which error.
template <typename T>
T ok(Result<T> result) {
  if (!result)
    throw std::runtime_error(result.error().line());
  if constexpr (!std::is_void_v<T>)
    return std::move(*result);
}

/// A record as the daemon would make it; `seed` makes it another ROM.
RomRecord romRecord(const std::string& name, const std::string& version, const std::string& seed);

/// `size` bytes that zstd cannot shrink much, the same for the same seed.
std::string noise(std::size_t size, unsigned seed);

std::string contentOf(const Archive& archive, const Digest& digest);

/// Every value of every row that the query gives, columns separated by '|'. Throws SQLite's message.
std::vector<std::string> sql(const std::filesystem::path& database, const std::string& query);

class StoreTest : public testing::Test {
protected:
  StoreTest();

  [[nodiscard]] std::filesystem::path directory() const { return folder_.path() / "archive"; }
  [[nodiscard]] std::filesystem::path database() const { return directory() / "archive.db"; }
  [[nodiscard]] Archive open() const { return ok(Archive::open(directory())); }

  /// Writes `content` to a file of its own.
  ArtifactSource source(const std::string& role, const std::string& content);
  /// An advisory that names these symbols of a published ROM, the first at 0x1000, each 32 bytes long.
  static Advisory advisoryOf(const std::string& id, const RomRecord& rom,
                             const std::vector<std::string>& symbols);
  /// A link against published ROMs; `seed` makes it another.
  ReleaseSource releaseOf(const std::vector<RomRecord>& roms, const std::string& seed);

  /// The same for an index of this format.
  RomIndexSource indexSource(std::uint32_t formatVersion, const std::string& content);
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }

  /// Changes the database behind the triggers' back, and puts them back afterwards.
  void change(const std::string& statement) const;

private:
  TemporaryDirectory folder_;
  int files_ = 0;
};

} // namespace romlink::store
