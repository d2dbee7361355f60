#include "fixture.h"

#include <random>
#include <sqlite3.h>

namespace romlink::store {

RomRecord romRecord(const std::string& name, const std::string& version, const std::string& seed) {
  RomRecord rom;
  rom.imageHash = sha256Of("image of " + seed);
  rom.name = name;
  rom.version = version;
  rom.buildId = sha256Of("build-id of " + seed).hex().substr(0, 40);
  rom.flash = {{0x10000000, 0x8000}, {0x10010000, 0x100}};
  rom.imageSize = 0x10100;
  rom.entry = 0x10000401;
  rom.sharedRam = AddressRange{0x20000000, 0x400};
  rom.volatileRanges = {{0x10000100, 16}, {0x10007ff0, 16}};
  rom.sharedSymbols = {"mbedtls_sha256_update", "memcpy"};
  rom.labels = {{"board", "an521"}, {"stage", "\xc3\xa9t\xc3\xa9"}};
  rom.architecture = "v8-M.main";
  rom.functionCount = 812;
  rom.objectCount = 97;
  rom.notes = {"no DWARF", "a second note"};
  return rom;
}

std::string noise(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string text(size, '\0');
  for (char& c : text)
    c = static_cast<char>(random());
  return text;
}

std::string contentOf(const Archive& archive, const Digest& digest) {
  std::string content;
  ok(archive.read(digest, [&](Bytes piece) -> Result<void> {
    content += asText(piece);
    return {};
  }));
  return content;
}

std::vector<std::string> sql(const std::filesystem::path& database, const std::string& query) {
  sqlite3* db = nullptr;
  std::vector<std::string> rows;
  const auto addRow = [](void* out, int columns, char** values, char**) {
    std::string row;
    for (int i = 0; i < columns; ++i)
      row += (i == 0 ? "" : "|") + std::string(values[i] == nullptr ? "NULL" : values[i]);
    static_cast<std::vector<std::string>*>(out)->push_back(row);
    return 0;
  };
  sqlite3_open(database.c_str(), &db);
  const int code = sqlite3_exec(db, query.c_str(), addRow, &rows, nullptr);
  const std::string message = sqlite3_errmsg(db);
  sqlite3_close(db);
  if (code != SQLITE_OK)
    throw std::runtime_error(message);
  return rows;
}

StoreTest::StoreTest() : folder_(ok(TemporaryDirectory::create(testing::TempDir(), "store"))) {}

ArtifactSource StoreTest::source(const std::string& role, const std::string& content) {
  const std::filesystem::path file = folder_.path() / ("source" + std::to_string(files_++));
  ok(writeFile(file, asBytes(content)));
  return {role, role + ".bin", file};
}

void StoreTest::change(const std::string& statement) const {
  std::string drop;
  std::string restore;
  for (const std::string& name : sql(database(), "SELECT name FROM sqlite_schema WHERE type = 'trigger'"))
    drop += "DROP TRIGGER " + name + ";";
  for (const std::string& trigger : sql(database(), "SELECT sql FROM sqlite_schema WHERE type = 'trigger'"))
    restore += trigger + ";";
  sql(database(), drop + "PRAGMA ignore_check_constraints = ON;" + statement + ";" + restore);
}

RomIndexSource StoreTest::indexSource(std::uint32_t formatVersion, const std::string& content) {
  return {formatVersion, 12, 345, source("index", content).file, {sha256Of(content)}, 2};
}

Advisory StoreTest::advisoryOf(const std::string& id, const RomRecord& rom,
                               const std::vector<std::string>& symbols) {
  Advisory advisory{id, "reads too far", "https://example.org/" + id, {}, {}};
  std::uint32_t address = 0x1000;
  for (const std::string& symbol : symbols)
    advisory.targets.push_back({{rom.imageHash, rom.name, rom.version},
                                symbol,
                                std::exchange(address, address + 32),
                                32,
                                sha256Of(symbol),
                                {}});
  return advisory;
}

ReleaseSource StoreTest::releaseOf(const std::vector<RomRecord>& roms, const std::string& seed) {
  ReleaseSource source;
  Release& release = source.release;
  for (const RomRecord& rom : roms)
    release.roms.push_back({rom.imageHash, rom.name, rom.version});
  release.imageHash = sha256Of("image " + seed);
  release.toolVersion = "1.2.3";
  release.labels = {{"build", seed}, {"product", "valve"}};
  release.inputs = {{"b.o", sha256Of("b")}, {"a.o", sha256Of("a")}};
  release.arguments = {"-Tx.ld", "b.o", "a.o"};
  release.savedBytes = -4;
  source.policy = this->source("policy", "[defaults]\n").file;
  source.report = this->source("report", "{\"seed\": \"" + seed + "\"}").file;
  source.shares = {{0x1040, "twice"}, {0x1000, "f"}, {0x1040, "twice"}, {0x1040, "alias"}};
  return source;
}

} // namespace romlink::store
