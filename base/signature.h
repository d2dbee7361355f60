// Ed25519 signatures (RFC 8032) and the file that holds a private key.
//
// A key file is PKCS#8 in PEM (RFC 8410, RFC 7468), as `openssl genpkey -algorithm ed25519` writes it. It is
// made with mode 0600, complete and on disk before create() returns, and never over another file.
//
// Thread-safety: a SigningKey may be used from several threads at once.
#pragma once

#include "base/digest.h"
#include "base/error.h"

#include <array>
#include <filesystem>
#include <memory>

struct evp_pkey_st;

namespace romlink {

using Signature = std::array<std::uint8_t, 64>;

struct PublicKey {
  std::array<std::uint8_t, 32> bytes{};
  bool operator==(const PublicKey&) const = default;

  /// False also for bytes that are no key.
  [[nodiscard]] bool verifies(Bytes message, const Signature& signature) const;
};

class SigningKey {
public:
  /// A new random one. Internal: the machine gives no random numbers.
  static Result<SigningKey> generate();
  /// A new one, in a new file. Internal: there is such a file, or the disk does not take it; nothing is left
  /// then.
  static Result<SigningKey> create(const std::filesystem::path& file);
  /// Malformed: unreadable, or not the key of an Ed25519 signature.
  static Result<SigningKey> read(const std::filesystem::path& file);

  [[nodiscard]] PublicKey publicKey() const;
  [[nodiscard]] Signature sign(Bytes message) const;

private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  using Handle = std::unique_ptr<evp_pkey_st, Free>;
  explicit SigningKey(Handle key) : key_(std::move(key)) {}
  Handle key_;
};

} // namespace romlink
