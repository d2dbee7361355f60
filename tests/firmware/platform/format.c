// Decimal text of 64-bit numbers. Division of 64-bit numbers comes from libgcc (__aeabi_uldivmod of the Arm
// run-time ABI).
#include "format.h"

size_t format_u64(char text[FORMAT_U64_SIZE], uint64_t value) {
  char reversed[FORMAT_U64_SIZE];
  size_t size = 0;
  do {
    reversed[size++] = (char)('0' + value % 10);
    value /= 10;
  } while (value);
  for (size_t i = 0; i < size; ++i)
    text[i] = reversed[size - 1 - i];
  text[size] = 0;
  return size;
}
