// HKDF with SHA-256 (RFC 5869). Only if CRYPTO_HMAC.
#ifndef CRYPTO_HKDF_H
#define CRYPTO_HKDF_H

#include <stddef.h>
#include <stdint.h>

// CRYPTO_ERROR_RANGE if more than 255 * 32 bytes are asked for.
int hkdf_sha256(const void* salt, size_t salt_size, const void* secret, size_t secret_size, const void* info,
                size_t info_size, uint8_t* output, size_t output_size);

#endif
