// The firmware's own tests, beyond the self tests of the crypto library.
#ifndef SPE_VECTORS_H
#define SPE_VECTORS_H

#include "self_test.h"

// HMAC-SHA-256 (RFC 4231), HKDF (RFC 5869), AES-128 (FIPS 197) and its counter mode (SP 800-38A).
void hmac_vectors(self_test_report report);
void hkdf_vectors(self_test_report report);
void aes_vectors(self_test_report report);

// The image that is running, as the bootloader left it.
void image_vectors(self_test_report report);
// Flash driver and key-value store.
void storage_vectors(self_test_report report);
// 64-bit arithmetic (libgcc), and what the firmware uses of newlib.
void arithmetic_vectors(self_test_report report);
void library_vectors(self_test_report report);

#endif
