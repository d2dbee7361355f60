// romlink/rom_id.h: does the ROM in this device match the one, or one of those, this firmware was linked
// against?
//
// A firmware image that romlink linked against a ROM calls code at fixed addresses of that ROM. On any other
// ROM those addresses hold something else. This header lets the firmware find out before its first such call:
//
//   #include <romlink/rom_id.h>
//
//   void Reset_Handler(void) {
//     if (!romlink_rom_matches((const void *)0x10000000)) // where this device's ROM starts
//       stop(); // must not use anything that romlink may share: see below
//     ...
//   }
//
// Contract
// - romlink defines the object `romlink_rom_id` if an output section of the linker script places
// `.romlink.rom_id`:
//
//       .romlink.rom_id : { KEEP(*(.romlink.rom_id)) } > FLASH
//
//   It costs 36 bytes of flash for each ROM that the image is linked for. The reference here is weak: a plain
//   link without romlink leaves its address 0, and romlink_rom_matches() then returns 1, because such an
//   image uses no ROM.
// - Input sections named `.text.romlink_*` and `.rodata.romlink_*` are never shared. Everything in this
// header lies in
//   such sections and calls nothing outside them, so it is safe before the ROM is known, before .data and
//   .bss are set up and with a stack of 512 bytes. What the caller runs on a mismatch belongs in such
//   sections as well.
// - The ROM is read a byte at a time with ordinary loads; it must be readable and mapped at its run address.
//
// Cost: about 0.9 KB of flash with -Os; the time to hash image_size bytes (FIPS 180-4 SHA-256) at each call,
// once for each ROM up to the one that matches. Language: C99 or C++, GCC or Clang, any byte order. Include
// it in one translation unit only: each that does has a copy.
#ifndef ROMLINK_ROM_ID_H
#define ROMLINK_ROM_ID_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Identity of a ROM image. `image_size` is in the target's byte order.
struct romlink_rom_id {
  uint32_t image_size; // bytes of the flat ROM image, from the ROM's base address
  uint8_t sha256[32];  // SHA-256 of these bytes, in the order of FIPS 180-4
};

// Made by romlink at link time: one for each ROM, from the first to behind the last. Both are at address 0 in
// an image that was not linked against a ROM.
extern const struct romlink_rom_id romlink_rom_id __attribute__((weak));
extern const struct romlink_rom_id romlink_rom_id_end __attribute__((weak));

#ifdef __cplusplus
}
#endif

// A stack protector would need its guard and its handler, which may be the ROM's.
#if defined(__has_attribute)
#if __has_attribute(no_stack_protector)
#define ROMLINK_NO_STACK_PROTECTOR __attribute__((no_stack_protector))
#endif
#endif
#ifndef ROMLINK_NO_STACK_PROTECTOR
#define ROMLINK_NO_STACK_PROTECTOR
#endif

// Own sections; never inlined, so that no byte of it ends up in a section that may be shared.
#define ROMLINK_CHECK_CODE(name)                                                                             \
  ROMLINK_NO_STACK_PROTECTOR __attribute__((noinline, section(".text.romlink_rom_check_" name)))
#define ROMLINK_CHECK_DATA(name) __attribute__((section(".rodata.romlink_rom_check_" name)))

// Hides the value of a variable from the optimiser. In a loop it keeps GCC and Clang from turning the loop
// into a call of memcpy, memset or memcmp; on a pointer it keeps a ROM at address 0 from being taken for a
// null pointer.
#define ROMLINK_OPAQUE(variable) __asm__ volatile("" : "+r"(variable))

#define ROMLINK_ROTATE_RIGHT(x, n) (((x) >> (n)) | ((x) << (32 - (n))))

static const uint32_t romlink_sha256_k[64] ROMLINK_CHECK_DATA("k") = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static const uint32_t romlink_sha256_start[8] ROMLINK_CHECK_DATA("start") = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

