// SQLite's result codes as romlink's errors.
#include "store/sqlite_error.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <stdexcept>

namespace romlink::store {
namespace {

ErrorCode codeOf(int sqliteCode) {
  return errorFrom(sqliteCode, "", "", "").code;
}

TEST(SqliteError, codesKeepTheirMeaning) {
  EXPECT_EQ(codeOf(SQLITE_FULL), ErrorCode::Exhausted);
  EXPECT_EQ(codeOf(SQLITE_NOMEM), ErrorCode::Exhausted);
  EXPECT_EQ(codeOf(SQLITE_IOERR_NOMEM), ErrorCode::Exhausted);
  EXPECT_EQ(codeOf(SQLITE_BUSY_SNAPSHOT), ErrorCode::Unavailable);
  EXPECT_EQ(codeOf(SQLITE_NOTADB), ErrorCode::Malformed);
  EXPECT_EQ(codeOf(SQLITE_CORRUPT_INDEX), ErrorCode::Damaged);
  EXPECT_EQ(codeOf(SQLITE_READONLY_DIRECTORY), ErrorCode::Internal);
  EXPECT_EQ(codeOf(SQLITE_IOERR_WRITE), ErrorCode::Internal);
  EXPECT_EQ(codeOf(SQLITE_CONSTRAINT_TRIGGER), ErrorCode::Internal);
}

TEST(SqliteError, whatAUserCanRemedyHasAHint) {
  for (const int code : {SQLITE_FULL, SQLITE_BUSY, SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_NOTADB,
                         SQLITE_CORRUPT, SQLITE_IOERR})
    EXPECT_FALSE(errorFrom(code, "", "", "").hint.empty()) << code;
}

TEST(SqliteError, noExceptionLeavesGuarded) {
  const auto thrown = [](auto exception) {
    return guarded("doing", "here", [&]() -> Result<int> { throw exception; }).error();
  };
  EXPECT_EQ(thrown(SQLite::Exception("full", SQLITE_FULL)).line(), "doing: here: the disk is full");
  EXPECT_EQ(thrown(std::bad_alloc()).code, ErrorCode::Exhausted);
  EXPECT_EQ(thrown(std::runtime_error("odd")).line(), "doing: here: odd");
  EXPECT_EQ(guarded("", "", []() -> Result<int> { return 7; }).value(), 7);
}

} // namespace
} // namespace romlink::store
