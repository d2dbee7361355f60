// Configuration of the crypto library: the build names one of config/*.h with -DCRYPTO_CONFIG_FILE.
//
// One set of sources serves the bootloader and the firmware; the file chosen here says how much of it each
// gets:
//   CRYPTO_RSA_MAX_BITS   longest RSA modulus that rsa.c accepts; sizes its workspace on the stack
//   CRYPTO_HMAC, CRYPTO_AES   1 if the library offers HMAC-SHA-256, AES-128
#ifndef CRYPTO_CONFIG_H
#define CRYPTO_CONFIG_H

#include CRYPTO_CONFIG_FILE

#define CRYPTO_RSA_MAX_LIMBS (CRYPTO_RSA_MAX_BITS / 32)

// Result of every function that can fail. 0 is success, as in C's standard library.
enum crypto_status {
  CRYPTO_OK = 0,
  CRYPTO_ERROR_FORMAT = -1,    // malformed encoding
  CRYPTO_ERROR_RANGE = -2,     // a number is too long for this configuration, or not below its modulus
  CRYPTO_ERROR_SIGNATURE = -3, // well-formed, but the signature does not verify
  CRYPTO_ERROR_MEMORY = -4,    // the allocator gave nothing
};

#endif
