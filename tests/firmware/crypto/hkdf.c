// HKDF with SHA-256: extract, then expand. RFC 5869, 2.2 and 2.3.
#include "hkdf.h"

#include "constant_time.h"
#include "crypto_config.h"
#include "hmac_sha256.h"

#include <string.h>

#if CRYPTO_HMAC

int hkdf_sha256(const void* salt, size_t salt_size, const void* secret, size_t secret_size, const void* info,
                size_t info_size, uint8_t* output, size_t output_size) {
  struct hmac_sha256_context context;
  uint8_t key[SHA256_DIGEST_SIZE], block[SHA256_DIGEST_SIZE];
  if (output_size > 255 * SHA256_DIGEST_SIZE)
    return CRYPTO_ERROR_RANGE;
  hmac_sha256_init(&context, salt, salt_size);
  hmac_sha256_update(&context, secret, secret_size);
  hmac_sha256_final(&context, key);
  for (uint8_t number = 1; output_size > 0; ++number) {
    size_t part = output_size < sizeof block ? output_size : sizeof block;
    hmac_sha256_init(&context, key, sizeof key);
    if (number > 1)
      hmac_sha256_update(&context, block, sizeof block);
    hmac_sha256_update(&context, info, info_size);
    hmac_sha256_update(&context, &number, 1);
    hmac_sha256_final(&context, block);
    memcpy(output, block, part);
    output += part;
    output_size -= part;
  }
  secure_zero(key, sizeof key);
  secure_zero(block, sizeof block);
  return CRYPTO_OK;
}

#endif
