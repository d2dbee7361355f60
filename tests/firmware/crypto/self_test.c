// Known-answer tests of SHA-256, the DER reader and the big-number core.
#include "self_test.h"

#include "bignum_core.h"
#include "constant_time.h"
#include "crypto_config.h"
#include "der.h"
#include "hex.h"
#include "sha256.h"

#include <string.h>

struct digest_vector {
  const char* name;
  const char* message;
  unsigned repeat; // how often the message is hashed, one after the other
  const char* digest;
};

// FIPS 180-4, example values published with the standard (SHA256.pdf), and the empty message.
static const struct digest_vector digest_vectors[] = {
    {"sha256-empty", "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"sha256-abc", "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"sha256-448-bits", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"sha256-896-bits",
     "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrs"
     "tnopqrstu",
     1, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    {"sha256-million", "aaaaaaaaaaaaaaaaaaaa", 50000,
     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};

static int digest_matches(const struct digest_vector* vector) {
  struct sha256_context context;
  uint8_t digest[SHA256_DIGEST_SIZE], expected[SHA256_DIGEST_SIZE];
  size_t size = strlen(vector->message);
  sha256_init(&context);
  for (unsigned i = 0; i < vector->repeat; ++i)
    sha256_update(&context, vector->message, size);
  sha256_final(&context, digest);
  return parse_hex(expected, sizeof expected, vector->digest) == sizeof expected &&
         constant_time_compare(digest, expected, sizeof digest) == 0;
}

void sha256_self_test(self_test_report report, int with_long) {
  const struct digest_vector* end = digest_vectors + sizeof digest_vectors / sizeof *digest_vectors;
  for (const struct digest_vector* vector = digest_vectors; vector < end; ++vector)
    if (with_long || vector->repeat == 1)
      report(vector->name, digest_matches(vector));
}

// Fermat: 3^(p-1) = 1 mod p for the prime p = 2^255 - 19; and 3^p = 3.
void bignum_self_test(self_test_report report) {
  enum { LIMBS = 8 };
  uint8_t prime[32], power[32];
  bn_limb p[LIMBS], x[LIMBS], workspace[BN_EXP_MOD_WORKSPACE(LIMBS)];
  memset(prime, 0xff, sizeof prime);
  prime[0] = 0x7f;
  prime[31] = 0xed;
  bn_core_from_bytes(p, LIMBS, prime, sizeof prime);
  memset(x, 0, sizeof x);
  x[0] = 3;
  bn_core_exp_mod(x, x, prime, sizeof prime, p, LIMBS, workspace);
  int passed = bn_core_to_bytes(x, LIMBS, power, sizeof power) == CRYPTO_OK && power[31] == 3;
  prime[31] -= 1;
  bn_core_exp_mod(x, x, prime, sizeof prime, p, LIMBS, workspace);
  passed &= bn_core_to_bytes(x, LIMBS, power, sizeof power) == CRYPTO_OK && power[31] == 1;
  for (unsigned i = 0; i < 31; ++i)
    passed &= power[i] == 0;
  report("bignum-fermat", passed);

  passed =
      bn_core_sub(x, x, p, LIMBS) == 1 && bn_core_add(x, x, p, LIMBS) == 1 && x[0] == 1 && x[LIMBS - 1] == 0;
  report("bignum-carry", passed);
}

void der_self_test(self_test_report report) {
  static const uint8_t good[] = {0x30, 0x07, 0x02, 0x02, 0x00, 0x81, 0x03, 0x01, 0x00};
  static const uint8_t overlong[] = {0x30, 0x06, 0x02, 0x02, 0x00};
  static const uint8_t negative[] = {0x02, 0x01, 0x80};
  struct der_reader reader = {good, good + sizeof good}, contents, bits;
  const uint8_t* number;
  size_t size;
  report("der-sequence", der_read(&reader, DER_SEQUENCE, &contents) == CRYPTO_OK && reader.at == reader.end &&
                             der_read_unsigned(&contents, &number, &size) == CRYPTO_OK && size == 1 &&
                             *number == 0x81 && der_read_bit_string(&contents, &bits) == CRYPTO_OK &&
                             bits.at == bits.end && contents.at == contents.end);
  reader = (struct der_reader){overlong, overlong + sizeof overlong};
  report("der-overlong",
         der_read(&reader, DER_SEQUENCE, &contents) == CRYPTO_ERROR_FORMAT && reader.at == overlong);
  reader = (struct der_reader){negative, negative + sizeof negative};
  report("der-negative", der_read_unsigned(&reader, &number, &size) == CRYPTO_ERROR_FORMAT);
}
