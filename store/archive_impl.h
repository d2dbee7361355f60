// What the public functions of the archive share; they are defined in archive.cc and audits.cc.
#pragma once

#include "store/archive.h"
#include "store/connections.h"
#include "store/log.h"
#include "store/sqlite_error.h"

#include <SQLiteCpp/Transaction.h>

namespace romlink::store {

inline constexpr const char* kCannotRead = "cannot read the archive";

struct Archive::Impl {
  std::unique_ptr<Connections> connections;
  bool signsEach = true; ///< false: signOnce() signs all transactions together

  /// Runs `body` on a reading connection, on the state of one moment.
  template <typename Body>
  auto read(Body&& body) const -> decltype(body(std::declval<SQLite::Database&>())) {
    return guarded(kCannotRead, connections->file().string(), [&] {
      const Connections::Reader reader = connections->read();
      const SQLite::Transaction snapshot(*reader);
      return body(*reader);
    });
  }

  /// Runs `body` in a transaction of the writing connection. If `body` succeeds, the log is signed and all of
  /// it committed.
  template <typename Body>
  auto write(const char* what, Body&& body) -> decltype(body(std::declval<SQLite::Database&>())) {
    return guarded(what, connections->file().string(), [&] {
      const Connections::Writer writer = connections->write();
      SQLite::Transaction transaction(*writer, SQLite::TransactionBehavior::IMMEDIATE);
      auto tree = signedTree(*writer);
      if (!tree)
        return decltype(body(*writer))(fail(tree.error()));
      auto done = body(*writer);
      if (!done)
        return done;
      if (const auto logged =
              signsEach ? signLog(*writer, std::move(*tree), connections->signingKey()) : Result<void>();
          !logged)
        return decltype(done)(fail(logged.error()));
      transaction.commit();
      return done;
    });
  }
};

/// RFC 3339, UTC.
std::string now();
/// Has it the form of now()'s answers?
bool isTimestamp(std::string_view text);

} // namespace romlink::store
