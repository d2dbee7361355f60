// See signed_note.h.
#include "base/signed_note.h"

#include <algorithm>
#include <openssl/evp.h>

namespace romlink {
namespace {

constexpr char kEd25519 = 0x01;
constexpr std::string_view kDash = "\xe2\x80\x94 "; // U+2014 and a space

tl::unexpected<Error> malformed(std::string what, std::string why) {
  return fail(ErrorCode::Malformed, std::move(what), {}, std::move(why));
}

bool isName(std::string_view name) {
  return !name.empty() && name.find_first_of(" +\n\t\r") == std::string_view::npos;
}

std::string typedKey(const PublicKey& key) {
  return kEd25519 + std::string(asText(key.bytes));
}

Result<NoteSignature> signatureIn(std::string_view line) {
  const auto bad = [] { return malformed("not a signed note", "a signature's line cannot be read"); };
  if (!line.starts_with(kDash))
    return bad();
  line.remove_prefix(kDash.size());
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || !isName(line.substr(0, space)))
    return bad();
  const auto bytes = fromBase64(line.substr(space + 1));
  NoteSignature signature{std::string(line.substr(0, space)), {}, {}};
  if (!bytes || bytes->size() <= signature.keyId.size())
    return bad();
  const auto rest = bytes->begin() + signature.keyId.size();
  std::copy(bytes->begin(), rest, signature.keyId.begin());
  signature.signature.assign(rest, bytes->end());
  return signature;
}

} // namespace

std::array<std::uint8_t, 4> VerifierKey::id() const {
  const Digest digest = sha256Of(name + "\n" + typedKey(key));
  std::array<std::uint8_t, 4> first{};
  std::copy_n(digest.bytes.begin(), first.size(), first.begin());
  return first;
}

std::string VerifierKey::text() const {
  return name + "+" + toHex(id()) + "+" + toBase64(asBytes(typedKey(key)));
}

Result<VerifierKey> VerifierKey::parse(std::string_view text) {
  const auto bad = [](const char* why) { return malformed("not a verifier key", why); };
  const std::size_t first = text.find('+');
  const std::size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos)
    return bad("it has the form NAME+HEX+BASE64");
  VerifierKey key{std::string(text.substr(0, first)), {}};
  const auto bytes = fromBase64(text.substr(second + 1));
  if (!isName(key.name) || !bytes || bytes->size() != 1 + key.key.bytes.size() || bytes->front() != kEd25519)
    return bad("it has the form NAME+HEX+BASE64, with an Ed25519 key");
  std::copy(bytes->begin() + 1, bytes->end(), key.key.bytes.begin());
  if (text.substr(first + 1, second - first - 1) != toHex(key.id()))
    return bad("its parts do not belong together: is it complete?");
  return key;
}

Result<SignedNote> SignedNote::parse(std::string_view note) {
  const auto bad = [](const char* why) { return malformed("not a signed note", why); };
  if (note.size() > kLongest)
    return bad("it is too long");
  const auto isControl = [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; };
  if (std::any_of(note.begin(), note.end(), isControl))
    return bad("it contains a control character");
  const std::size_t split = note.rfind("\n\n");
  if (split == std::string_view::npos || note.back() != '\n')
    return bad("it has no signature, or does not end with a whole line");
  SignedNote parsed{std::string(note.substr(0, split + 1)), {}};
  for (std::string_view rest = note.substr(split + 2); !rest.empty();) {
    const std::size_t end = rest.find('\n');
    ROMLINK_ASSIGN(NoteSignature signature, signatureIn(rest.substr(0, end)));
    parsed.signatures.push_back(std::move(signature));
    if (parsed.signatures.size() > kMostSignatures)
      return bad("it has too many signatures");
    rest.remove_prefix(end + 1);
  }
  if (parsed.signatures.empty())
    return bad("it has no signature");
  return parsed;
}

std::optional<bool> SignedNote::isSignedBy(const VerifierKey& key) const {
  for (const NoteSignature& one : signatures) {
    if (one.name != key.name || one.keyId != key.id())
      continue;
    Signature signature{};
    if (one.signature.size() != signature.size())
      return false;
    std::copy(one.signature.begin(), one.signature.end(), signature.begin());
    return key.key.verifies(asBytes(text), signature);
  }
  return std::nullopt;
}

std::string signNote(const std::string& text, const std::string& name, const SigningKey& key) {
  return noteOf(text, {name, key.publicKey()}, key.sign(asBytes(text)));
}

std::string noteOf(const std::string& text, const VerifierKey& key, const Signature& signature) {
  std::string bytes(asText(key.id()));
  bytes += asText(signature);
  return text + "\n" + std::string(kDash) + key.name + " " + toBase64(asBytes(bytes)) + "\n";
}

std::string toBase64(Bytes bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::optional<std::vector<std::uint8_t>> fromBase64(std::string_view text) {
  std::vector<std::uint8_t> bytes(text.size() / 4 * 3);
  const int size = EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0)
    return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  bytes.resize(std::max(padding, static_cast<std::size_t>(size)) - padding);
  // OpenSSL skips spaces and bits that do not count.
  if (toBase64(bytes) != text)
    return std::nullopt;
  return bytes;
}

} // namespace romlink
