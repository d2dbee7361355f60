// The firmware's crypto configuration: all features, RSA up to 4096 bits.
#define CRYPTO_RSA_MAX_BITS 4096
#define CRYPTO_HMAC 1
#define CRYPTO_AES 1
