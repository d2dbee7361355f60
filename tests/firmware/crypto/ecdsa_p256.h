// ECDSA signature verification on the curve P-256 (FIPS 186-5, 6.4.2).
#ifndef CRYPTO_ECDSA_P256_H
#define CRYPTO_ECDSA_P256_H

#include <stdint.h>

#define ECDSA_P256_KEY_SIZE 64       // x and y
#define ECDSA_P256_SIGNATURE_SIZE 64 // r and s

// Numbers are big-endian, 32 bytes each. CRYPTO_OK, or why not.
int ecdsa_p256_verify(const uint8_t public_key[ECDSA_P256_KEY_SIZE], const uint8_t digest[32],
                      const uint8_t signature[ECDSA_P256_SIGNATURE_SIZE]);

#endif
