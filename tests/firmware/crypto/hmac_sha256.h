// HMAC-SHA-256 (RFC 2104 with FIPS 180-4; test vectors in RFC 4231). Only if CRYPTO_HMAC.
#ifndef CRYPTO_HMAC_SHA256_H
#define CRYPTO_HMAC_SHA256_H

#include "sha256.h"

struct hmac_sha256_context {
  struct sha256_context inner;
  uint8_t outer_pad[SHA256_BLOCK_SIZE];
};

void hmac_sha256_init(struct hmac_sha256_context* context, const void* key, size_t key_size);
void hmac_sha256_update(struct hmac_sha256_context* context, const void* data, size_t size);
// Leaves the context cleared.
void hmac_sha256_final(struct hmac_sha256_context* context, uint8_t mac[SHA256_DIGEST_SIZE]);

#endif
