// A head of the archive's log: how many entries it has, and the root of the Merkle tree over them. Written
// down elsewhere, it fixes everything that was archived before: plain data (archive.h has the functions).
//
// As text it is a checkpoint (https://c2sp.org/tlog-checkpoint), signed as a note (base/signed_note.h).
#pragma once

#include "base/digest.h"
#include "base/error.h"
#include "base/signed_note.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace romlink::store {

struct LogHead {
  std::string origin;     ///< "romlink-archive/" and 32 hex digits: which archive
  std::uint64_t size = 0; ///< entries
  Digest root;
  bool operator==(const LogHead&) const = default;

  /// Three lines: origin, size, root in base64.
  [[nodiscard]] std::string text() const;
  /// Further lines are allowed and ignored. Malformed: no checkpoint.
  static Result<LogHead> parse(std::string_view text);
};

struct SignedHead {
  LogHead head;
  VerifierKey key; ///< its name is the origin
  Signature signature{};
  [[nodiscard]] std::string note() const { return noteOf(head.text(), key, signature); }
};

} // namespace romlink::store
