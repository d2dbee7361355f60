// The group of the curve P-256 and ECDSA verification on it.
//
// FIPS 186-5 (6.4.2: verification), SP 800-186 (3.2.1.3: the domain parameters). Points are in Jacobian
// coordinates (x / z^2, y / z^3) with the formulas of Cohen, Miyaji and Ono; z = 0 is the point at infinity.
// Coordinates are in Montgomery form. Times depend on the numbers: for public values only.
#include "ecdsa_p256.h"

#include "bignum_core.h"
#include "crypto_config.h"

#include <string.h>

#define LIMBS 8
#define BYTES 32

struct point {
  bn_limb x[LIMBS], y[LIMBS], z[LIMBS];
};

// The prime p.
static const bn_limb prime[LIMBS] = {0xffffffff, 0xffffffff, 0xffffffff, 0x00000000,
                                     0x00000000, 0x00000000, 0x00000001, 0xffffffff};
// The order n of the base point.
static const bn_limb order[LIMBS] = {0xfc632551, 0xf3b9cac2, 0xa7179e84, 0xbce6faad,
                                     0xffffffff, 0xffffffff, 0x00000000, 0xffffffff};
// The coefficient b; a is -3.
static const bn_limb curve_b[LIMBS] = {0x27d2604b, 0x3bce3c3e, 0xcc53b0f6, 0x651d06b0,
                                       0x769886bc, 0xb3ebbd55, 0xaa3a93e7, 0x5ac635d8};
// The base point G.
static const bn_limb base_x[LIMBS] = {0xd898c296, 0xf4a13945, 0x2deb33a0, 0x77037d81,
                                      0x63a440f2, 0xf8bce6e5, 0xe12c4247, 0x6b17d1f2};
static const bn_limb base_y[LIMBS] = {0x37bf51f5, 0xcbb64068, 0x6b315ece, 0x2bce3357,
                                      0x7c0f9e16, 0x8ee7eb4a, 0xfe1a7f9b, 0x4fe342e2};

static void multiply(bn_limb* r, const bn_limb* a, const bn_limb* b) {
  bn_limb scratch[LIMBS + 2];
  bn_core_montgomery_multiply(r, a, b, prime, 1, LIMBS, scratch); // p = -1 mod 2^32, so -1/p = 1
}

static void add(bn_limb* r, const bn_limb* a, const bn_limb* b) {
  if (bn_core_add(r, a, b, LIMBS) || bn_core_compare(r, prime, LIMBS) >= 0)
    bn_core_sub(r, r, prime, LIMBS);
}

static void subtract(bn_limb* r, const bn_limb* a, const bn_limb* b) {
  if (bn_core_sub(r, a, b, LIMBS))
    bn_core_add(r, r, prime, LIMBS);
}

static int is_zero(const bn_limb* a) {
  bn_limb any = 0;
  for (unsigned i = 0; i < LIMBS; ++i)
    any |= a[i];
  return any == 0;
}

static void to_montgomery(bn_limb* r, const bn_limb* a) {
  bn_limb rr[LIMBS];
  bn_core_montgomery_square(rr, prime, LIMBS);
  multiply(r, a, rr);
}

static void from_montgomery(bn_limb* r, const bn_limb* a) {
  static const bn_limb one[LIMBS] = {1};
  multiply(r, a, one);
}

// r = 1/a mod m for prime m: a^(m-2).
static void invert(bn_limb* r, const bn_limb* a, const bn_limb* m) {
  bn_limb workspace[BN_EXP_MOD_WORKSPACE(LIMBS)];
  uint8_t exponent[BYTES];
  bn_core_to_bytes(m, LIMBS, exponent, BYTES);
  exponent[BYTES - 1] -= 2; // p and n end in more than 2
  bn_core_exp_mod(r, a, exponent, BYTES, m, LIMBS, workspace);
}

// p = 2 p, for a = -3.
static void double_point(struct point* p) {
  bn_limb delta[LIMBS], gamma[LIMBS], beta[LIMBS], alpha[LIMBS], t[LIMBS];
  multiply(delta, p->z, p->z);
  multiply(gamma, p->y, p->y);
  multiply(beta, p->x, gamma);
  subtract(t, p->x, delta);
  add(alpha, p->x, delta);
  multiply(t, t, alpha);
  add(alpha, t, t);
  add(alpha, alpha, t); // 3 (x - z^2) (x + z^2)

  add(p->z, p->z, p->y);
  multiply(p->z, p->z, p->z);
  subtract(p->z, p->z, gamma);
  subtract(p->z, p->z, delta); // 2 y z

  add(beta, beta, beta);
  add(beta, beta, beta); // 4 x y^2
  multiply(p->x, alpha, alpha);
  subtract(p->x, p->x, beta);
  subtract(p->x, p->x, beta);

  subtract(t, beta, p->x);
  multiply(p->y, alpha, t);
  multiply(gamma, gamma, gamma);
  for (unsigned i = 0; i < 3; ++i)
    add(gamma, gamma, gamma); // 8 y^4
  subtract(p->y, p->y, gamma);
}

