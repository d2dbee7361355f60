// Known-answer tests of SHA-512 (FIPS 180-4) and of ECDSA verification on P-256 (FIPS 186-5, vectors of RFC
// 6979).
#include "self_test.h"

#include "constant_time.h"
#include "crypto_config.h"
#include "ecdsa_p256.h"
#include "hex.h"
#include "sha256.h"
#include "sha512.h"

#include <string.h>

// FIPS 180-4, example values published with the standard (SHA512.pdf): one and two blocks.
static const char* const sha512_messages[] = {"abc",
                                              "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklm"
                                              "noijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"};
static const char* const sha512_digests[] = {
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
    "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909"};

void sha512_self_test(self_test_report report) {
  uint8_t digest[SHA512_DIGEST_SIZE], expected[SHA512_DIGEST_SIZE];
  struct sha512_context context;
  for (unsigned i = 0; i < 2; ++i) {
    const char* message = sha512_messages[i];
    sha512_init(&context);
    sha512_update(&context, message, 1);
    sha512_update(&context, message + 1, strlen(message) - 1);
    sha512_final(&context, digest);
    report(i == 0 ? "sha512-abc" : "sha512-896-bits",
           parse_hex(expected, sizeof expected, sha512_digests[i]) == sizeof expected &&
               constant_time_compare(digest, expected, sizeof digest) == 0);
  }
}

// RFC 6979, A.2.5: the key, and its signature of "sample" with SHA-256.
static const char ecdsa_key[] = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                                "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
static const char ecdsa_signature[] = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                                      "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";

void ecdsa_p256_self_test(self_test_report report) {
  uint8_t key[ECDSA_P256_KEY_SIZE], signature[ECDSA_P256_SIGNATURE_SIZE], digest[SHA256_DIGEST_SIZE];
  parse_hex(key, sizeof key, ecdsa_key);
  parse_hex(signature, sizeof signature, ecdsa_signature);
  sha256("sample", 6, digest);
  report("ecdsa-p256-verify", ecdsa_p256_verify(key, digest, signature) == CRYPTO_OK);
  signature[63] ^= 1;
  report("ecdsa-p256-wrong-signature", ecdsa_p256_verify(key, digest, signature) == CRYPTO_ERROR_SIGNATURE);
  key[0] ^= 1;
  report("ecdsa-p256-wrong-key", ecdsa_p256_verify(key, digest, signature) == CRYPTO_ERROR_FORMAT);
}
