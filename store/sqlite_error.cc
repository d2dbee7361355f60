// See sqlite_error.h. The table of SQLite's result codes: https://www.sqlite.org/rescode.html
#include "store/sqlite_error.h"

#include <sqlite3.h>

namespace romlink::store {

Error errorFrom(int sqliteCode, const std::string& message, std::string what, std::string where) {
  const auto error = [&](ErrorCode code, std::string why, std::string hint) {
    return Error{code, std::move(what), std::move(where), std::move(why), std::move(hint)};
  };
  if (sqliteCode == SQLITE_IOERR_NOMEM)
    return error(ErrorCode::Exhausted, "out of memory", "");
  switch (sqliteCode & 0xff) {
  case SQLITE_FULL:
    return error(ErrorCode::Exhausted, "the disk is full",
                 "free some space and try again; nothing of this request was archived");
  case SQLITE_NOMEM:
    return error(ErrorCode::Exhausted, "out of memory", "");
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return error(ErrorCode::Unavailable, "another program keeps the archive locked",
                 "try again when it is done; several romlink programs may share an archive");
  case SQLITE_READONLY:
  case SQLITE_PERM:
  case SQLITE_AUTH:
  case SQLITE_CANTOPEN:
    return error(ErrorCode::Internal, "no permission, or the file system is read-only (" + message + ")",
                 "romlink must be able to write archive.db and to create files beside it");
  case SQLITE_NOTADB:
    return error(ErrorCode::Malformed, "archive.db is not an SQLite database",
                 "name the folder of a romlink archive, or one without an archive.db to start a new one");
  case SQLITE_CORRUPT:
    return error(ErrorCode::Damaged, "the database is damaged (" + message + ")",
                 "`romlink archive verify` names what is affected; restore it from a backup");
  case SQLITE_IOERR:
    return error(ErrorCode::Internal, "the disk failed to read or write (" + message + ")",
                 "check the file system's space, quota and health");
  default:
    return error(ErrorCode::Internal, message, "");
  }
}

} // namespace romlink::store
