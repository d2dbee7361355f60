// SHA-512 (FIPS 180-4): context interface for messages in pieces.
#ifndef CRYPTO_SHA512_H
#define CRYPTO_SHA512_H

#include <stddef.h>
#include <stdint.h>

#define SHA512_DIGEST_SIZE 64
#define SHA512_BLOCK_SIZE 128

struct sha512_context {
  uint64_t state[8];
  uint64_t message_size; // bytes so far
  uint8_t block[SHA512_BLOCK_SIZE];
};

void sha512_init(struct sha512_context* context);
void sha512_update(struct sha512_context* context, const void* data, size_t size);
// Leaves the context cleared.
void sha512_final(struct sha512_context* context, uint8_t digest[SHA512_DIGEST_SIZE]);

#endif
