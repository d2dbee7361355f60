// Decimal text of 64-bit numbers, which newlib-nano's printf does not offer.
#ifndef PLATFORM_FORMAT_H
#define PLATFORM_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define FORMAT_U64_SIZE 21 // the longest number and its end

// Decimal digits and a final 0; the number of digits.
size_t format_u64(char text[FORMAT_U64_SIZE], uint64_t value);

#endif
