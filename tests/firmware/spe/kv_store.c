// A small key-value store in flash. The checksum is the CRC-32 of IEEE 802.3, 3.2.9.
#include "kv_store.h"

#include <string.h>

#define HALF_MAGIC 0x3153564b

struct half_header {
  uint32_t magic;
  uint32_t generation;
};

struct record_header {
  uint16_t key_size;
  uint16_t value_size;
  uint32_t checksum;
};

struct record {
  struct record_header header;
  uint8_t data[KV_MAX_KEY + KV_MAX_VALUE];
};

static uint32_t crc32(const uint8_t* bytes, size_t size) {
  uint32_t crc = 0xffffffff;
  for (size_t i = 0; i < size; ++i) {
    crc ^= bytes[i];
    for (unsigned bit = 0; bit < 8; ++bit)
      crc = crc >> 1 ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc;
}

static size_t padded_size(const struct record_header* header) {
  return (sizeof *header + header->key_size + header->value_size + 3u) & ~3u;
}

// The record at `at`, if there is a sound one before the end of the half.
static int read_record(const struct kv_store* store, size_t at, size_t half_end, struct record* record) {
  struct record_header* header = &record->header;
  if (at + sizeof *header > half_end || flash_read(store->flash, at, header, sizeof *header) ||
      header->key_size > KV_MAX_KEY || header->value_size > KV_MAX_VALUE ||
      at + padded_size(header) > half_end ||
      flash_read(store->flash, at + sizeof *header, record->data,
                 (size_t)header->key_size + header->value_size))
    return 0;
  return crc32(record->data, (size_t)header->key_size + header->value_size) == header->checksum;
}

static size_t half_size(const struct kv_store* store) {
  return store->flash->sector_size;
}

static int has_key(const struct record* record, const char* key) {
  return record->header.key_size == strlen(key) && memcmp(record->data, key, record->header.key_size) == 0;
}

// Offset of the last record of the key, read into `record`; 0 if there is none.
static size_t find(const struct kv_store* store, const char* key, struct record* record) {
  struct record candidate;
  size_t found = 0;
  for (size_t at = store->active + sizeof(struct half_header); at < store->end;
       at += padded_size(&candidate.header)) {
    if (!read_record(store, at, store->end, &candidate))
      break;
    if (has_key(&candidate, key)) {
      *record = candidate;
      found = at;
    }
  }
  return found;
}

static int append(struct kv_store* store, struct record* record) {
  size_t size = padded_size(&record->header);
  size_t used = (size_t)record->header.key_size + record->header.value_size;
  if (store->end + size > store->active + half_size(store))
    return KV_FULL;
  memset(record->data + used, 0xff, size - sizeof record->header - used);
  record->header.checksum = crc32(record->data, used);
  if (flash_program(store->flash, store->end, record, size))
    return KV_FLASH_ERROR;
  store->end += size;
  return KV_OK;
}

static int activate(struct kv_store* store) {
  struct half_header header = {HALF_MAGIC, store->generation};
  return flash_program(store->flash, store->active, &header, sizeof header) ? KV_FLASH_ERROR : KV_OK;
}

static int start_half(struct kv_store* store, size_t half) {
  store->active = half;
  store->end = half + sizeof(struct half_header);
  ++store->generation;
  return flash_erase(store->flash, half, half_size(store)) ? KV_FLASH_ERROR : KV_OK;
}

// Moves the last record of each key to the other half.
static int compact(struct kv_store* store) {
  struct kv_store next = *store;
  struct record record, last;
  int status =
      start_half(&next, store->active == store->offset ? store->offset + half_size(store) : store->offset);
  for (size_t at = store->active + sizeof(struct half_header); status == KV_OK && at < store->end;
       at += padded_size(&record.header)) {
    char key[KV_MAX_KEY + 1];
    if (!read_record(store, at, store->end, &record))
      break;
    memcpy(key, record.data, record.header.key_size);
    key[record.header.key_size] = 0;
    if (find(store, key, &last) == at && last.header.value_size > 0)
      status = append(&next, &last);
  }
  if (status == KV_OK)
    status = activate(&next);
  if (status == KV_OK)
    *store = next;
  return status;
}

int kv_open(struct kv_store* store, const struct flash_area* flash, size_t offset) {
  struct half_header header;
  struct record record;
  *store = (struct kv_store){.flash = flash, .offset = offset};
  for (unsigned i = 0; i < 2; ++i) {
    size_t half = offset + i * half_size(store);
    if (flash_read(flash, half, &header, sizeof header))
      return KV_FLASH_ERROR;
    if (header.magic == HALF_MAGIC && header.generation > store->generation) {
      store->generation = header.generation;
      store->active = half;
    }
  }
  if (store->generation == 0) {
    int status = start_half(store, offset);
    return status ? status : activate(store);
  }
  store->end = store->active + sizeof header;
  while (read_record(store, store->end, store->active + half_size(store), &record))
    store->end += padded_size(&record.header);
  return KV_OK;
}

int kv_set(struct kv_store* store, const char* key, const void* value, size_t size) {
  struct record record;
  size_t key_size = strlen(key);
  if (key_size > KV_MAX_KEY || size > KV_MAX_VALUE)
    return KV_TOO_LONG;
  record.header.key_size = (uint16_t)key_size;
  record.header.value_size = (uint16_t)size;
  memcpy(record.data, key, key_size);
  memcpy(record.data + key_size, value, size);
  int status = append(store, &record);
  if (status == KV_FULL && compact(store) == KV_OK)
    status = append(store, &record);
  return status;
}

int kv_get(const struct kv_store* store, const char* key, void* value, size_t capacity) {
  struct record record;
  if (!find(store, key, &record) || record.header.value_size == 0)
    return KV_NOT_FOUND;
  if (record.header.value_size > capacity)
    return KV_TOO_LONG;
  memcpy(value, record.data + record.header.key_size, record.header.value_size);
  return record.header.value_size;
}

int kv_remove(struct kv_store* store, const char* key) {
  return kv_set(store, key, "", 0);
}
