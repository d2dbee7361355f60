// Conditional requests and ranges (RFC 9110 sections 13 and 14).
#include "server/http_conditions.h"

#include <gtest/gtest.h>
#include <tuple>
#include <utility>
#include <vector>

namespace romlink::server {
namespace {

const Validators kValidators{"\"abc\"", 784111777}; // Sun, 06 Nov 1994 08:49:37 GMT

using Served = std::tuple<ServedRange::Kind, std::uint64_t, std::uint64_t>;

Served served(const std::string& range, std::uint64_t size, const std::string& ifRange = "") {
  ConditionalFields fields;
  fields.range = range;
  fields.ifRange = ifRange;
  const ServedRange found = servedRange(fields, kValidators, size);
  return {found.kind, found.first, found.size};
}

const Served kWhole{ServedRange::Whole, 0, 100};
const Served kUnsatisfiable{ServedRange::Unsatisfiable, 0, 0};
Served part(std::uint64_t first, std::uint64_t size) {
  return {ServedRange::Part, first, size};
}

TEST(HttpRange, servesOnePart) {
  EXPECT_EQ(served("bytes=0-0", 100), part(0, 1));
  EXPECT_EQ(served("bytes=0-99", 100), part(0, 100));
  EXPECT_EQ(served("bytes=10-", 100), part(10, 90));
  EXPECT_EQ(served("bytes=99-1000", 100), part(99, 1));
  EXPECT_EQ(served("bytes=-1", 100), part(99, 1));
  EXPECT_EQ(served("bytes=-1000", 100), part(0, 100));
  EXPECT_EQ(served("BYTES= 5-6 ", 100), part(5, 2));
  EXPECT_EQ(served("bytes=1-99999999999999999999999", 100), part(1, 99));
}

TEST(HttpRange, refusesWhatIsOutside) {
  EXPECT_EQ(served("bytes=100-", 100), kUnsatisfiable);
  EXPECT_EQ(served("bytes=99999999999999999999999-", 100), kUnsatisfiable);
  EXPECT_EQ(served("bytes=-0", 100), kUnsatisfiable);
  EXPECT_EQ(served("bytes=0-", 0), kUnsatisfiable);
}

TEST(HttpRange, ignoresWhatItDoesNotServe) {
  for (const char* range :
       {"", "bytes", "bytes=", "bytes=-", "bytes=5", "bytes=6-5", "bytes=a-b", "bytes=0x1-5", "bytes=1-2x",
        "bytes=--1", "bytes=0-1,5-6", "lines=0-1", "bytes =0-1", "bytes=+1-5"})
    EXPECT_EQ(served(range, 100), kWhole) << range;
  EXPECT_EQ(served("bytes=-5", 0), Served(ServedRange::Whole, 0, 0));
}

TEST(HttpRange, ifRangeAsksForTheSameContent) {
  EXPECT_EQ(served("bytes=0-0", 100, "\"abc\""), part(0, 1));
  EXPECT_EQ(served("bytes=0-0", 100, "Sun, 06 Nov 1994 08:49:37 GMT"), part(0, 1));
  for (const char* other :
       {"\"abd\"", "W/\"abc\"", "Sun, 06 Nov 1994 08:49:38 GMT", "Sun, 06 Nov 1994 08:49:36 GMT", "abc"})
    EXPECT_EQ(served("bytes=0-0", 100, other), kWhole) << other;
}

using Field = std::pair<std::string ConditionalFields::*, std::string>;

Precondition outcome(const std::vector<Field>& set) {
  ConditionalFields fields;
  for (const auto& [field, value] : set)
    fields.*field = value;
  return evaluate(fields, kValidators);
}

const auto kIfMatch = &ConditionalFields::ifMatch;
const auto kIfNoneMatch = &ConditionalFields::ifNoneMatch;
const auto kIfModifiedSince = &ConditionalFields::ifModifiedSince;
const auto kIfUnmodifiedSince = &ConditionalFields::ifUnmodifiedSince;

TEST(HttpPrecondition, ifNoneMatch) {
  for (const char* list : {"\"abc\"", "W/\"abc\"", "\"x\", \"abc\"", "*", " \"abc\" "})
    EXPECT_EQ(outcome({{kIfNoneMatch, list}}), Precondition::NotModified) << list;
  for (const char* list : {"\"x\"", "abc", "\"abc", ",", "\"abcd\""})
    EXPECT_EQ(outcome({{kIfNoneMatch, list}}), Precondition::Holds) << list;
}

TEST(HttpPrecondition, ifModifiedSince) {
  EXPECT_EQ(outcome({}), Precondition::Holds);
  EXPECT_EQ(outcome({{kIfModifiedSince, "Sun, 06 Nov 1994 08:49:37 GMT"}}), Precondition::NotModified);
  EXPECT_EQ(outcome({{kIfModifiedSince, "Sun, 06 Nov 1994 08:49:36 GMT"}}), Precondition::Holds);
  EXPECT_EQ(outcome({{kIfModifiedSince, "yesterday"}}), Precondition::Holds);
  // If-None-Match counts alone where it is there.
  EXPECT_EQ(outcome({{kIfNoneMatch, "\"x\""}, {kIfModifiedSince, "Sun, 06 Nov 2094 08:49:37 GMT"}}),
            Precondition::Holds);
}

TEST(HttpPrecondition, ifMatchAndIfUnmodifiedSince) {
  EXPECT_EQ(outcome({{kIfMatch, "\"abc\""}}), Precondition::Holds);
  EXPECT_EQ(outcome({{kIfMatch, "*"}}), Precondition::Holds);
  EXPECT_EQ(outcome({{kIfMatch, "W/\"abc\""}}), Precondition::Failed);
  EXPECT_EQ(outcome({{kIfMatch, "\"x\""}, {kIfNoneMatch, "\"abc\""}}), Precondition::Failed);
  EXPECT_EQ(outcome({{kIfUnmodifiedSince, "Sun, 06 Nov 1994 08:49:36 GMT"}}), Precondition::Failed);
  EXPECT_EQ(outcome({{kIfUnmodifiedSince, "Sun, 06 Nov 1994 08:49:37 GMT"}}), Precondition::Holds);
}

TEST(HttpDate, inAllThreeForms) {
  EXPECT_EQ(httpDate(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  for (const char* text :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"})
    EXPECT_EQ(parseHttpDate(text), 784111777) << text;
  for (const char* text : {"", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 GMT+1", "784111777"})
    EXPECT_FALSE(parseHttpDate(text)) << text;
}

} // namespace
} // namespace romlink::server
