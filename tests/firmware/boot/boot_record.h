// What the bootloader tells the firmware about the boot: a record at the start of the storage flash, in the
// manner of a measured boot (Arm PSA Security Model: the boot state).
#ifndef BOOT_BOOT_RECORD_H
#define BOOT_BOOT_RECORD_H

#include "image.h"

#define BOOT_RECORD_MAGIC 0x544f4f42

struct boot_record {
  uint32_t magic;
  struct image_version version;
  uint8_t digest[SHA256_DIGEST_SIZE];
};

int boot_record_write(const struct flash_area* storage, const struct boot_record* record);
int boot_record_read(const struct flash_area* storage, struct boot_record* record);

#endif
