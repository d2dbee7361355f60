// What lies where, in terms of the board chosen with -DBOARD_FILE. For C and for the linker scripts: plain
// numbers.
//
//   flash: ROM (bootloader) | slot: image header, firmware, trailer | storage: boot record, key-value store
//   RAM:   shared by both (0x20 bytes) | bootloader | firmware
#ifndef PLATFORM_MEMORY_MAP_H
#define PLATFORM_MEMORY_MAP_H

#include BOARD_FILE

#define ROM_SIZE 0x10000

#define SLOT_SIZE 0x20000
#define IMAGE_HEADER_SIZE 0x200
#define SPE_FLASH_BASE (SLOT_BASE + IMAGE_HEADER_SIZE)
#define SPE_FLASH_SIZE (SLOT_SIZE - IMAGE_HEADER_SIZE - 0x400)

#define STORAGE_SECTOR_SIZE 0x1000
#define BOOT_RECORD_OFFSET 0x0
#define KV_STORE_OFFSET 0x1000
#define STORAGE_SIZE 0x3000

#define SHARED_RAM_BASE RAM_BASE
#define SHARED_RAM_SIZE 0x20
#define ROM_RAM_BASE (RAM_BASE + SHARED_RAM_SIZE)
#define ROM_RAM_SIZE (0x10000 - SHARED_RAM_SIZE)
#define SPE_RAM_BASE (RAM_BASE + 0x10000)
#define SPE_RAM_SIZE 0x10000

#define STACK_SIZE 0x4000
#define HEAP_SIZE 0x4000

#endif
