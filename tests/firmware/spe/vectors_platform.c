// Tests of what the firmware uses beside cryptography: the running image, flash, arithmetic, newlib.
#include "vectors.h"

#include "boot_record.h"
#include "constant_time.h"
#include "crypto_config.h"
#include "format.h"
#include "kv_store.h"
#include "memory_map.h"
#include "public_key.h"
#include "test_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct flash_area slot = {SLOT_BASE, SLOT_SIZE, STORAGE_SECTOR_SIZE};
static const struct flash_area storage = {STORAGE_BASE, STORAGE_SIZE, STORAGE_SECTOR_SIZE};

void image_vectors(self_test_report report) {
  struct image_header header;
  struct boot_record record;
  uint8_t digest[SHA256_DIGEST_SIZE], signature[256];
  struct public_key* key = NULL;
  report("image-header", image_read_header(&slot, &header) == IMAGE_OK);
  report("image-boot-record", boot_record_read(&storage, &record) == FLASH_OK &&
                                  image_digest(&slot, &header, digest) == IMAGE_OK &&
                                  constant_time_compare(digest, record.digest, sizeof digest) == 0);
  report("image-signature",
         image_read_tlv(&slot, &header, IMAGE_TLV_RSA2048_PKCS1_V15, signature, sizeof signature) ==
                 IMAGE_OK &&
             public_key_import(&key, signing_public_key.bytes, signing_public_key.size) == CRYPTO_OK &&
             public_key_verify_digest(key, digest, signature, sizeof signature) == CRYPTO_OK);
  public_key_free(key);
}

static void flash_vectors(self_test_report report) {
  static const uint32_t word = 0x12345678, other = 0xffffffff;
  uint32_t read = 0;
  report("flash-program", flash_erase(&storage, KV_STORE_OFFSET, STORAGE_SECTOR_SIZE) == FLASH_OK &&
                              flash_program(&storage, KV_STORE_OFFSET, &word, sizeof word) == FLASH_OK &&
                              flash_read(&storage, KV_STORE_OFFSET, &read, sizeof read) == FLASH_OK &&
                              read == word);
  report("flash-rules",
         flash_program(&storage, KV_STORE_OFFSET, &other, sizeof other) == FLASH_ERROR_NOT_ERASED &&
             flash_program(&storage, STORAGE_SIZE, &word, sizeof word) == FLASH_ERROR_RANGE &&
             flash_program(&storage, KV_STORE_OFFSET + 1, &word, sizeof word) == FLASH_ERROR_ALIGNMENT &&
             flash_erase(&storage, KV_STORE_OFFSET, 1) == FLASH_ERROR_ALIGNMENT);
  flash_erase(&storage, KV_STORE_OFFSET, 2 * STORAGE_SECTOR_SIZE);
}

// Enough writes to move the live values to the other half several times.
static int survives_compaction(struct kv_store* store) {
  char text[KV_MAX_VALUE];
  for (int i = 0; i < 200; ++i) {
    int size = snprintf(text, sizeof text, "value %d of many, each longer than a few words", i);
    if (kv_set(store, "counter", text, (size_t)size) != KV_OK)
      return 0;
  }
  int size = kv_get(store, "counter", text, sizeof text - 1);
  return size > 0 && memcmp(text, "value 199 ", 10) == 0 && kv_get(store, "name", text, sizeof text) == 5 &&
         memcmp(text, "first", 5) == 0;
}

static void kv_vectors(self_test_report report) {
  struct kv_store store, again;
  char value[16];
  report("kv-open", kv_open(&store, &storage, KV_STORE_OFFSET) == KV_OK &&
                        kv_get(&store, "name", value, sizeof value) == KV_NOT_FOUND);
  report("kv-set", kv_set(&store, "name", "first", 5) == KV_OK && kv_set(&store, "gone", "x", 1) == KV_OK &&
                       kv_get(&store, "name", value, sizeof value) == 5 && memcmp(value, "first", 5) == 0);
  report("kv-remove",
         kv_remove(&store, "gone") == KV_OK && kv_get(&store, "gone", value, sizeof value) == KV_NOT_FOUND);
  report("kv-compaction", survives_compaction(&store));
  report("kv-reopen", kv_open(&again, &storage, KV_STORE_OFFSET) == KV_OK &&
                          again.generation == store.generation && again.generation > 2 &&
                          kv_get(&again, "name", value, sizeof value) == 5);
}

void storage_vectors(self_test_report report) {
  flash_vectors(report);
  kv_vectors(report);
}

// The largest r with r r <= x, by Newton's iteration.
static uint64_t square_root(uint64_t x) {
  uint64_t r = x, next = x / 2 + (x & 1);
  while (next < r) {
    r = next;
    next = (r + x / r) / 2;
  }
  return r;
}

void arithmetic_vectors(self_test_report report) {
  volatile uint64_t large = 18446744073709551615u, divisor = 4294967297u;
  volatile int64_t negative = -9223372036854775807;
  char text[FORMAT_U64_SIZE];
  report("u64-divide", large / divisor == 4294967295u && large % (divisor - 2) == 0 && large % divisor == 0);
  report("i64-divide", negative / 1000000007 == -9223371972 && negative % 1000000007 == -291172003);
  report("u64-square-root", square_root(large) == 4294967295u && square_root(1000000) == 1000);
  report("u64-format", format_u64(text, large) == 20 && strcmp(text, "18446744073709551615") == 0 &&
                           format_u64(text, 0) == 1 && strcmp(text, "0") == 0);
}

static int compare_text(const void* a, const void* b) {
  return strcmp(*(const char* const*)a, *(const char* const*)b);
}

void library_vectors(self_test_report report) {
  const char* words[] = {"sign", "boot", "verify", "archive", "link"};
  char text[64];
  int major, minor;
  char tag[8];
  qsort(words, 5, sizeof *words, compare_text);
  snprintf(text, sizeof text, "%s %s %s %s %s", words[0], words[1], words[2], words[3], words[4]);
  report("qsort", strcmp(text, "archive boot link sign verify") == 0);
  snprintf(text, sizeof text, "%5d|%-5u|%05x|%c|%.3s", -42, 42u, 0xbeefu, 'r', "linker");
  report("snprintf", strcmp(text, "  -42|42   |0beef|r|lin") == 0);
  report("sscanf", sscanf("1.42-rc3", "%d.%d-%7s", &major, &minor, tag) == 3 && major == 1 && minor == 42 &&
                       strcmp(tag, "rc3") == 0);
  report("strtoul", strtoul("0x1fz", NULL, 0) == 31 && strtol("-12", NULL, 10) == -12);
  report("strings", strchr("secure", 'u') != NULL && strstr("firmware image", "image") != NULL &&
                        strncmp("romlink", "romulus", 3) == 0);
}
