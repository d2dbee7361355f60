// SHA-256 (FIPS 180-4): context interface for messages in pieces, and one call for a message in memory.
#ifndef CRYPTO_SHA256_H
#define CRYPTO_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_DIGEST_SIZE 32
#define SHA256_BLOCK_SIZE 64

struct sha256_context {
  uint32_t state[8];
  uint64_t message_size; // bytes so far
  uint8_t block[SHA256_BLOCK_SIZE];
};

void sha256_init(struct sha256_context* context);
void sha256_update(struct sha256_context* context, const void* data, size_t size);
// Leaves the context cleared.
void sha256_final(struct sha256_context* context, uint8_t digest[SHA256_DIGEST_SIZE]);
void sha256(const void* data, size_t size, uint8_t digest[SHA256_DIGEST_SIZE]);

#endif
