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
                       indexSource(1, "index")));
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
  EXPECT_EQ(tables.size(), 9U);
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
        "INSERT INTO address_range VALUES (1, 'flash', 99, 0, 1)",
        "INSERT INTO chunk VALUES (1, 99, 1, x'00')"})
    EXPECT_THAT(refusalOf(statement), HasSubstr("permanent")) << statement;
}

TEST_F(Permanence, rowsWithoutTheirSealAreRefused) {
  for (const char* statement :
       {"INSERT INTO label VALUES (77, 'new', 'x')", "INSERT INTO chunk VALUES (77, 0, 1, x'00')",
        "INSERT INTO artifact VALUES (77, 'new', 'x', 1)",
        "INSERT INTO rom_index VALUES (77, 1, 0, 0, 1, zeroblob(32))",
        "INSERT INTO rom_index VALUES (1, 7, 0, 0, 99, zeroblob(32))"})
    EXPECT_THAT(refusalOf(statement), HasSubstr("FOREIGN KEY")) << statement;
}

TEST_F(Permanence, replacingByAnotherKeyIsRefused) {
  EXPECT_THAT(
      refusalOf("INSERT OR REPLACE INTO rom SELECT 9, image_hash, 'x', 'y', build_id, image_size, entry,"
                " architecture, function_count, object_count, published_at, record_digest FROM rom"),
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
