// Signed firmware images in a flash slot, in the layout of MCUboot's image format (its docs/design.md, "Image
// format"):
//
//   header (32 bytes, padded to header_size) | image | TLV info | TLV ...
//
// Numbers are little-endian. The digest and the signature cover header and image.
#ifndef BOOT_IMAGE_H
#define BOOT_IMAGE_H

#include "flash.h"
#include "sha256.h"

#include <stddef.h>
#include <stdint.h>

#define IMAGE_MAGIC 0x96f3b83d
#define IMAGE_TLV_INFO_MAGIC 0x6907
#define IMAGE_TLV_SHA256 0x10
#define IMAGE_TLV_RSA2048_PKCS1_V15 0xa0 // of the range that MCUboot leaves to vendors

struct image_version {
  uint8_t major, minor;
  uint16_t revision;
  uint32_t build;
};

struct image_header {
  uint32_t magic;
  uint32_t load_address;
  uint16_t header_size;
  uint16_t protected_tlv_size;
  uint32_t image_size;
  uint32_t flags;
  struct image_version version;
  uint32_t padding;
};

enum image_status {
  IMAGE_OK = 0,
  IMAGE_NOT_FOUND = -1, // no header
  IMAGE_MALFORMED = -2, // sizes or TLVs do not fit the slot
};

// Reads and checks the header at the start of the slot.
int image_read_header(const struct flash_area* slot, struct image_header* header);
// The contents of the first TLV of this type, which must have exactly `size` bytes.
int image_read_tlv(const struct flash_area* slot, const struct image_header* header, uint16_t type,
                   void* contents, size_t size);
// The SHA-256 digest of header and image.
int image_digest(const struct flash_area* slot, const struct image_header* header,
                 uint8_t digest[SHA256_DIGEST_SIZE]);

#endif
