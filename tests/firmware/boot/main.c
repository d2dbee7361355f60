// The bootloader: tests its own cryptography, verifies the firmware image in the slot and jumps to it.
//
// The order and the checks are those of MCUboot: header, digest TLV, signature TLV made with the key that
// this image carries. Whatever fails ends the boot with a message and an exit code.
#include "boot_record.h"
#include "constant_time.h"
#include "crypto_config.h"
#include "format.h"
#include "hex.h"
#include "image.h"
#include "memory_map.h"
#include "public_key.h"
#include "self_test.h"
#include "semihosting.h"
#include "test_keys.h"
#include "uart.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct flash_area slot = {SLOT_BASE, SLOT_SIZE, STORAGE_SECTOR_SIZE};
static const struct flash_area storage = {STORAGE_BASE, STORAGE_SIZE, STORAGE_SECTOR_SIZE};

static unsigned failures;

// A line on the UART, without the buffers of stdout.
__attribute__((format(printf, 1, 2))) static void print_line(const char* format, ...) {
  char line[128];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line - 1, format, arguments);
  va_end(arguments);
  strcat(line, "\n");
  uart_write(line, strlen(line));
}

static void report(const char* name, int passed) {
  print_line("boot: known answer %s: %s", name, passed ? "pass" : "FAIL");
  failures += !passed;
}

static void require(int condition, const char* reason) {
  if (condition)
    return;
  print_line("boot: image refused: %s", reason);
  semihosting_exit(EXIT_CODE_REFUSED);
}

static void verify_image(const struct image_header* header, uint8_t digest[SHA256_DIGEST_SIZE]) {
  uint8_t expected[SHA256_DIGEST_SIZE], signature[256];
  struct public_key* key = NULL;
  require(image_digest(&slot, header, digest) == IMAGE_OK, "unreadable");
  require(image_read_tlv(&slot, header, IMAGE_TLV_SHA256, expected, sizeof expected) == IMAGE_OK,
          "no digest");
  require(constant_time_compare(digest, expected, sizeof expected) == 0, "digest does not match");
  require(image_read_tlv(&slot, header, IMAGE_TLV_RSA2048_PKCS1_V15, signature, sizeof signature) == IMAGE_OK,
          "no signature");
  require(public_key_import(&key, signing_public_key.bytes, signing_public_key.size) == CRYPTO_OK, "no key");
  require(public_key_verify_digest(key, digest, signature, sizeof signature) == CRYPTO_OK,
          "signature is not valid");
  public_key_free(key);
}

// Arm Architecture Reference Manual, B3: a vector table starts with the stack pointer and the address of the
// handler.
static _Noreturn void jump_to(const uint32_t* vectors) {
  __asm__ volatile("msr msp, %0\n\tbx %1" : : "r"(vectors[0]), "r"(vectors[1]) : "memory");
  __builtin_unreachable();
}

int main(void) {
  struct image_header header;
  struct boot_record record = {.magic = BOOT_RECORD_MAGIC};
  char build[FORMAT_U64_SIZE];

  uart_init();
  print_line("boot: romlink test bootloader, revision %d, %s", ROM_REVISION, BOARD_NAME);
  sha256_self_test(report, 0);
  bignum_self_test(report);
  sha512_self_test(report);
  der_self_test(report);
  ecdsa_p256_self_test(report);
  rsa2048_self_test(report);
  if (failures) {
    print_line("boot: %u known-answer tests failed", failures);
    return EXIT_CODE_FAIL;
  }

  int status = image_read_header(&slot, &header);
  require(status != IMAGE_NOT_FOUND, "no header");
  require(status == IMAGE_OK, "malformed");
  verify_image(&header, record.digest);
  record.version = header.version;
  require(boot_record_write(&storage, &record) == FLASH_OK, "no storage");
  format_u64(build, header.version.build);
  print_line("boot: image %u.%u.%u+%s verified", header.version.major, header.version.minor,
             header.version.revision, build);
  jump_to((const uint32_t*)(SLOT_BASE + header.header_size));
}
