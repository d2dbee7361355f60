// RSA signature verification with PKCS #1 v1.5 encoding and SHA-256 (RFC 8017).
#ifndef CRYPTO_RSA_H
#define CRYPTO_RSA_H

#include "sha256.h"

#include <stddef.h>
#include <stdint.h>

// Numbers are big-endian bytes without leading zeros, owned by whoever made the key.
struct rsa_public_key {
  const uint8_t* modulus;
  size_t modulus_size;
  const uint8_t* exponent;
  size_t exponent_size;
};

// A SubjectPublicKeyInfo (RFC 5280, 4.1) that holds an RSA key (RFC 8017, A.1.1). The key points into `der`.
int rsa_parse_public_key(struct rsa_public_key* key, const uint8_t* der, size_t size);

// result = input^exponent mod modulus: RSAVP1, RFC 8017 5.2.2. `input` and `result` have modulus_size bytes.
// CRYPTO_ERROR_RANGE for a modulus above CRYPTO_RSA_MAX_BITS, an even one, or an input that is not below it.
int rsa_public_operation(const struct rsa_public_key* key, const uint8_t* input, uint8_t* result);

// RSASSA-PKCS1-V1_5-VERIFY, RFC 8017 8.2.2, from the message's digest on.
int rsa_verify_pkcs1_v15(const struct rsa_public_key* key, const uint8_t digest[SHA256_DIGEST_SIZE],
                         const uint8_t* signature, size_t signature_size);

// Whether `encoded` is the EMSA-PKCS1-v1_5 encoding of the digest, RFC 8017 9.2.
int rsa_check_pkcs1_v15_encoding(const uint8_t* encoded, size_t size,
                                 const uint8_t digest[SHA256_DIGEST_SIZE]);

#endif
