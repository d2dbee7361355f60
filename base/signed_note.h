// Signed notes: a text and who signed it, as lines that can be mailed, printed and typed.
//
//   romlink-archive/3f2a...          the text: lines
//   17
//   nND/nri/U0xuHUrYSy0HtMeal2vzD9V4k/BO79C+QeI=
//                                    an empty line
//   — NAME BASE64                    a signature: four bytes that name the key, then Ed25519
//
// The format is C2SP's (https://c2sp.org/signed-note), which Go's module mirror and other logs use; its
// verifier keys
// ("NAME+HEX+BASE64") are how a public key is written down.
#pragma once

#include "base/signature.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace romlink {

/// A public key and the name of who signs with it.
struct VerifierKey {
  std::string name;
  PublicKey key;
  bool operator==(const VerifierKey&) const = default;

  /// The first four bytes of SHA-256(name, newline, 0x01, key).
  [[nodiscard]] std::array<std::uint8_t, 4> id() const;
  /// "NAME+HEX OF ID+BASE64 OF 0x01 AND KEY"
  [[nodiscard]] std::string text() const;
  /// The inverse of text(). Malformed: anything else.
  static Result<VerifierKey> parse(std::string_view text);
};

struct NoteSignature {
  std::string name;
  std::array<std::uint8_t, 4> keyId{};
  std::vector<std::uint8_t> signature; ///< 64 bytes if it is Ed25519's
};

struct SignedNote {
  static constexpr std::size_t kLongest = 1 << 20; ///< bytes
  static constexpr std::size_t kMostSignatures = 100;

  std::string text; ///< lines; each ends with a newline
  std::vector<NoteSignature> signatures;

  /// Splits, and verifies nothing. Malformed: not a signed note.
  static Result<SignedNote> parse(std::string_view note);
  /// Nullopt: no signature is by this key. False: one claims to be, and is not.
  [[nodiscard]] std::optional<bool> isSignedBy(const VerifierKey& key) const;
};

/// The whole note. REQUIRES: `text` ends with a newline and has no empty line; `name` has no space and no
/// '+'.
[[nodiscard]] std::string signNote(const std::string& text, const std::string& name, const SigningKey& key);
/// The same for a signature that was made of `text` before.
[[nodiscard]] std::string noteOf(const std::string& text, const VerifierKey& key, const Signature& signature);

/// RFC 4648, with padding, on one line.
[[nodiscard]] std::string toBase64(Bytes bytes);
/// Nullopt: anything that toBase64() does not write.
[[nodiscard]] std::optional<std::vector<std::uint8_t>> fromBase64(std::string_view text);

} // namespace romlink
