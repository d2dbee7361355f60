#include "crypto_platform.h"
#include "self_test.h"
#include "uart.h"
#include <stdio.h>
#include <stdlib.h>
static unsigned n, bad;
static void report(const char* name, int passed) {
  printf("vector %s: %s\n", name, passed ? "pass" : "FAIL");
  ++n;
  bad += !passed;
}
int main(void) {
  uart_init();
  crypto_platform_set_allocator(calloc, free);
  sha256_self_test(report, 1);
  bignum_self_test(report);
  rsa2048_self_test(report);
  rsa4096_self_test(report);
  printf("firmware: %u vectors pass\n", n);
  return bad != 0;
}
