// Public keys (SubjectPublicKeyInfo, RFC 5280) and signatures of the test keys.
#ifndef KEYS_TEST_KEYS_H
#define KEYS_TEST_KEYS_H

#include <stddef.h>
#include <stdint.h>

struct test_bytes {
  const uint8_t* bytes;
  size_t size;
};

// The key that firmware images are signed with.
extern const struct test_bytes signing_public_key;
// Keys of known-answer tests, each with its signature of the message "abc".
extern const struct test_bytes test_rsa2048_public_key, test_rsa2048_signature;
extern const struct test_bytes test_rsa4096_public_key, test_rsa4096_signature;

#endif
