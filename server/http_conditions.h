// Conditional requests and ranges: what a request's fields ask of a resource whose content is known
// (RFC 9110 sections 13 and 14). Pure functions; nothing is read here.
//
// Limits: of several ranges in one request none is served, the whole is (section 14.2 allows it). What is
// malformed is ignored, as the RFC asks.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace romlink::server {

/// What tells one state of a resource from another.
struct Validators {
  std::string etag; ///< a strong entity tag with its quotes
  std::time_t modified = 0;
};

/// The request's fields; empty: not there. Of a list that came in several fields, all.
struct ConditionalFields {
  std::string ifMatch;
  std::string ifNoneMatch;
  std::string ifModifiedSince;
  std::string ifUnmodifiedSince;
  std::string ifRange;
  std::string range;
};

enum class Precondition {
  Holds,
  NotModified, ///< 304: the client has it
  Failed,      ///< 412
};
/// For GET and HEAD, in the order of section 13.2.2. If-Range belongs to servedRange().
Precondition evaluate(const ConditionalFields& fields, const Validators& validators);

struct ServedRange {
  enum Kind { Whole, Part, Unsatisfiable } kind = Whole;
  std::uint64_t first = 0; ///< offset of the first byte
  std::uint64_t size = 0;  ///< bytes; 0 if unsatisfiable
};
/// Which bytes of a content of `size` bytes a GET gets.
ServedRange servedRange(const ConditionalFields& fields, const Validators& validators, std::uint64_t size);

/// "Sun, 06 Nov 1994 08:49:37 GMT" (section 5.6.7).
std::string httpDate(std::time_t time);
/// Reads that form and the two obsolete ones.
std::optional<std::time_t> parseHttpDate(const std::string& text);

} // namespace romlink::server
