// The allocator of the crypto library.
//
// The library reaches it through two function pointers in the RAM that bootloader and firmware share: the
// section .shared_ram, at the same address in both images. So bootloader code that the firmware calls
// allocates from the firmware's heap once the firmware has set them. The bootloader loads their initial
// values (calloc and free); the firmware reserves the section without contents and calls
// crypto_platform_set_allocator.
#ifndef CRYPTO_CRYPTO_PLATFORM_H
#define CRYPTO_CRYPTO_PLATFORM_H

#include <stddef.h>

typedef void* (*crypto_calloc_function)(size_t count, size_t size);
typedef void (*crypto_free_function)(void* memory);

extern crypto_calloc_function crypto_calloc_ptr;
extern crypto_free_function crypto_free_ptr;

void crypto_platform_set_allocator(crypto_calloc_function calloc_function,
                                   crypto_free_function free_function);

// Memory set to zero, or NULL.
void* crypto_calloc(size_t count, size_t size);
// Erases the memory before it gives it back. NULL is fine.
void crypto_free(void* memory, size_t size);

#endif
