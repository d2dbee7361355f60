// One byte of the database file is another one: whatever that does to what is stored, verify() finds it.
//
// What is stored is what SQL sees: the schema and the rows of all tables, and each chunk as what it
// decompresses to. A flip that leaves all of that as it was (in unused space, in an index that SQLite does
// not read for it) may go unnoticed.
//
//   ROMLINK_FLIPS=20000 ROMLINK_FLIP_SEED=7 build/tests/store_unit_test --gtest_filter='Flip.*'
#include "fixture.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sqlite3.h>

namespace romlink::store {
namespace {
namespace fs = std::filesystem;

using testing::AnyOf;
using testing::Contains;
using testing::HasSubstr;

unsigned numberFrom(const char* variable, unsigned otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : static_cast<unsigned>(std::stoul(text));
}

class Flip : public StoreTest {
protected:
  Flip() {
    Archive archive = open();
    for (const char* version : {"1", "2", "3"}) {
      RomRecord rom = romRecord("bl2", version, version);
      rom.entry = 0x90000401; // numbers that take all of their 32 bits
      rom.volatileRanges.push_back({0xf0000000, 0x0ff00000});
      RomIndexSource index = indexSource(1, "index " + std::string(version));
      index.bodies = {sha256Of(std::string("f")), sha256Of("g" + std::string(version))};
      ok(archive.publish(rom, {source("elf", content(version)), source("map", "")}, index));
      ok(archive.recordAdvisory(advisoryOf("CVE-" + std::string(version), rom, {"f", "g"})));
      ok(archive.archiveRelease(releaseOf({rom}, version)));
      ok(archive.withdraw("bl2@" + std::string(version), {Links::Warn, "superseded", {}}));
    }
  }

  static std::string content(const std::string& version) {
    return noise(9'000, static_cast<unsigned>(version.front()));
  }

  // Schema and rows; nothing if SQLite cannot read them.
  [[nodiscard]] std::optional<std::vector<std::string>> dump() const try {
    std::vector<std::string> all = sql(database(), "SELECT type, name, tbl_name, sql FROM sqlite_schema");
    for (const std::string& table : sql(database(), "SELECT name FROM sqlite_schema WHERE type = 'table'")) {
      std::string columns = "'" + table + "'";
      for (const std::string& column : sql(database(), "SELECT name FROM pragma_table_info('" + table + "')"))
        if (column != "compressed")
          columns.append(" || '|' || quote(").append(column).append(")");
      const auto rows = sql(database(), "SELECT " + columns + " FROM " + table + " NOT INDEXED");
      all.insert(all.end(), rows.begin(), rows.end());
    }
    std::sort(all.begin(), all.end());
    return all;
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }

  // Rows of one that the other does not have.
  static std::string difference(const std::vector<std::string>& one, const std::vector<std::string>& other) {
    std::vector<std::string> rows;
    std::set_difference(one.begin(), one.end(), other.begin(), other.end(), std::back_inserter(rows));
    return testing::PrintToString(rows);
  }

  // The contents that cannot be read as they were: what their digest or their artifact is called.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> lostContents(const Archive& archive) const {
    std::vector<std::pair<std::string, std::string>> lost;
    for (const char* version : {"1", "2", "3"}) {
      std::string read;
      const auto done = archive.read(sha256Of(content(version)), [&](Bytes piece) -> Result<void> {
        read += asText(piece);
        return {};
      });
      if (!done || read != content(version))
        lost.emplace_back(sha256Of(content(version)).hex(), "bl2@" + std::string(version) + " artifact elf");
    }
    return lost;
  }

  void check(const std::vector<std::string>& before) {
    const auto after = dump();
    const auto archive = Archive::open(directory());
    if (!archive) { // found by opening
      EXPECT_THAT(archive.error().line(), HasSubstr("archive.db"));
      ++touched;
      return;
    }
    const auto problems = archive->verify({});
    ASSERT_TRUE(problems) << problems.error().line();
    const auto lost = lostContents(*archive);
    if (after != before || !lost.empty()) {
      ++touched;
      EXPECT_FALSE(problems->empty())
          << "verify did not find it"
          << (after ? "\n-" + difference(before, *after) + "\n+" + difference(*after, before) : "");
    }
    if (!after)
      return; // where rows are hidden, SQLite's own check speaks
    for (const auto& [digest, artifact] : lost)
      EXPECT_THAT(*problems, Contains(AnyOf(HasSubstr(digest), HasSubstr(artifact)))) << "it is not named";
  }

  unsigned touched = 0;
};

TEST_F(Flip, isFoundWhereverItTouchesWhatIsStored) {
  const std::vector<std::uint8_t> good = ok(readFile(database()));
  std::vector<std::size_t> used;
  for (std::size_t at = 0; at < good.size(); ++at)
    if (good[at] != 0)
      used.push_back(at);
  const auto before = dump().value_or(std::vector<std::string>());
  ASSERT_FALSE(before.empty());
  const unsigned flips = numberFrom("ROMLINK_FLIPS", 400);
  std::mt19937 random(numberFrom("ROMLINK_FLIP_SEED", 1));
  for (unsigned i = 0; i < flips; ++i) {
    // Most where something is; one bit, or any.
    const std::size_t at = i % 4 == 0 ? random() % good.size() : used[random() % used.size()];
    const auto change = static_cast<std::uint8_t>(i % 2 == 0 ? 1U << random() % 8 : 1 + random() % 255);
    SCOPED_TRACE("byte " + std::to_string(at) + " xor " + std::to_string(change));
    std::vector<std::uint8_t> bad = good;
    bad[at] ^= change;
    for (const char* suffix : {"", "-wal", "-shm"})
      fs::remove(database().string() + suffix);
    std::ofstream(database(), std::ios::binary)
        .write(reinterpret_cast<const char*>(bad.data()), static_cast<std::streamsize>(bad.size()));
    check(before);
  }
  EXPECT_GT(touched, flips / 4);
  RecordProperty("touched", static_cast<int>(touched));
  std::printf("%u of %u flips touched what is stored\n", touched, flips);
}

} // namespace
} // namespace romlink::store
