// Comparison and erasure whose time and effect do not depend on the data.
#include "constant_time.h"

#include <stdint.h>
#include <string.h>

int constant_time_compare(const void* a, const void* b, size_t size) {
  const volatile uint8_t *x = a, *y = b;
  unsigned difference = 0;
  for (size_t i = 0; i < size; ++i) {
    uint8_t p = x[i], q = y[i];
    difference |= p ^ q;
  }
  return (int)difference;
}

void secure_zero(void* data, size_t size) {
  memset(data, 0, size);
  __asm__ volatile("" : : "r"(data) : "memory"); // the stores count as read
}
