// An error is one line; its codes keep their names and exit codes (the command line's contract).
#include "base/error.h"

#include <gtest/gtest.h>

namespace romlink {
namespace {

TEST(Error, readsWhatWhereWhy) {
  EXPECT_EQ((Error{ErrorCode::Usage, "cannot read", "a.elf", "no such file", "hint"}).line(),
            "cannot read: a.elf: no such file");
  EXPECT_EQ((Error{ErrorCode::Usage, "cannot read", "", "no such file", ""}).line(),
            "cannot read: no such file");
  EXPECT_EQ((Error{ErrorCode::Usage, "cannot read", "", "", ""}).line(), "cannot read");
}

TEST(Error, staysOnOneLine) {
  EXPECT_EQ((Error{ErrorCode::Usage, "a\nb", "c\x1b[31m", "\x7f", ""}).line(), "a b: c [31m:  ");
}

TEST(Error, codesHaveTheContractsExitCodes) {
  EXPECT_EQ(exitCodeOf(ErrorCode::Refused), 1);
  EXPECT_EQ(exitCodeOf(ErrorCode::Usage), 2);
  EXPECT_EQ(exitCodeOf(ErrorCode::Malformed), 3);
  EXPECT_EQ(exitCodeOf(ErrorCode::Damaged), 3);
  EXPECT_EQ(exitCodeOf(ErrorCode::NotFound), 4);
  EXPECT_EQ(exitCodeOf(ErrorCode::Unavailable), 5);
  EXPECT_EQ(exitCodeOf(ErrorCode::Exhausted), 70);
  EXPECT_EQ(exitCodeOf(ErrorCode::Internal), 70);
}

TEST(Error, namesLeadBackToTheirCodes) {
  for (const ErrorCode code :
       {ErrorCode::Refused, ErrorCode::Usage, ErrorCode::Malformed, ErrorCode::NotFound,
        ErrorCode::Unavailable, ErrorCode::Exhausted, ErrorCode::Damaged, ErrorCode::Internal})
    EXPECT_EQ(errorCodeFromName(nameOf(code)), code) << nameOf(code);
  EXPECT_EQ(errorCodeFromName("NO_SUCH_NAME"), ErrorCode::Internal);
}

Result<int> half(int number) {
  if (number % 2 != 0)
    return fail(ErrorCode::Usage, "odd");
  return number / 2;
}

Result<int> quarter(int number) {
  ROMLINK_TRY(half(number));
  ROMLINK_ASSIGN(const int once, half(number));
  return half(once);
}

TEST(Result, carriesTheFirstErrorOut) {
  EXPECT_EQ(quarter(12).value(), 3);
  EXPECT_EQ(quarter(6).error().what, "odd");
  EXPECT_EQ(quarter(3).error().what, "odd");
}

} // namespace
} // namespace romlink