// p = p + q.
static void add_point(struct point* p, const struct point* q) {
  bn_limb u[LIMBS], s[LIMBS], h[LIMBS], r[LIMBS], t[LIMBS];
  if (is_zero(q->z))
    return;
  if (is_zero(p->z)) {
    *p = *q;
    return;
  }
  multiply(t, q->z, q->z);
  multiply(u, p->x, t);
  multiply(t, t, q->z);
  multiply(s, p->y, t);
  multiply(t, p->z, p->z);
  multiply(h, q->x, t);
  multiply(t, t, p->z);
  multiply(r, q->y, t);
  subtract(h, h, u);
  subtract(r, r, s);
  if (is_zero(h)) {
    if (is_zero(r))
      double_point(p);
    else
      memset(p, 0, sizeof *p);
    return;
  }
  multiply(p->z, p->z, q->z);
  multiply(p->z, p->z, h);
  multiply(t, h, h);
  multiply(u, u, t); // u1 h^2
  multiply(h, h, t); // h^3
  multiply(p->x, r, r);
  subtract(p->x, p->x, h);
  subtract(p->x, p->x, u);
  subtract(p->x, p->x, u);
  subtract(t, u, p->x);
  multiply(p->y, r, t);
  multiply(s, s, h);
  subtract(p->y, p->y, s);
}

// The point with these affine coordinates, if they are below p and on the curve.
static int load_point(struct point* p, const bn_limb* x, const bn_limb* y) {
  static const bn_limb one[LIMBS] = {1};
  bn_limb left[LIMBS], right[LIMBS], b[LIMBS];
  if (bn_core_compare(x, prime, LIMBS) >= 0 || bn_core_compare(y, prime, LIMBS) >= 0)
    return CRYPTO_ERROR_RANGE;
  to_montgomery(p->x, x);
  to_montgomery(p->y, y);
  to_montgomery(p->z, one);
  to_montgomery(b, curve_b);
  multiply(left, p->y, p->y);
  multiply(right, p->x, p->x);
  multiply(right, right, p->x);
  for (unsigned i = 0; i < 3; ++i)
    subtract(right, right, p->x);
  add(right, right, b);
  return bn_core_compare(left, right, LIMBS) == 0 ? CRYPTO_OK : CRYPTO_ERROR_FORMAT;
}

// sum = a G + b q, bit by bit for both scalars at once.
static void multiply_points(struct point* sum, const bn_limb* a, const bn_limb* b, const struct point* q) {
  struct point g;
  load_point(&g, base_x, base_y);
  memset(sum, 0, sizeof *sum);
  for (unsigned bit = 8 * BYTES; bit-- > 0;) {
    double_point(sum);
    if (a[bit / 32] >> (bit % 32) & 1)
      add_point(sum, &g);
    if (b[bit / 32] >> (bit % 32) & 1)
      add_point(sum, q);
  }
}

// r = a b mod n.
static void multiply_mod_order(bn_limb* r, const bn_limb* a, const bn_limb* b) {
  bn_limb rr[LIMBS], scratch[LIMBS + 2], inverse = bn_core_montgomery_inverse(order[0]);
  bn_core_montgomery_square(rr, order, LIMBS);
  bn_core_montgomery_multiply(rr, a, rr, order, inverse, LIMBS, scratch);
  bn_core_montgomery_multiply(r, rr, b, order, inverse, LIMBS, scratch);
}

static int is_scalar(const bn_limb* a) {
  return !is_zero(a) && bn_core_compare(a, order, LIMBS) < 0;
}

int ecdsa_p256_verify(const uint8_t public_key[ECDSA_P256_KEY_SIZE], const uint8_t digest[BYTES],
                      const uint8_t signature[ECDSA_P256_SIGNATURE_SIZE]) {
  bn_limb r[LIMBS], s[LIMBS], x[LIMBS], y[LIMBS], e[LIMBS];
  struct point q, sum;
  bn_core_from_bytes(x, LIMBS, public_key, BYTES);
  bn_core_from_bytes(y, LIMBS, public_key + BYTES, BYTES);
  bn_core_from_bytes(r, LIMBS, signature, BYTES);
  bn_core_from_bytes(s, LIMBS, signature + BYTES, BYTES);
  bn_core_from_bytes(e, LIMBS, digest, BYTES);
  int status = load_point(&q, x, y);
  if (status)
    return status;
  if (!is_scalar(r) || !is_scalar(s))
    return CRYPTO_ERROR_SIGNATURE;
  if (bn_core_compare(e, order, LIMBS) >= 0)
    bn_core_sub(e, e, order, LIMBS);

  invert(s, s, order);
  multiply_mod_order(e, e, s);
  multiply_mod_order(s, r, s);
  multiply_points(&sum, e, s, &q);
  if (is_zero(sum.z))
    return CRYPTO_ERROR_SIGNATURE;

  from_montgomery(y, sum.z);
  invert(y, y, prime);
  to_montgomery(y, y);
  multiply(y, y, y);
  multiply(x, sum.x, y);
  from_montgomery(x, x);
  if (bn_core_compare(x, order, LIMBS) >= 0)
    bn_core_sub(x, x, order, LIMBS);
  return bn_core_compare(x, r, LIMBS) == 0 ? CRYPTO_OK : CRYPTO_ERROR_SIGNATURE;
}
