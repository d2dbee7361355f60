// The border between SQLite and romlink: the only place where a SQLite error becomes a romlink::Error.
//
// Inside this room, code that talks to SQLite lets SQLite::Exception fly; every public function of Archive
// runs its body through guarded(), so no exception leaves the room. Errors that are not SQLite's (a name is
// taken, a digest differs) are ordinary Results from the start.
#pragma once

#include "base/error.h"

#include <SQLiteCpp/Exception.h>
#include <new>

namespace romlink::store {

/// The error for a SQLite result code (primary or extended), with a remedy where there is one.
/// `message` is SQLite's own text.
[[nodiscard]] Error errorFrom(int sqliteCode, const std::string& message, std::string what,
                              std::string where);

/// Runs `body`, which returns a Result, and turns whatever it throws into that Result's error.
template <typename Body>
auto guarded(const std::string& what, const std::string& where, Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const SQLite::Exception& e) {
    const int code = e.getExtendedErrorCode() > 0 ? e.getExtendedErrorCode() : e.getErrorCode();
    return fail(errorFrom(code, e.what(), what, where));
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::Exhausted, what, where, "out of memory");
  } catch (const std::exception& e) {
    return fail(ErrorCode::Internal, what, where, e.what());
  }
}

} // namespace romlink::store
