// Comparison and erasure whose time and effect do not depend on the data.
#ifndef CRYPTO_CONSTANT_TIME_H
#define CRYPTO_CONSTANT_TIME_H

#include <stddef.h>

// 0 if the two ranges hold equal bytes.
int constant_time_compare(const void* a, const void* b, size_t size);
// Sets `size` bytes to zero even if nothing reads them afterwards.
void secure_zero(void* data, size_t size);

#endif
