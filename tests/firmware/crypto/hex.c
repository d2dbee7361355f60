// Bytes as hexadecimal text (base 16 of RFC 4648, in lower case) and back.
#include "hex.h"

#include <string.h>

void format_hex(char* text, const uint8_t* bytes, size_t size) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < size; ++i) {
    *text++ = digits[bytes[i] >> 4];
    *text++ = digits[bytes[i] & 15];
  }
  *text = 0;
}

static int digit_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t parse_hex(uint8_t* bytes, size_t capacity, const char* text) {
  size_t size = strlen(text) / 2;
  if (size > capacity || text[2 * size])
    return 0;
  for (size_t i = 0; i < size; ++i) {
    int high = digit_value(text[2 * i]), low = digit_value(text[2 * i + 1]);
    if (high < 0 || low < 0)
      return 0;
    bytes[i] = (uint8_t)(high << 4 | low);
  }
  return size;
}
