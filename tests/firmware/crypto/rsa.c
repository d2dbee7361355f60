// RSA signature verification, RFC 8017, up to the configured CRYPTO_RSA_MAX_BITS.
#include "rsa.h"

#include "bignum_core.h"
#include "crypto_config.h"

// The limit is part of this function's code (the check and the size of the workspace), so libraries of
// different configurations do not have the same one, nor the same callers of it in effect.
int rsa_public_operation(const struct rsa_public_key* key, const uint8_t* input, uint8_t* result) {
  bn_limb modulus[CRYPTO_RSA_MAX_LIMBS], number[CRYPTO_RSA_MAX_LIMBS];
  bn_limb workspace[BN_EXP_MOD_WORKSPACE(CRYPTO_RSA_MAX_LIMBS)];
  size_t limbs = (key->modulus_size + 3) / 4;

  if (key->modulus_size == 0 || key->modulus_size > CRYPTO_RSA_MAX_BITS / 8 || key->exponent_size == 0)
    return CRYPTO_ERROR_RANGE;
  bn_core_from_bytes(modulus, limbs, key->modulus, key->modulus_size);
  bn_core_from_bytes(number, limbs, input, key->modulus_size);
  if (modulus[0] % 2 == 0 || modulus[limbs - 1] == 0 || bn_core_compare(number, modulus, limbs) >= 0)
    return CRYPTO_ERROR_RANGE;
  bn_core_exp_mod(number, number, key->exponent, key->exponent_size, modulus, limbs, workspace);
  return bn_core_to_bytes(number, limbs, result, key->modulus_size);
}

int rsa_verify_pkcs1_v15(const struct rsa_public_key* key, const uint8_t digest[SHA256_DIGEST_SIZE],
                         const uint8_t* signature, size_t signature_size) {
  uint8_t encoded[CRYPTO_RSA_MAX_BITS / 8];
  if (signature_size != key->modulus_size)
    return CRYPTO_ERROR_SIGNATURE;
  int status = rsa_public_operation(key, signature, encoded);
  if (status)
    return status;
  return rsa_check_pkcs1_v15_encoding(encoded, signature_size, digest);
}
