// Big-number arithmetic on arrays of 32-bit limbs, least significant first, all of one length.
//
// The caller provides every array, so nothing here allocates, keeps state or depends on a configured limit.
// Unless said otherwise a result may be one of the operands. Times depend on the numbers: for public values
// only.
#ifndef CRYPTO_BIGNUM_CORE_H
#define CRYPTO_BIGNUM_CORE_H

#include <stddef.h>
#include <stdint.h>

typedef uint32_t bn_limb;

// Limbs that bn_core_exp_mod needs as workspace.
#define BN_EXP_MOD_WORKSPACE(limbs) (3 * (limbs) + 2)

// Big-endian bytes to limbs and back. CRYPTO_ERROR_RANGE if the number does not fit.
int bn_core_from_bytes(bn_limb* x, size_t limbs, const uint8_t* bytes, size_t size);
int bn_core_to_bytes(const bn_limb* x, size_t limbs, uint8_t* bytes, size_t size);

// Negative, 0 or positive as a is below, equal to or above b.
int bn_core_compare(const bn_limb* a, const bn_limb* b, size_t limbs);
// r = a + b; the carry.
bn_limb bn_core_add(bn_limb* r, const bn_limb* a, const bn_limb* b, size_t limbs);
// r = a - b; the borrow.
bn_limb bn_core_sub(bn_limb* r, const bn_limb* a, const bn_limb* b, size_t limbs);
// r += a * b; the carry.
bn_limb bn_core_multiply_add(bn_limb* r, const bn_limb* a, size_t limbs, bn_limb b);
// x = 2 x mod m, for x < m.
void bn_core_double_mod(bn_limb* x, const bn_limb* m, size_t limbs);

// -1/m mod 2^32 for odd m.
bn_limb bn_core_montgomery_inverse(bn_limb m);
// rr = 2^(64 limbs) mod m, for odd m whose top limb is not 0.
void bn_core_montgomery_square(bn_limb* rr, const bn_limb* m, size_t limbs);
// r = a b / 2^(32 limbs) mod m, for a, b < m; `scratch` has limbs + 2 limbs and is none of the others.
void bn_core_montgomery_multiply(bn_limb* r, const bn_limb* a, const bn_limb* b, const bn_limb* m,
                                 bn_limb inverse, size_t limbs, bn_limb* scratch);
// r = base^exponent mod m, for base < m, odd m > 1 whose top limb is not 0, exponent in big-endian bytes.
void bn_core_exp_mod(bn_limb* r, const bn_limb* base, const uint8_t* exponent, size_t exponent_size,
                     const bn_limb* m, size_t limbs, bn_limb* workspace);

#endif
