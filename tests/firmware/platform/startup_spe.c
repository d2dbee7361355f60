// Vector table and start-up code of the firmware.
//
// The bootloader jumps to Reset_Handler with the stack pointer of this vector table. A firmware that shares
// code with the bootloader must first make sure that it runs on the bootloader it was linked against. Until
// that is known it may only run code that is never shared: the functions here that lie in .text.romlink_*,
// and romlink/rom_id.h.
#include "memory_map.h"
#include "semihosting.h"

#include <romlink/rom_id.h>

#include <stdint.h>
#include <string.h>

// Of the linker script.
extern char __data_start[], __data_end[], __data_load[];
extern char __bss_start[], __bss_end[], __stack_top[];

int main(void);
_Noreturn void Reset_Handler(void);
_Noreturn void Fault_Handler(void);
static _Noreturn void report_rom_mismatch(void);

__attribute__((section(".text.romlink_reset"))) _Noreturn void Reset_Handler(void) {
  if (!romlink_rom_matches((const void*)ROM_BASE))
    report_rom_mismatch();
  *(volatile uint32_t*)0xe000ed08 = SPE_FLASH_BASE; // SCB->VTOR: from here on exceptions are the firmware's
  memcpy(__data_start, __data_load, (size_t)(__data_end - __data_start));
  memset(__bss_start, 0, (size_t)(__bss_end - __bss_start));
  semihosting_exit(main());
}

__attribute__((section(".rodata.romlink_message"))) static const char mismatch_message[] =
    "firmware: this ROM is not the one it was linked against\n";

// The UART and semihosting drivers may be the ROM's, so this one does their work itself.
__attribute__((section(".text.romlink_mismatch"), noinline)) static _Noreturn void report_rom_mismatch(void) {
  volatile uint32_t* uart = (volatile uint32_t*)UART0_BASE; // data, state, control, interrupt, baud divider
  uint32_t arguments[2];
  uart[4] = 16;
  uart[2] = 1;
  for (const char* c = mismatch_message; *c; ++c) {
    while (uart[1] & 1)
      ;
    uart[0] = (uint8_t)*c;
  }
  arguments[0] = 0x20026; // ADP_Stopped_ApplicationExit
  arguments[1] = EXIT_CODE_ROM_MISMATCH;
  register uint32_t operation __asm__("r0") = 0x20; // SYS_EXIT_EXTENDED
  register uint32_t* pointer __asm__("r1") = arguments;
  __asm__ volatile("bkpt 0xab" : "+r"(operation) : "r"(pointer) : "memory");
  for (;;)
    ;
}

_Noreturn void Fault_Handler(void) {
  semihosting_exit(EXIT_CODE_FAULT);
}

// Initial stack pointer, then the handlers of exceptions 1 to 15. No interrupt is ever enabled.
__attribute__((section(".vectors"), used)) static const void* const vectors[16] = {
    __stack_top,   Reset_Handler, Fault_Handler, Fault_Handler, Fault_Handler, Fault_Handler,
    Fault_Handler, Fault_Handler, Fault_Handler, Fault_Handler, Fault_Handler, Fault_Handler,
    Fault_Handler, Fault_Handler, Fault_Handler, Fault_Handler};
