// AES-128 encryption (FIPS 197) and its counter mode (SP 800-38A, 6.5). Only if CRYPTO_AES.
#ifndef CRYPTO_AES_H
#define CRYPTO_AES_H

#include <stddef.h>
#include <stdint.h>

#define AES_BLOCK_SIZE 16
#define AES128_KEY_SIZE 16
#define AES128_ROUNDS 10

struct aes128_key {
  uint8_t round_keys[AES128_ROUNDS + 1][AES_BLOCK_SIZE];
};

struct aes128_ctr_context {
  struct aes128_key key;
  uint8_t counter[AES_BLOCK_SIZE];
  uint8_t key_stream[AES_BLOCK_SIZE];
  unsigned used; // bytes of key_stream already used
};

void aes128_set_key(struct aes128_key* key, const uint8_t bytes[AES128_KEY_SIZE]);
void aes128_encrypt_block(const struct aes128_key* key, const uint8_t in[AES_BLOCK_SIZE],
                          uint8_t out[AES_BLOCK_SIZE]);

void aes128_ctr_init(struct aes128_ctr_context* context, const uint8_t key[AES128_KEY_SIZE],
                     const uint8_t counter[AES_BLOCK_SIZE]);
// Encrypts or decrypts, which is the same; `out` may be `in`. Calls continue one another.
void aes128_ctr_crypt(struct aes128_ctr_context* context, const uint8_t* in, uint8_t* out, size_t size);

#endif
