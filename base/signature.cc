// See signature.h.
#include "base/signature.h"

#include "base/file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace romlink {
namespace {
namespace fs = std::filesystem;

constexpr const char* kCannotCreate = "cannot make a signing key";

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeKeyContext {
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};

std::string pemOf(EVP_PKEY* key) {
  const std::unique_ptr<BIO, FreeBio> memory(BIO_new(BIO_s_secmem()));
  PEM_write_bio_PKCS8PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(std::max(0L, size))};
}

bool writeAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

/// The file's name is on disk, too.
bool syncFolderOf(const fs::path& file) {
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  if (fd >= 0)
    ::close(fd);
  return synced;
}

/// No password: nobody is there to ask.
int noPassword(char*, int, int, void*) {
  return -1;
}

} // namespace

bool PublicKey::verifies(Bytes message, const Signature& signature) const {
  EVP_PKEY* key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes.data(), bytes.size());
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  const bool valid =
      key != nullptr && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) ==
          1;
  EVP_PKEY_free(key);
  return valid;
}

void SigningKey::Free::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

Result<SigningKey> SigningKey::generate() {
  const std::unique_ptr<EVP_PKEY_CTX, FreeKeyContext> context(EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nullptr));
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_keygen_init(context.get()) != 1 || EVP_PKEY_keygen(context.get(), &key) != 1)
    return fail(ErrorCode::Internal, kCannotCreate, {}, "OpenSSL gives none");
  return SigningKey(Handle(key));
}

Result<SigningKey> SigningKey::create(const fs::path& file) {
  ROMLINK_ASSIGN(SigningKey key, generate());
  const auto failed = [&] {
    return fail(ErrorCode::Internal, kCannotCreate, file.string(), std::strerror(errno));
  };
  // Under its name only when it is whole: link() does not replace a file, and half a key is none.
  std::string temporary = file.string() + ".XXXXXX";
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC); // mode 0600
  if (fd < 0)
    return failed();
  const bool written = writeAll(fd, pemOf(key.key_.get())) && ::fsync(fd) == 0;
  const bool done = written && ::link(temporary.c_str(), file.c_str()) == 0;
  std::optional<tl::unexpected<Error>> error;
  if (!done)
    error = failed();
  ::close(fd);
  ::unlink(temporary.c_str());
  if (!done)
    return *error;
  if (!syncFolderOf(file))
    return failed();
  return key;
}

Result<SigningKey> SigningKey::read(const fs::path& file) {
  ROMLINK_ASSIGN(const auto content, readFile(file));
  const std::unique_ptr<BIO, FreeBio> memory(
      BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
  Handle key(PEM_read_bio_PrivateKey(memory.get(), nullptr, noPassword, nullptr));
  if (key == nullptr || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519)
    return fail(ErrorCode::Malformed, "cannot use the signing key", file.string(),
                "it is no unencrypted Ed25519 private key in PEM form",
                "`openssl genpkey -algorithm ed25519` makes one");
  return SigningKey(std::move(key));
}

PublicKey SigningKey::publicKey() const {
  PublicKey key;
  std::size_t size = key.bytes.size();
  EVP_PKEY_get_raw_public_key(key_.get(), key.bytes.data(), &size);
  return key;
}

Signature SigningKey::sign(Bytes message) const {
  Signature signature{};
  std::size_t size = signature.size();
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get());
  EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size());
  return signature;
}

} // namespace romlink
