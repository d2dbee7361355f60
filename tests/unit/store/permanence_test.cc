// What is published stays: the database itself refuses to change it, whoever asks.
#include "fixture.h"

namespace romlink::store {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class Permanence : public StoreTest {
protected:
  Permanence() {
    Archive archive = open();
    ok(archive.publish(romRecord("bl2", "1", "a"), {source("elf", noise(300'000, 1)), source("map", "x")},
                       indexSource(1, "index"), Sketch{1, {{4, 5}}, {6}}));
    ok(archive.recordAdvisory(advisoryOf("CVE-1", romRecord("bl2", "1", "a"), {"f"})));
    ok(archive.archiveRelease(releaseOf({romRecord("bl2", "1", "a")}, "1")));
    ok(archive.withdraw("bl2@1", {Links::Warn, "superseded", {}}));
  }

  std::string refusalOf(const std::string& statement) {
    try {
      sql(database(), "PRAGMA foreign_keys = ON; " + statement);
    } catch (const std::runtime_error& e) {
      return e.what();
    }
    return "it was done";
  }
};

TEST_F(Permanence, everyTableRefusesUpdateAndDelete) {
  const auto tables = sql(database(), "SELECT name FROM sqlite_schema WHERE type = 'table'");
  EXPECT_EQ(tables.size(), 26U);
  for (const std::string& table : tables) {
    const auto rows = sql(database(), "SELECT * FROM " + table);
    ASSERT_FALSE(rows.empty()) << table;
    for (const std::string& column : sql(database(), "SELECT name FROM pragma_table_info('" + table + "')"))
      EXPECT_THAT(refusalOf("UPDATE " + table + " SET " + column + " = " + column), HasSubstr("permanent"))
          << table;
    EXPECT_THAT(refusalOf("DELETE FROM " + table), HasSubstr("permanent")) << table;
    EXPECT_THAT(refusalOf("INSERT OR REPLACE INTO " + table + " SELECT * FROM " + table),
                HasSubstr("permanent"))
        << table;
    EXPECT_EQ(sql(database(), "SELECT * FROM " + table), rows) << table;
  }
  EXPECT_THAT(ok(open().verify({})), IsEmpty());
}

TEST_F(Permanence, nothingIsAddedToAPublishedSet) {
  for (const char* statement :
       {"INSERT INTO label VALUES (1, 'new', 'x')", "INSERT INTO note VALUES (1, 99, 'x')",
        "INSERT INTO shared_symbol VALUES (1, 'new')", "INSERT INTO artifact VALUES (1, 'new', 'x', 1)",
        "INSERT INTO address_range VALUES (1, 'flash', 99, 0, 1)", "INSERT INTO body VALUES (7, 1, 1)",
        "INSERT INTO release_rom VALUES (1, 9, 1)", "INSERT INTO release_label VALUES (1, 'new', 'x')",
        "INSERT INTO release_input VALUES (1, 'new', zeroblob(32))",
        "INSERT INTO release_argument VALUES (1, 99, 'x')", "INSERT INTO release_share VALUES (1, 99, 'x')",
        "INSERT INTO chunk VALUES (1, 99, 1, x'00')",
        "INSERT INTO withdrawal VALUES (1, 7, 'allow', 'x', '', zeroblob(32))",
        "INSERT INTO log_entry VALUES (99, 'rom', zeroblob(32))",
        "INSERT INTO signed_head SELECT 1, root, key_id, signature FROM signed_head LIMIT 1",
        "INSERT INTO archive_identity VALUES (2, zeroblob(16))"})
    EXPECT_THAT(refusalOf(statement), HasSubstr("permanent")) << statement;
}

TEST_F(Permanence, rowsWithoutTheirSealAreRefused) {
  for (const char* statement :
       {"INSERT INTO label VALUES (77, 'new', 'x')", "INSERT INTO chunk VALUES (77, 0, 1, x'00')",
        "INSERT INTO artifact VALUES (77, 'new', 'x', 1)",
        "INSERT INTO rom_index VALUES (77, 1, 0, 0, 1, zeroblob(32))", "INSERT INTO body VALUES (7, 1, 77)",
        "INSERT INTO release_label VALUES (77, 'new', 'x')",
        "INSERT INTO advisory_target VALUES (77, 0, 1, 'f', 0, 1, x'', '', zeroblob(32))",
        "INSERT INTO rom_index VALUES (1, 7, 0, 0, 99, zeroblob(32))"})
    EXPECT_THAT(refusalOf(statement), HasSubstr("FOREIGN KEY")) << statement;
}

TEST_F(Permanence, replacingByAnotherKeyIsRefused) {
  EXPECT_THAT(
      refusalOf("INSERT OR REPLACE INTO rom SELECT 9, image_hash, 'x', 'y', build_id, image_size, entry,"
                " architecture, function_count, object_count, published_at, record_digest FROM rom"),
      HasSubstr("permanent"));
  EXPECT_THAT(refusalOf("INSERT OR REPLACE INTO advisory SELECT 9, name, summary, url, recorded_at,"
                        " record_digest FROM advisory"),
              HasSubstr("permanent"));
  EXPECT_THAT(
      refusalOf("INSERT OR REPLACE INTO advisory_target SELECT advisory_id, 9, rom_id, symbol, address,"
                " size, body_digest, recorded_at, record_digest FROM advisory_target"),
      HasSubstr("permanent"));
  EXPECT_THAT(
      refusalOf("INSERT OR REPLACE INTO release SELECT 9, release_hash, linked_at, image_hash,"
                " tool_version, policy_blob_id, report_blob_id, saved_bytes, record_digest FROM release"),
      HasSubstr("permanent"));
  EXPECT_THAT(refusalOf("INSERT OR REPLACE INTO signing_key SELECT id + 1, public_key FROM signing_key"),
              HasSubstr("permanent"));
  EXPECT_THAT(refusalOf("INSERT OR REPLACE INTO blob SELECT 9, digest, size FROM blob LIMIT 1"),
              HasSubstr("permanent"));
}

TEST_F(Permanence, verifyNamesAnAbsentTrigger) {
  sql(database(), "DROP TRIGGER label_no_delete");
  EXPECT_THAT(ok(open().verify({})), testing::ElementsAre(HasSubstr("trigger label_no_delete")));
}

} // namespace
} // namespace romlink::store
