// Digests and numbers as SQLite's values, and back.
#pragma once

#include "base/digest.h"
#include "base/error.h"

#include <SQLiteCpp/Statement.h>
#include <algorithm>
#include <optional>

namespace romlink::store {

inline void bindDigest(SQLite::Statement& statement, int index, const Digest& digest) {
  statement.bind(index, digest.bytes.data(), static_cast<int>(digest.bytes.size()));
}

inline Result<Digest> digestIn(const SQLite::Column& column) {
  return Digest::fromBytes(
      {static_cast<const std::uint8_t*>(column.getBlob()), static_cast<std::size_t>(column.getBytes())});
}

/// As many bytes as `Array` holds; nullopt: the value has another length.
template <typename Array>
std::optional<Array> bytesIn(const SQLite::Column& column) {
  Array bytes{};
  if (static_cast<std::size_t>(column.getBytes()) != bytes.size())
    return std::nullopt;
  std::copy_n(static_cast<const std::uint8_t*>(column.getBlob()), bytes.size(), bytes.begin());
  return bytes;
}

inline std::uint32_t wordIn(const SQLite::Column& column) {
  return static_cast<std::uint32_t>(column.getInt64());
}

/// A row holds a value that no romlink wrote, or lacks one.
inline tl::unexpected<Error> damagedRecord(std::string where,
                                           std::string why = "a value is missing or impossible") {
  return fail(ErrorCode::Damaged, "the archive's record is damaged", std::move(where), std::move(why),
              "`romlink archive verify` names what is affected; restore it from a backup");
}

} // namespace romlink::store
