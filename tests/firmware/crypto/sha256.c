// SHA-256, FIPS 180-4. Section numbers below are of that standard.
#include "sha256.h"

#include "bytes.h"

#include <string.h>

// 4.2.2: the first 32 bits of the fractional parts of the cube roots of the first 64 primes.
static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// 5.3.3: the initial hash value.
static const uint32_t initial_state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                          0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static inline uint32_t rotate_right(uint32_t x, unsigned n) {
  return (x >> n) | (x << (32 - n));
}

// 6.2.2, with the message schedule in a ring of 16 words.
static void process_block(uint32_t state[8], const uint8_t* block) {
  uint32_t w[16];
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
  uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
  for (unsigned t = 0; t < 64; ++t) {
    if (t < 16) {
      w[t] = load_be32(block + 4 * t);
    } else {
      uint32_t x = w[(t + 1) % 16], y = w[(t + 14) % 16];
      w[t % 16] += (rotate_right(x, 7) ^ rotate_right(x, 18) ^ (x >> 3)) + w[(t + 9) % 16] +
                   (rotate_right(y, 17) ^ rotate_right(y, 19) ^ (y >> 10));
    }
    uint32_t t1 = h + (rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25)) +
                  ((e & f) ^ (~e & g)) + round_constants[t] + w[t % 16];
    uint32_t t2 =
        (rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1;
    d = c, c = b, b = a, a = t1 + t2;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d;
  state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

void sha256_init(struct sha256_context* context) {
  memset(context, 0, sizeof *context);
  memcpy(context->state, initial_state, sizeof initial_state);
}

void sha256_update(struct sha256_context* context, const void* data, size_t size) {
  const uint8_t* from = data;
  size_t filled = context->message_size % SHA256_BLOCK_SIZE;
  context->message_size += size;
  if (filled) {
    size_t part = SHA256_BLOCK_SIZE - filled;
    if (part > size)
      part = size;
    memcpy(context->block + filled, from, part);
    if (filled + part < SHA256_BLOCK_SIZE)
      return;
    process_block(context->state, context->block);
    from += part;
    size -= part;
  }
  for (; size >= SHA256_BLOCK_SIZE; size -= SHA256_BLOCK_SIZE, from += SHA256_BLOCK_SIZE)
    process_block(context->state, from);
  memcpy(context->block, from, size);
}

// 5.1.1: the message is followed by a 1 bit, zeros, and its length in bits as a 64-bit number.
void sha256_final(struct sha256_context* context, uint8_t digest[SHA256_DIGEST_SIZE]) {
  size_t filled = context->message_size % SHA256_BLOCK_SIZE;
  context->block[filled++] = 0x80;
  if (filled > SHA256_BLOCK_SIZE - 8) {
    memset(context->block + filled, 0, SHA256_BLOCK_SIZE - filled);
    process_block(context->state, context->block);
    filled = 0;
  }
  memset(context->block + filled, 0, SHA256_BLOCK_SIZE - 8 - filled);
  store_be32(context->block + 56, (uint32_t)(context->message_size >> 29));
  store_be32(context->block + 60, (uint32_t)(context->message_size << 3));
  process_block(context->state, context->block);
  for (unsigned i = 0; i < 8; ++i)
    store_be32(digest + 4 * i, context->state[i]);
  memset(context, 0, sizeof *context);
}

void sha256(const void* data, size_t size, uint8_t digest[SHA256_DIGEST_SIZE]) {
  struct sha256_context context;
  sha256_init(&context);
  sha256_update(&context, data, size);
  sha256_final(&context, digest);
}
