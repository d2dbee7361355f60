// The error every part of romlink reports, and Result<T>, which carries a value or an error.
//
// An error reads as one line: "WHAT: WHERE: WHY", plus a remedy where there is one. Each library's own errors
// (LLVM's, SQLite's, gRPC's) are turned into this type once, at the border of the module that wraps the
// library.
//
// "The firmware does not fit this ROM" is a verdict with findings, not an error (relink/report).
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace romlink {

/// What kind of failure this is. Each has one exit code (below) and one gRPC status code (server/status.h).
enum class ErrorCode {
  Refused,     ///< exit 1: incompatible, a check failed, or the user's program does not link
  Usage,       ///< exit 2: the request makes no sense
  Malformed,   ///< exit 3: an input is unreadable or malformed
  NotFound,    ///< exit 4: the archive has no such thing
  Unavailable, ///< exit 5: the service cannot be reached
  Exhausted,   ///< exit 70: a limit was reached (time, memory, disk)
  Damaged,     ///< exit 3: stored content does not match its digest
  Internal,    ///< exit 70: a defect of romlink or of the machine
};

/// Exit code of the command line for an error of this kind.
[[nodiscard]] int exitCodeOf(ErrorCode code);

/// Stable upper-case name ("MALFORMED"), used on the wire as google.rpc.ErrorInfo.reason.
[[nodiscard]] std::string_view nameOf(ErrorCode code);

/// The inverse of nameOf; Internal for a name nobody knows.
[[nodiscard]] ErrorCode errorCodeFromName(std::string_view name);

struct Error {
  ErrorCode code = ErrorCode::Internal;
  std::string what;  ///< what failed: "cannot publish the ROM"
  std::string where; ///< which file, symbol, address or argument; may be empty
  std::string why;   ///< the cause; may be empty
  std::string hint;  ///< what to do about it; may be empty

  /// "WHAT: WHERE: WHY" on one line; control characters are replaced by spaces.
  [[nodiscard]] std::string line() const;
};

template <typename T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
public:
  using tl::expected<T, Error>::expected;
};

/// Shorthand for returning an error from a function that returns Result<T>.
[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string what, std::string where = {},
                                                std::string why = {}, std::string hint = {}) {
  return tl::unexpected<Error>(
      Error{code, std::move(what), std::move(where), std::move(why), std::move(hint)});
}
[[nodiscard]] inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

} // namespace romlink

/// Returns the error of `expr` from the enclosing function, if it is one.
#define ROMLINK_TRY(expr)                                                                                    \
  do {                                                                                                       \
    if (auto romlinkTried = (expr); !romlinkTried)                                                           \
      return ::romlink::fail(std::move(romlinkTried.error()));                                               \
  } while (false)

// A declaration cannot stand in parentheses.
// NOLINTBEGIN(bugprone-macro-parentheses)
/// `ROMLINK_ASSIGN(auto x, f());` declares x as f()'s value, or returns f()'s error from the enclosing
/// function.
#define ROMLINK_ASSIGN(decl, expr) ROMLINK_ASSIGN_AS(ROMLINK_JOIN(romlinkResult, __LINE__), decl, expr)
#define ROMLINK_JOIN(a, b) ROMLINK_JOIN_AGAIN(a, b)
#define ROMLINK_JOIN_AGAIN(a, b) a##b
#define ROMLINK_ASSIGN_AS(name, decl, expr)                                                                  \
  auto name = (expr);                                                                                        \
  if (!name)                                                                                                 \
    return ::romlink::fail(std::move(name.error()));                                                         \
  decl = std::move(*name)
// NOLINTEND(bugprone-macro-parentheses)
