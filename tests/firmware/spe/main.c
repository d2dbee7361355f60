// The firmware: runs every test vector, prints one line for each and ends the emulation.
//
// The output must not depend on where the linker put things: the same firmware is linked by itself and
// against the bootloader, and both must print the same.
#include "crypto_platform.h"
#include "memory_map.h"
#include "semihosting.h"
#include "uart.h"
#include "vectors.h"

#include <romlink/reinit.h>

#include <stdio.h>
#include <stdlib.h>

static unsigned passes, failures;

static void report(const char* name, int passed) {
  printf("vector %s: %s\n", name, passed ? "pass" : "FAIL");
  if (passed)
    ++passes;
  else
    ++failures;
}

int main(void) {
#ifdef VARIANT_REINIT
  romlink_reinit_shared(); // the allocator is that of the variables' initial values
#else
  crypto_platform_set_allocator(calloc, free);
#endif
  uart_init();
  printf("firmware: romlink test firmware on %s\n", BOARD_NAME);

  sha256_self_test(report, 1);
  sha512_self_test(report);
  hmac_vectors(report);
  hkdf_vectors(report);
  aes_vectors(report);
  bignum_self_test(report);
  der_self_test(report);
  ecdsa_p256_self_test(report);
  rsa2048_self_test(report);
  rsa4096_self_test(report);
  image_vectors(report);
  storage_vectors(report);
  arithmetic_vectors(report);
  library_vectors(report);

  if (failures) {
    printf("firmware: %u vectors FAIL\n", failures);
    return EXIT_CODE_FAIL;
  }
  printf("firmware: %u vectors pass\n", passes);
  return EXIT_CODE_PASS;
}
