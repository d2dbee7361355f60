// HMAC-SHA-256: H(K ^ opad, H(K ^ ipad, text)), RFC 2104.
#include "hmac_sha256.h"

#include "constant_time.h"
#include "crypto_config.h"

#include <string.h>

#if CRYPTO_HMAC

void hmac_sha256_init(struct hmac_sha256_context* context, const void* key, size_t key_size) {
  uint8_t inner_pad[SHA256_BLOCK_SIZE] = {0};
  if (key_size > SHA256_BLOCK_SIZE)
    sha256(key, key_size, inner_pad);
  else
    memcpy(inner_pad, key, key_size);
  for (unsigned i = 0; i < SHA256_BLOCK_SIZE; ++i) {
    context->outer_pad[i] = inner_pad[i] ^ 0x5c;
    inner_pad[i] ^= 0x36;
  }
  sha256_init(&context->inner);
  sha256_update(&context->inner, inner_pad, sizeof inner_pad);
  secure_zero(inner_pad, sizeof inner_pad);
}

void hmac_sha256_update(struct hmac_sha256_context* context, const void* data, size_t size) {
  sha256_update(&context->inner, data, size);
}

void hmac_sha256_final(struct hmac_sha256_context* context, uint8_t mac[SHA256_DIGEST_SIZE]) {
  sha256_final(&context->inner, mac);
  sha256_init(&context->inner);
  sha256_update(&context->inner, context->outer_pad, sizeof context->outer_pad);
  sha256_update(&context->inner, mac, SHA256_DIGEST_SIZE);
  sha256_final(&context->inner, mac);
  secure_zero(context, sizeof *context);
}

#endif
