// Driver of a memory-mapped NOR flash: reads at any address, programming clears bits, erasure sets a sector
// to ones.
//
// On the emulated boards the flash is RAM, so the driver itself keeps the rules that real flash imposes.
#ifndef PLATFORM_FLASH_H
#define PLATFORM_FLASH_H

#include <stddef.h>
#include <stdint.h>

#define FLASH_PROGRAM_UNIT 4

struct flash_area {
  uintptr_t base;
  size_t size;
  size_t sector_size;
};

enum flash_status {
  FLASH_OK = 0,
  FLASH_ERROR_RANGE = -1,     // outside the area
  FLASH_ERROR_ALIGNMENT = -2, // not a multiple of the programming unit, or of the sector
  FLASH_ERROR_NOT_ERASED = -3 // programming would have to set a bit
};

int flash_read(const struct flash_area* area, size_t offset, void* data, size_t size);
int flash_program(const struct flash_area* area, size_t offset, const void* data, size_t size);
int flash_erase(const struct flash_area* area, size_t offset, size_t size);

#endif
