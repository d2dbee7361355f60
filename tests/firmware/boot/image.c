// Signed firmware images in a flash slot, in the layout of MCUboot's image format.
#include "image.h"

#include <string.h>

struct tlv_info {
  uint16_t magic;
  uint16_t size; // of all TLVs and of this
};

struct tlv {
  uint16_t type;
  uint16_t size; // of the contents, which follow
};

int image_read_header(const struct flash_area* slot, struct image_header* header) {
  if (flash_read(slot, 0, header, sizeof *header) || header->magic != IMAGE_MAGIC)
    return IMAGE_NOT_FOUND;
  if (header->header_size < sizeof *header || header->header_size > slot->size ||
      header->image_size > slot->size - header->header_size || header->protected_tlv_size != 0)
    return IMAGE_MALFORMED;
  return IMAGE_OK;
}

int image_read_tlv(const struct flash_area* slot, const struct image_header* header, uint16_t type,
                   void* contents, size_t size) {
  size_t at = header->header_size + header->image_size;
  struct tlv_info info;
  struct tlv tlv;
  if (flash_read(slot, at, &info, sizeof info) || info.magic != IMAGE_TLV_INFO_MAGIC ||
      info.size > slot->size - at)
    return IMAGE_MALFORMED;
  size_t end = at + info.size;
  for (at += sizeof info; at + sizeof tlv <= end; at += sizeof tlv + tlv.size) {
    if (flash_read(slot, at, &tlv, sizeof tlv) || tlv.size > end - at - sizeof tlv)
      return IMAGE_MALFORMED;
    if (tlv.type == type)
      return tlv.size == size && flash_read(slot, at + sizeof tlv, contents, size) == FLASH_OK
                 ? IMAGE_OK
                 : IMAGE_MALFORMED;
  }
  return IMAGE_NOT_FOUND;
}

int image_digest(const struct flash_area* slot, const struct image_header* header,
                 uint8_t digest[SHA256_DIGEST_SIZE]) {
  struct sha256_context context;
  uint8_t piece[256];
  size_t size = header->header_size + header->image_size;
  sha256_init(&context);
  for (size_t at = 0; at < size; at += sizeof piece) {
    size_t part = size - at < sizeof piece ? size - at : sizeof piece;
    if (flash_read(slot, at, piece, part))
      return IMAGE_MALFORMED;
    sha256_update(&context, piece, part);
  }
  sha256_final(&context, digest);
  return IMAGE_OK;
}
