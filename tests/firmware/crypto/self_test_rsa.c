// Known-answer tests of RSA signature verification (RFC 8017) with the test keys.
#include "self_test.h"

#include "crypto_config.h"
#include "public_key.h"
#include "test_keys.h"

#include <string.h>

struct signature_vector {
  const char* names[3];
  const struct test_bytes *key, *signature;
  size_t bits;
};

static const struct signature_vector rsa2048 = {
    {"rsa2048-verify", "rsa2048-wrong-message", "rsa2048-wrong-signature"},
    &test_rsa2048_public_key,
    &test_rsa2048_signature,
    2048};
static const struct signature_vector rsa4096 = {
    {"rsa4096-verify", "rsa4096-wrong-message", "rsa4096-wrong-signature"},
    &test_rsa4096_public_key,
    &test_rsa4096_signature,
    4096};

static void run(const struct signature_vector* vector, self_test_report report) {
  const uint8_t* signature = vector->signature->bytes;
  size_t size = vector->signature->size;
  uint8_t digest[32] = {0};
  struct public_key* key = NULL;
  int status = public_key_import(&key, vector->key->bytes, vector->key->size);
  report(vector->names[0], status == CRYPTO_OK && public_key_bits(key) == vector->bits &&
                               public_key_verify(key, "abc", 3, signature, size) == CRYPTO_OK);
  report(vector->names[1],
         status == CRYPTO_OK && public_key_verify(key, "abd", 3, signature, size) == CRYPTO_ERROR_SIGNATURE);
  report(vector->names[2],
         status == CRYPTO_OK &&
             public_key_verify_digest(key, digest, signature, size - 1) == CRYPTO_ERROR_SIGNATURE);
  public_key_free(key);
}

void rsa2048_self_test(self_test_report report) {
  run(&rsa2048, report);
}

void rsa4096_self_test(self_test_report report) {
  run(&rsa4096, report);
}
