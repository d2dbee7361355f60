// Reader for the Distinguished Encoding Rules of ASN.1. Section numbers are of ITU-T X.690.
#include "der.h"

#include "crypto_config.h"

#include <string.h>

// 8.1.3: one byte below 0x80, or 0x80 + n and n bytes, big-endian.
// DER wants the shortest form (10.1). Revision 1 of the bootloader accepts any; VARIANT_DER_SHORTEST_LENGTH
// is the fix.
static int read_length(struct der_reader* reader, size_t* length) {
  if (reader->at == reader->end)
    return CRYPTO_ERROR_FORMAT;
  uint8_t first = *reader->at++;
  size_t value = first;
  if (first & 0x80) {
    unsigned count = first & 0x7f;
    if (count == 0 || count > 3 || (size_t)(reader->end - reader->at) < count)
      return CRYPTO_ERROR_FORMAT;
    value = 0;
    for (unsigned i = 0; i < count; ++i)
      value = value << 8 | *reader->at++;
#ifdef VARIANT_DER_SHORTEST_LENGTH
    if (value < 0x80 || value >> (8 * (count - 1)) == 0)
      return CRYPTO_ERROR_FORMAT;
#endif
  }
  if (value > (size_t)(reader->end - reader->at))
    return CRYPTO_ERROR_FORMAT;
  *length = value;
  return CRYPTO_OK;
}

int der_read(struct der_reader* reader, uint8_t tag, struct der_reader* contents) {
  struct der_reader next = *reader;
  size_t length;
  if (next.at == next.end || *next.at != tag)
    return CRYPTO_ERROR_FORMAT;
  ++next.at;
  if (read_length(&next, &length))
    return CRYPTO_ERROR_FORMAT;
  contents->at = next.at;
  contents->end = next.at + length;
  reader->at = contents->end;
  return CRYPTO_OK;
}

// 8.3: two's complement, so a leading zero byte if the top bit would be set.
int der_read_unsigned(struct der_reader* reader, const uint8_t** bytes, size_t* size) {
  struct der_reader next = *reader, number;
  if (der_read(&next, DER_INTEGER, &number) || number.at == number.end || *number.at & 0x80)
    return CRYPTO_ERROR_FORMAT;
  while (number.at < number.end && *number.at == 0)
    ++number.at;
  *bytes = number.at;
  *size = (size_t)(number.end - number.at);
  *reader = next;
  return CRYPTO_OK;
}

// 8.6: the first byte counts the unused bits of the last.
int der_read_bit_string(struct der_reader* reader, struct der_reader* contents) {
  struct der_reader next = *reader, bits;
  if (der_read(&next, DER_BIT_STRING, &bits) || bits.at == bits.end || *bits.at != 0)
    return CRYPTO_ERROR_FORMAT;
  contents->at = bits.at + 1;
  contents->end = bits.end;
  *reader = next;
  return CRYPTO_OK;
}

int der_expect(struct der_reader* reader, uint8_t tag, const void* bytes, size_t size) {
  struct der_reader next = *reader, contents;
  if (der_read(&next, tag, &contents) || (size_t)(contents.end - contents.at) != size ||
      memcmp(contents.at, bytes, size) != 0)
    return CRYPTO_ERROR_FORMAT;
  *reader = next;
  return CRYPTO_OK;
}
