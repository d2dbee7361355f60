// Public keys that live in allocated memory: import, use, give back.
#ifndef CRYPTO_PUBLIC_KEY_H
#define CRYPTO_PUBLIC_KEY_H

#include <stddef.h>
#include <stdint.h>

struct public_key;

// A copy of the key in a SubjectPublicKeyInfo (RFC 5280, 4.1).
int public_key_import(struct public_key** key, const uint8_t* der, size_t size);
// NULL is fine.
void public_key_free(struct public_key* key);

size_t public_key_bits(const struct public_key* key);
// RSASSA-PKCS1-v1_5 with SHA-256 over the whole message.
int public_key_verify(const struct public_key* key, const void* message, size_t message_size,
                      const uint8_t* signature, size_t signature_size);
int public_key_verify_digest(const struct public_key* key, const uint8_t* digest, const uint8_t* signature,
                             size_t signature_size);

#endif
