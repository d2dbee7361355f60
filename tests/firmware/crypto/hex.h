// Bytes as hexadecimal text (base 16 of RFC 4648, in lower case) and back.
#ifndef CRYPTO_HEX_H
#define CRYPTO_HEX_H

#include <stddef.h>
#include <stdint.h>

// Two lower-case digits for each byte and a final 0: 2 size + 1 characters.
void format_hex(char* text, const uint8_t* bytes, size_t size);
// Inverse of format_hex: the number of bytes, or 0 if a character is no digit or they do not fit.
size_t parse_hex(uint8_t* bytes, size_t capacity, const char* text);

#endif
