// SHA-256 digests (FIPS 180-4) and their text form "sha256:<64 lower-case hex digits>".
#pragma once

#include "base/error.h"

#include <array>
#include <compare>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace romlink {

using Bytes = std::span<const std::uint8_t>;

struct Digest {
  std::array<std::uint8_t, 32> bytes{};

  auto operator<=>(const Digest&) const = default;

  [[nodiscard]] std::string hex() const;  ///< 64 lower-case hex digits
  [[nodiscard]] std::string text() const; ///< "sha256:" + hex()

  /// Reads either form; Usage error for anything else.
  static Result<Digest> parse(std::string_view text);
  /// 32 raw bytes, as stored; Malformed error for any other length.
  static Result<Digest> fromBytes(Bytes raw);
};

/// Computes a digest piece by piece. Not thread-safe; one object, one digest.
class Sha256 {
public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(Bytes bytes);
  /// Another computation that begins where this one is now.
  [[nodiscard]] Sha256 fork() const;
  /// REQUIRES: called once, last.
  [[nodiscard]] Digest finish();

private:
  evp_md_ctx_st* context_;
};

[[nodiscard]] Digest sha256Of(Bytes bytes);
[[nodiscard]] Digest sha256Of(std::string_view text);
/// Streams the file through SHA-256. Malformed if it cannot be read.
Result<Digest> sha256OfFile(const std::filesystem::path& file);

/// Lower-case hex of any bytes.
[[nodiscard]] std::string toHex(Bytes bytes);

inline Bytes asBytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view asText(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

} // namespace romlink