// Byte `at` of the padded message (FIPS 180-4, 5.1.1): the image, 0x80, zeros, its length in bits over 8
// bytes.
ROMLINK_CHECK_CODE("byte")
static uint32_t romlink_padded_byte(const uint8_t* image, uint32_t size, uint32_t at, uint32_t blocks) {
  uint32_t from_end = blocks * 64u - 1u - at;
  if (at < size)
    return image[at];
  if (at == size)
    return 0x80;
  if (from_end < 4)
    return (size << 3) >> (8u * from_end) & 0xffu;
  if (from_end == 4)
    return size >> 29;
  return 0;
}

// One block of the compression function (FIPS 180-4, 6.2.2) on the words w[0..15], which it overwrites.
ROMLINK_CHECK_CODE("block") static void romlink_sha256_block(uint32_t* state, uint32_t* w) {
  uint32_t v[8];
  uint32_t i, t;
  for (i = 0; i < 8; ++i) {
    ROMLINK_OPAQUE(i);
    v[i] = state[i];
  }
  for (t = 0; t < 64; ++t) {
    uint32_t s0, s1, t1, t2;
    if (t >= 16) {
      uint32_t x = w[(t + 1) & 15], y = w[(t + 14) & 15];
      s0 = ROMLINK_ROTATE_RIGHT(x, 7) ^ ROMLINK_ROTATE_RIGHT(x, 18) ^ (x >> 3);
      s1 = ROMLINK_ROTATE_RIGHT(y, 17) ^ ROMLINK_ROTATE_RIGHT(y, 19) ^ (y >> 10);
      w[t & 15] += s0 + w[(t + 9) & 15] + s1;
    }
    s1 = ROMLINK_ROTATE_RIGHT(v[4], 6) ^ ROMLINK_ROTATE_RIGHT(v[4], 11) ^ ROMLINK_ROTATE_RIGHT(v[4], 25);
    t1 = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + romlink_sha256_k[t] + w[t & 15];
    s0 = ROMLINK_ROTATE_RIGHT(v[0], 2) ^ ROMLINK_ROTATE_RIGHT(v[0], 13) ^ ROMLINK_ROTATE_RIGHT(v[0], 22);
    t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    for (i = 7; i > 0; --i) {
      ROMLINK_OPAQUE(i);
      v[i] = v[i - 1];
    }
    v[4] += t1;
    v[0] = t1 + t2;
  }
  for (i = 0; i < 8; ++i) {
    ROMLINK_OPAQUE(i);
    state[i] += v[i];
  }
}

// 1 if the image at `image` has this identity; else 0.
ROMLINK_CHECK_CODE("has")
static int romlink_rom_has(const uint8_t* image, const struct romlink_rom_id* id) {
  uint32_t state[8], w[16];
  uint32_t size = id->image_size, blocks, block, i, difference = 0;
  blocks = (size >> 6) + ((size & 63u) < 56u ? 1u : 2u);
  for (i = 0; i < 8; ++i) {
    ROMLINK_OPAQUE(i);
    state[i] = romlink_sha256_start[i];
  }
  for (block = 0; block < blocks; ++block) {
    for (i = 0; i < 64; ++i)
      w[i >> 2] = (i & 3u ? w[i >> 2] << 8 : 0) | romlink_padded_byte(image, size, block * 64u + i, blocks);
    romlink_sha256_block(state, w);
  }
  for (i = 0; i < 32; ++i) {
    ROMLINK_OPAQUE(i);
    difference |= id->sha256[i] ^ ((state[i >> 2] >> (24u - 8u * (i & 3u))) & 0xffu);
  }
  return difference == 0;
}

// 1 if the ROM at `rom_base` is one that this image was linked against, or if it was not linked against any;
// else 0.
ROMLINK_CHECK_CODE("matches") static int romlink_rom_matches(const void* rom_base) {
  const struct romlink_rom_id* id = &romlink_rom_id;
  const struct romlink_rom_id* end = &romlink_rom_id_end;
  const uint8_t* image = (const uint8_t*)rom_base;
  ROMLINK_OPAQUE(id);
  ROMLINK_OPAQUE(end);
  ROMLINK_OPAQUE(image);
  if (!id)
    return 1;
  do {
    if (romlink_rom_has(image, id))
      return 1;
  } while (++id < end);
  return 0;
}

#endif // ROMLINK_ROM_ID_H
