// Known-answer tests of the crypto library.
#ifndef CRYPTO_SELF_TEST_H
#define CRYPTO_SELF_TEST_H

// Called with the result of each test, in order.
typedef void (*self_test_report)(const char* name, int passed);

// FIPS 180-4 examples; the long one (a million letters) only if asked for.
void sha256_self_test(self_test_report report, int with_long);
void sha512_self_test(self_test_report report);
// Arithmetic with a known result and without a modulus of its own.
void bignum_self_test(self_test_report report);
// X.690 encodings, good and bad.
void der_self_test(self_test_report report);
// RFC 6979, A.2.5: right and wrong.
void ecdsa_p256_self_test(self_test_report report);
// RSASSA-PKCS1-v1_5 signatures of the test keys: right, wrong digest, wrong signature.
void rsa2048_self_test(self_test_report report);
// A key that is longer than the bootloader's configuration allows.
void rsa4096_self_test(self_test_report report);

#endif
