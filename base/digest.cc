#include "base/digest.h"

#include <algorithm>
#include <fstream>
#include <openssl/evp.h>
#include <vector>

namespace romlink {

std::string toHex(Bytes bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t b : bytes) {
    text += kDigits[b >> 4];
    text += kDigits[b & 15];
  }
  return text;
}

std::string Digest::hex() const {
  return toHex(bytes);
}

std::string Digest::text() const {
  return "sha256:" + hex();
}

Result<Digest> Digest::parse(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  std::string_view hex = text;
  if (hex.starts_with(kPrefix))
    hex.remove_prefix(kPrefix.size());
  const auto nibble = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  if (hex.size() != 64 || std::any_of(hex.begin(), hex.end(), [&](char c) { return nibble(c) < 0; }))
    return fail(ErrorCode::Usage, "not a SHA-256 digest", std::string(text),
                "expected sha256: and 64 hex digits");
  Digest digest;
  for (std::size_t i = 0; i < digest.bytes.size(); ++i)
    digest.bytes[i] = static_cast<std::uint8_t>(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
  return digest;
}

Result<Digest> Digest::fromBytes(Bytes raw) {
  Digest digest;
  if (raw.size() != digest.bytes.size())
    return fail(ErrorCode::Malformed, "not a SHA-256 digest", {},
                "its length is " + std::to_string(raw.size()));
  std::copy(raw.begin(), raw.end(), digest.bytes.begin());
  return digest;
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  EVP_DigestInit_ex(context_, EVP_sha256(), nullptr);
}
Sha256::~Sha256() {
  EVP_MD_CTX_free(context_);
}
Sha256::Sha256(Sha256&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}
Sha256& Sha256::operator=(Sha256&& other) noexcept {
  std::swap(context_, other.context_);
  return *this;
}

void Sha256::update(Bytes bytes) {
  EVP_DigestUpdate(context_, bytes.data(), bytes.size());
}

Sha256 Sha256::fork() const {
  Sha256 other;
  EVP_MD_CTX_copy_ex(other.context_, context_);
  return other;
}

Digest Sha256::finish() {
  Digest digest;
  EVP_DigestFinal_ex(context_, digest.bytes.data(), nullptr);
  return digest;
}

Digest sha256Of(Bytes bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

Digest sha256Of(std::string_view text) {
  return sha256Of(asBytes(text));
}

Result<Digest> sha256OfFile(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in)
    return fail(ErrorCode::Malformed, "cannot read", file.string(), "no such file, or no permission");
  Sha256 hash;
  std::vector<char> buffer(1 << 18);
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0)
    hash.update(asBytes({buffer.data(), static_cast<std::size_t>(in.gcount())}));
  if (in.bad())
    return fail(ErrorCode::Malformed, "cannot read", file.string(), "input/output error");
  return hash.finish();
}

} // namespace romlink
