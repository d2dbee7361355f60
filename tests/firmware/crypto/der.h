// Reader for the Distinguished Encoding Rules of ASN.1 (ITU-T X.690), as far as keys and signatures need it.
//
// A reader walks a byte range that it does not own. Every function either consumes one element and returns
// CRYPTO_OK, or returns CRYPTO_ERROR_FORMAT and leaves the reader where it was.
#ifndef CRYPTO_DER_H
#define CRYPTO_DER_H

#include <stddef.h>
#include <stdint.h>

#define DER_INTEGER 0x02
#define DER_BIT_STRING 0x03
#define DER_OCTET_STRING 0x04
#define DER_NULL 0x05
#define DER_OBJECT_IDENTIFIER 0x06
#define DER_SEQUENCE 0x30

struct der_reader {
  const uint8_t* at;
  const uint8_t* end;
};

// The element with this tag: its contents, as a reader of their own.
int der_read(struct der_reader* reader, uint8_t tag, struct der_reader* contents);
// A non-negative INTEGER without its leading zero byte.
int der_read_unsigned(struct der_reader* reader, const uint8_t** bytes, size_t* size);
// A BIT STRING of whole bytes.
int der_read_bit_string(struct der_reader* reader, struct der_reader* contents);
// An element that must have exactly these contents.
int der_expect(struct der_reader* reader, uint8_t tag, const void* bytes, size_t size);

#endif
