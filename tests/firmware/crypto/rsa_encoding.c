// The encodings of RSA keys and signatures: RFC 8017, 9.2 and A.1.1; RFC 5280, 4.1.
#include "constant_time.h"
#include "crypto_config.h"
#include "der.h"
#include "rsa.h"

#include <string.h>

// 1.2.840.113549.1.1.1, RFC 8017 A.1.
static const uint8_t rsa_encryption_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};

// DigestInfo of SHA-256 up to the digest, RFC 8017 9.2 note 1.
static const uint8_t digest_info[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                      0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};

int rsa_parse_public_key(struct rsa_public_key* key, const uint8_t* der, size_t size) {
  struct der_reader reader = {der, der + size}, info, algorithm, bits, numbers;
  if (der_read(&reader, DER_SEQUENCE, &info) || reader.at != reader.end ||
      der_read(&info, DER_SEQUENCE, &algorithm) ||
      der_expect(&algorithm, DER_OBJECT_IDENTIFIER, rsa_encryption_oid, sizeof rsa_encryption_oid) ||
      der_expect(&algorithm, DER_NULL, "", 0) || der_read_bit_string(&info, &bits) ||
      der_read(&bits, DER_SEQUENCE, &numbers) ||
      der_read_unsigned(&numbers, &key->modulus, &key->modulus_size) ||
      der_read_unsigned(&numbers, &key->exponent, &key->exponent_size) || numbers.at != numbers.end)
    return CRYPTO_ERROR_FORMAT;
  return CRYPTO_OK;
}

// 0x00 0x01 0xff ... 0xff 0x00 DigestInfo digest, with at least eight 0xff.
int rsa_check_pkcs1_v15_encoding(const uint8_t* encoded, size_t size,
                                 const uint8_t digest[SHA256_DIGEST_SIZE]) {
  const size_t tail = sizeof digest_info + SHA256_DIGEST_SIZE;
  unsigned difference;
  if (size < tail + 11)
    return CRYPTO_ERROR_SIGNATURE;
  difference = encoded[0] | (encoded[1] ^ 0x01) | encoded[size - tail - 1];
  for (size_t i = 2; i < size - tail - 1; ++i)
    difference |= encoded[i] ^ 0xff;
  difference |= (unsigned)constant_time_compare(encoded + size - tail, digest_info, sizeof digest_info);
  difference |=
      (unsigned)constant_time_compare(encoded + size - SHA256_DIGEST_SIZE, digest, SHA256_DIGEST_SIZE);
  return difference ? CRYPTO_ERROR_SIGNATURE : CRYPTO_OK;
}
