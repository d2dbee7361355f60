// Driver of a memory-mapped NOR flash.
#include "flash.h"

#include <string.h>

static int is_inside(const struct flash_area* area, size_t offset, size_t size) {
  return offset <= area->size && size <= area->size - offset;
}

int flash_read(const struct flash_area* area, size_t offset, void* data, size_t size) {
  if (!is_inside(area, offset, size))
    return FLASH_ERROR_RANGE;
  memcpy(data, (const void*)(area->base + offset), size);
  return FLASH_OK;
}

int flash_program(const struct flash_area* area, size_t offset, const void* data, size_t size) {
  volatile uint8_t* to = (volatile uint8_t*)(area->base + offset);
  const uint8_t* from = data;
  if (!is_inside(area, offset, size))
    return FLASH_ERROR_RANGE;
  if (offset % FLASH_PROGRAM_UNIT || size % FLASH_PROGRAM_UNIT)
    return FLASH_ERROR_ALIGNMENT;
  for (size_t i = 0; i < size; ++i)
    if (from[i] & ~to[i])
      return FLASH_ERROR_NOT_ERASED;
  for (size_t i = 0; i < size; ++i)
    to[i] = from[i];
  return FLASH_OK;
}

int flash_erase(const struct flash_area* area, size_t offset, size_t size) {
  if (!is_inside(area, offset, size))
    return FLASH_ERROR_RANGE;
  if (offset % area->sector_size || size % area->sector_size)
    return FLASH_ERROR_ALIGNMENT;
  memset((void*)(area->base + offset), 0xff, size);
  return FLASH_OK;
}
