// The bootloader's crypto configuration: signature verification only, RSA up to 3072 bits.
#define CRYPTO_RSA_MAX_BITS 3072
#define CRYPTO_HMAC 0
#define CRYPTO_AES 0
