// Known answers of the algorithms that only the firmware's configuration has. Texts are in hexadecimal.
#include "vectors.h"

#include "aes.h"
#include "constant_time.h"
#include "crypto_config.h"
#include "hex.h"
#include "hkdf.h"
#include "hmac_sha256.h"

#include <string.h>

struct hmac_vector {
  const char *name, *key, *data, *mac;
};

// RFC 4231, 4.2 to 4.8 without the truncated one.
static const struct hmac_vector hmac_table[] = {
    {"hmac-rfc4231-1", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"hmac-rfc4231-2", "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"hmac-rfc4231-3", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
     "dddddddddddd",
     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    {"hmac-rfc4231-4", "0102030405060708090a0b0c0d0e0f10111213141516171819",
     "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
     "cdcdcdcdcdcd",
     "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
    {"hmac-rfc4231-6",
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368"
     "204b6579204669727374",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {"hmac-rfc4231-7",
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f636b2d73697a"
     "65206b657920616e642061206c6172676572207468616e20626c6f636b2d73697a6520646174612e20546865"
     "206b6579206e6565647320746f20626520686173686564206265666f7265206265696e672075736564206279"
     "2074686520484d414320616c676f726974686d2e",
     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
};

void hmac_vectors(self_test_report report) {
  uint8_t key[160], data[160], expected[SHA256_DIGEST_SIZE], mac[SHA256_DIGEST_SIZE];
  for (size_t i = 0; i < sizeof hmac_table / sizeof *hmac_table; ++i) {
    const struct hmac_vector* vector = &hmac_table[i];
    struct hmac_sha256_context context;
    size_t size = parse_hex(data, sizeof data, vector->data);
    hmac_sha256_init(&context, key, parse_hex(key, sizeof key, vector->key));
    hmac_sha256_update(&context, data, size / 2);
    hmac_sha256_update(&context, data + size / 2, size - size / 2);
    hmac_sha256_final(&context, mac);
    report(vector->name, parse_hex(expected, sizeof expected, vector->mac) == sizeof mac &&
                             constant_time_compare(mac, expected, sizeof mac) == 0);
  }
}

// RFC 5869, A.1.
void hkdf_vectors(self_test_report report) {
  static const char expected_text[] =
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";
  uint8_t secret[22], salt[13], info[10], output[42], expected[42];
  memset(secret, 0x0b, sizeof secret);
  for (unsigned i = 0; i < sizeof salt; ++i)
    salt[i] = (uint8_t)i;
  for (unsigned i = 0; i < sizeof info; ++i)
    info[i] = (uint8_t)(0xf0 + i);
  int status =
      hkdf_sha256(salt, sizeof salt, secret, sizeof secret, info, sizeof info, output, sizeof output);
  report("hkdf-rfc5869-1", status == CRYPTO_OK &&
                               parse_hex(expected, sizeof expected, expected_text) == sizeof expected &&
                               constant_time_compare(output, expected, sizeof output) == 0);
}

// FIPS 197, C.1.
static int block_matches(void) {
  struct aes128_key key;
  uint8_t bytes[AES128_KEY_SIZE], block[AES_BLOCK_SIZE], expected[AES_BLOCK_SIZE];
  parse_hex(bytes, sizeof bytes, "000102030405060708090a0b0c0d0e0f");
  parse_hex(block, sizeof block, "00112233445566778899aabbccddeeff");
  parse_hex(expected, sizeof expected, "69c4e0d86a7b0430d8cdb78070b4c55a");
  aes128_set_key(&key, bytes);
  aes128_encrypt_block(&key, block, block);
  return constant_time_compare(block, expected, sizeof block) == 0;
}

// A thousand encryptions, each of the result before, with a key of zeros: visits every entry of the S-box, in
// the manner of the Monte Carlo tests of the AES Algorithm Validation Suite.
static const char aes_chain[] = "adc883cf76c234032f31b33734aa4b51";

static int chain_matches(void) {
  struct aes128_key key;
  uint8_t block[AES_BLOCK_SIZE] = {0}, expected[AES_BLOCK_SIZE];
  aes128_set_key(&key, block);
  for (unsigned i = 0; i < 1000; ++i)
    aes128_encrypt_block(&key, block, block);
  return parse_hex(expected, sizeof expected, aes_chain) == sizeof expected &&
         constant_time_compare(block, expected, sizeof block) == 0;
}

// SP 800-38A, F.5.1 and F.5.2, in pieces that do not end at blocks.
static const char ctr_plain[] =
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc119"
    "1a0a52eff69f2445df4f9b17ad2b417be66c3710";
static const char ctr_cipher[] =
    "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff5ae4df3edbd5d35e5b4f0902"
    "0db03eab1e031dda2fbe03d1792170a0f3009cee";

static int counter_mode_matches(const char* from, const char* to) {
  struct aes128_ctr_context context;
  uint8_t key[AES128_KEY_SIZE], counter[AES_BLOCK_SIZE], text[64], expected[64];
  parse_hex(key, sizeof key, "2b7e151628aed2a6abf7158809cf4f3c");
  parse_hex(counter, sizeof counter, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
  parse_hex(text, sizeof text, from);
  parse_hex(expected, sizeof expected, to);
  aes128_ctr_init(&context, key, counter);
  for (size_t at = 0, part = 1; at < sizeof text;
       at += part, part = at + 2 * part < sizeof text ? 2 * part : sizeof text - at)
    aes128_ctr_crypt(&context, text + at, text + at, part);
  secure_zero(&context, sizeof context);
  return constant_time_compare(text, expected, sizeof text) == 0;
}

void aes_vectors(self_test_report report) {
  report("aes128-fips197", block_matches());
  report("aes128-chain", chain_matches());
  report("aes128-ctr-encrypt", counter_mode_matches(ctr_plain, ctr_cipher));
  report("aes128-ctr-decrypt", counter_mode_matches(ctr_cipher, ctr_plain));
}
