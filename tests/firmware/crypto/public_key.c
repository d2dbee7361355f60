// Public keys that live in allocated memory. The encoding is that of RFC 5280, 4.1; the algorithm that of RFC
// 8017.
#include "public_key.h"

#include "crypto_config.h"
#include "crypto_platform.h"
#include "rsa.h"

#include <string.h>

struct public_key {
  struct rsa_public_key rsa;
  size_t der_size;
  uint8_t der[]; // what `rsa` points into
};

int public_key_import(struct public_key** key, const uint8_t* der, size_t size) {
  struct public_key* made = crypto_calloc(1, sizeof *made + size);
  if (!made)
    return CRYPTO_ERROR_MEMORY;
  made->der_size = size;
  memcpy(made->der, der, size);
  int status = rsa_parse_public_key(&made->rsa, made->der, size);
  if (status == CRYPTO_OK && made->rsa.modulus_size > CRYPTO_RSA_MAX_BITS / 8)
    status = CRYPTO_ERROR_RANGE;
  if (status) {
    public_key_free(made);
    return status;
  }
  *key = made;
  return CRYPTO_OK;
}

void public_key_free(struct public_key* key) {
  if (key)
    crypto_free(key, sizeof *key + key->der_size);
}

size_t public_key_bits(const struct public_key* key) {
  size_t bits = 8 * key->rsa.modulus_size;
  for (unsigned top = key->rsa.modulus[0]; bits > 0 && !(top & 0x80); top <<= 1)
    --bits;
  return bits;
}

int public_key_verify_digest(const struct public_key* key, const uint8_t* digest, const uint8_t* signature,
                             size_t signature_size) {
  return rsa_verify_pkcs1_v15(&key->rsa, digest, signature, signature_size);
}

int public_key_verify(const struct public_key* key, const void* message, size_t message_size,
                      const uint8_t* signature, size_t signature_size) {
  uint8_t digest[SHA256_DIGEST_SIZE];
  sha256(message, message_size, digest);
  return public_key_verify_digest(key, digest, signature, signature_size);
}
