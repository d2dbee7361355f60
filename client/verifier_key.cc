#include "client/verifier_key.h"

#include "base/file.h"

#include <filesystem>

namespace romlink::client {

Result<VerifierKey> verifierKeyFrom(const std::string& given) {
  constexpr std::uintmax_t kLongest = 4096; // bytes; nobody's key is
  std::string text = given;
  std::error_code status;
  if (std::filesystem::is_regular_file(given, status)) {
    if (std::filesystem::file_size(given, status) > kLongest)
      return fail(ErrorCode::Malformed, "not a verifier key", given, "it is too long");
    ROMLINK_ASSIGN(const auto content, readFile(given));
    text = asText(content).substr(0, asText(content).find_first_of("\r\n"));
  }
  auto key = VerifierKey::parse(text);
  if (!key) {
    key.error().where = given;
    key.error().hint = "`romlink archive head --public-key` prints one; give it, or a file that holds it";
  }
  return key;
}

} // namespace romlink::client
