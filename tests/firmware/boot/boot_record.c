// The record that the bootloader leaves for the firmware.
#include "boot_record.h"

#include "memory_map.h"

int boot_record_write(const struct flash_area* storage, const struct boot_record* record) {
  int status = flash_erase(storage, BOOT_RECORD_OFFSET, storage->sector_size);
  return status ? status : flash_program(storage, BOOT_RECORD_OFFSET, record, sizeof *record);
}

int boot_record_read(const struct flash_area* storage, struct boot_record* record) {
  int status = flash_read(storage, BOOT_RECORD_OFFSET, record, sizeof *record);
  if (status == FLASH_OK && record->magic != BOOT_RECORD_MAGIC)
    status = FLASH_ERROR_RANGE;
  return status;
}
