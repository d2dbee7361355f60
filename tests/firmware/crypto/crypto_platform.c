// The allocator of the crypto library, behind function pointers in shared RAM.
#include "crypto_platform.h"

#include "constant_time.h"

#include <stdlib.h>

#ifdef VARIANT_ROMLINK_SHARES // then romlink finds them in the ROM
#define IN_SHARED_RAM
#else
#define IN_SHARED_RAM __attribute__((section(".shared_ram")))
#endif
crypto_calloc_function crypto_calloc_ptr IN_SHARED_RAM = calloc;
crypto_free_function crypto_free_ptr IN_SHARED_RAM = free;

void crypto_platform_set_allocator(crypto_calloc_function calloc_function,
                                   crypto_free_function free_function) {
  crypto_calloc_ptr = calloc_function;
  crypto_free_ptr = free_function;
}

void* crypto_calloc(size_t count, size_t size) {
  return crypto_calloc_ptr(count, size);
}

void crypto_free(void* memory, size_t size) {
  if (!memory)
    return;
  secure_zero(memory, size);
  crypto_free_ptr(memory);
}
