// A small key-value store in flash that survives a power loss at any time.
//
// Two halves of one sector each. Values are appended to the active half as checked records, the last one of a
// key wins; when the half is full, the live ones move to the other half, whose header makes it active when it
// is complete.
//
//   half:   magic | generation | record ...
//   record: key size (16 bits) | value size (16 bits) | CRC-32 | key | value, padded to 4 bytes
#ifndef SPE_KV_STORE_H
#define SPE_KV_STORE_H

#include "flash.h"

#include <stddef.h>
#include <stdint.h>

#define KV_MAX_KEY 32
#define KV_MAX_VALUE 256

enum kv_status {
  KV_OK = 0,
  KV_NOT_FOUND = -1,
  KV_TOO_LONG = -2, // the key, the value, or the value for the caller's buffer
  KV_FULL = -3,
  KV_FLASH_ERROR = -4,
};

struct kv_store {
  const struct flash_area* flash;
  size_t offset; // of the first half in the area
  size_t active; // of the active half
  size_t end;    // of its records
  uint32_t generation;
};

// Finds the active half, or makes one in empty flash.
int kv_open(struct kv_store* store, const struct flash_area* flash, size_t offset);
int kv_set(struct kv_store* store, const char* key, const void* value, size_t size);
// The size of the value, or a negative status.
int kv_get(const struct kv_store* store, const char* key, void* value, size_t capacity);
// Removing is setting an empty value; an empty value is not found.
int kv_remove(struct kv_store* store, const char* key);

#endif
