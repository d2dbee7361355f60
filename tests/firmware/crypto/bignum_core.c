// Big-number arithmetic on arrays of limbs.
//
// Montgomery multiplication is the coarsely integrated operand scanning of Koc, Acar and Kaliski, "Analyzing
// and comparing Montgomery multiplication algorithms" (1996); exponentiation is left-to-right square and
// multiply (Handbook of Applied Cryptography, 14.79).
#include "bignum_core.h"

#include "crypto_config.h"

#include <string.h>

int bn_core_from_bytes(bn_limb* x, size_t limbs, const uint8_t* bytes, size_t size) {
  memset(x, 0, limbs * sizeof *x);
  for (size_t i = 0; i < size; ++i) {
    bn_limb byte = bytes[size - 1 - i];
    if (i / 4 < limbs)
      x[i / 4] |= byte << (8 * (i % 4));
    else if (byte)
      return CRYPTO_ERROR_RANGE;
  }
  return CRYPTO_OK;
}

int bn_core_to_bytes(const bn_limb* x, size_t limbs, uint8_t* bytes, size_t size) {
  for (size_t i = 0; i < limbs * 4 || i < size; ++i) {
    uint8_t byte = i / 4 < limbs ? (uint8_t)(x[i / 4] >> (8 * (i % 4))) : 0;
    if (i < size)
      bytes[size - 1 - i] = byte;
    else if (byte)
      return CRYPTO_ERROR_RANGE;
  }
  return CRYPTO_OK;
}

int bn_core_compare(const bn_limb* a, const bn_limb* b, size_t limbs) {
  while (limbs-- > 0)
    if (a[limbs] != b[limbs])
      return a[limbs] < b[limbs] ? -1 : 1;
  return 0;
}

bn_limb bn_core_add(bn_limb* r, const bn_limb* a, const bn_limb* b, size_t limbs) {
  uint64_t carry = 0;
  for (size_t i = 0; i < limbs; ++i) {
    carry += (uint64_t)a[i] + b[i];
    r[i] = (bn_limb)carry;
    carry >>= 32;
  }
  return (bn_limb)carry;
}

bn_limb bn_core_sub(bn_limb* r, const bn_limb* a, const bn_limb* b, size_t limbs) {
  bn_limb borrow = 0;
  for (size_t i = 0; i < limbs; ++i) {
    uint64_t difference = (uint64_t)a[i] - b[i] - borrow;
    r[i] = (bn_limb)difference;
    borrow = (bn_limb)(difference >> 32) & 1;
  }
  return borrow;
}

bn_limb bn_core_multiply_add(bn_limb* r, const bn_limb* a, size_t limbs, bn_limb b) {
  bn_limb carry = 0;
  for (size_t i = 0; i < limbs; ++i) {
    uint64_t product = (uint64_t)a[i] * b + r[i] + carry;
    r[i] = (bn_limb)product;
    carry = (bn_limb)(product >> 32);
  }
  return carry;
}

void bn_core_double_mod(bn_limb* x, const bn_limb* m, size_t limbs) {
  bn_limb carry = bn_core_add(x, x, x, limbs);
  if (carry || bn_core_compare(x, m, limbs) >= 0)
    bn_core_sub(x, x, m, limbs);
}

// Newton's iteration doubles the number of correct low bits, starting from 3 (m m = 1 mod 8 for odd m): four
// rounds reach 48. VARIANT_MORE_ROUNDS spends one more, which changes the code and not the result.
#ifdef VARIANT_MORE_ROUNDS
#define INVERSE_ROUNDS 5
#else
#define INVERSE_ROUNDS 4
#endif

bn_limb bn_core_montgomery_inverse(bn_limb m) {
  bn_limb inverse = m;
  for (unsigned round = 0; round < INVERSE_ROUNDS; ++round)
    inverse *= 2 - m * inverse;
  return -inverse;
}

void bn_core_montgomery_square(bn_limb* rr, const bn_limb* m, size_t limbs) {
  memset(rr, 0, limbs * sizeof *rr);
  rr[0] = 1;
  for (size_t i = 0; i < 64 * limbs; ++i)
    bn_core_double_mod(rr, m, limbs);
}

void bn_core_montgomery_multiply(bn_limb* r, const bn_limb* a, const bn_limb* b, const bn_limb* m,
                                 bn_limb inverse, size_t limbs, bn_limb* scratch) {
  memset(scratch, 0, (limbs + 2) * sizeof *scratch);
  for (size_t i = 0; i < limbs; ++i) {
    uint64_t top = (uint64_t)scratch[limbs] + bn_core_multiply_add(scratch, a, limbs, b[i]);
    scratch[limbs] = (bn_limb)top;
    scratch[limbs + 1] = (bn_limb)(top >> 32);
    top = (uint64_t)scratch[limbs] + bn_core_multiply_add(scratch, m, limbs, scratch[0] * inverse);
    scratch[limbs] = (bn_limb)top;
    scratch[limbs + 1] += (bn_limb)(top >> 32);
    memmove(scratch, scratch + 1, (limbs + 1) * sizeof *scratch); // the low limb is 0 by now
    scratch[limbs + 1] = 0;
  }
  if (scratch[limbs] || bn_core_compare(scratch, m, limbs) >= 0)
    bn_core_sub(scratch, scratch, m, limbs);
  memcpy(r, scratch, limbs * sizeof *r);
}

void bn_core_exp_mod(bn_limb* r, const bn_limb* base, const uint8_t* exponent, size_t exponent_size,
                     const bn_limb* m, size_t limbs, bn_limb* workspace) {
  bn_limb* rr = workspace;           // 2^(64 limbs), later the base in Montgomery form
  bn_limb* accumulator = rr + limbs; // the power so far in Montgomery form
  bn_limb* scratch = accumulator + limbs;
  bn_limb inverse = bn_core_montgomery_inverse(m[0]);

  bn_core_montgomery_square(rr, m, limbs);
  memset(accumulator, 0, limbs * sizeof *accumulator);
  accumulator[0] = 1;
  bn_core_montgomery_multiply(accumulator, accumulator, rr, m, inverse, limbs, scratch);
  bn_core_montgomery_multiply(rr, base, rr, m, inverse, limbs, scratch);

  for (size_t bit = 8 * exponent_size; bit-- > 0;) {
    bn_core_montgomery_multiply(accumulator, accumulator, accumulator, m, inverse, limbs, scratch);
    if (exponent[exponent_size - 1 - bit / 8] >> (bit % 8) & 1)
      bn_core_montgomery_multiply(accumulator, accumulator, rr, m, inverse, limbs, scratch);
  }

  memset(rr, 0, limbs * sizeof *rr);
  rr[0] = 1;
  bn_core_montgomery_multiply(r, accumulator, rr, m, inverse, limbs, scratch);
}
