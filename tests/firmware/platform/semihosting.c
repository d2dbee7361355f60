// SYS_EXIT_EXTENDED of Arm semihosting ("Semihosting for AArch32 and AArch64", 7.5).
#include "semihosting.h"

#include <stdint.h>

_Noreturn void semihosting_exit(int code) {
  const uint32_t arguments[2] = {0x20026, (uint32_t)code}; // ADP_Stopped_ApplicationExit
  register uint32_t operation __asm__("r0") = 0x20;
  register const uint32_t* pointer __asm__("r1") = arguments;
  __asm__ volatile("bkpt 0xab" : "+r"(operation) : "r"(pointer) : "memory");
  for (;;)
    ;
}
