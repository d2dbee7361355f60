// Vector table and start-up code of the bootloader (Armv7-M and Armv8-M Architecture Reference Manuals, B3:
// exceptions).
#include "memory_map.h"
#include "semihosting.h"

#include <stdint.h>
#include <string.h>

// Of the linker script.
extern char __data_start[], __data_end[], __data_load[];
extern char __shared_ram_start[], __shared_ram_end[], __shared_ram_load[];
extern char __bss_start[], __bss_end[], __stack_top[];

int main(void);
_Noreturn void Reset_Handler(void);
_Noreturn void Fault_Handler(void);

_Noreturn void Reset_Handler(void) {
  memcpy(__shared_ram_start, __shared_ram_load, (size_t)(__shared_ram_end - __shared_ram_start));
  memcpy(__data_start, __data_load, (size_t)(__data_end - __data_start));
  memset(__bss_start, 0, (size_t)(__bss_end - __bss_start));
  semihosting_exit(main());
}

_Noreturn void Fault_Handler(void) {
  semihosting_exit(EXIT_CODE_FAULT);
}

// Initial stack pointer, then the handlers of exceptions 1 to 15. No interrupt is ever enabled.
__attribute__((section(".vectors"), used)) static const void* const vectors[16] = {
    __stack_top,   Reset_Handler, Fault_Handler, Fault_Handler, Fault_Handler, Fault_Handler,
    Fault_Handler, Fault_Handler, Fault_Handler, Fault_Handler, Fault_Handler, Fault_Handler,
    Fault_Handler, Fault_Handler, Fault_Handler, Fault_Handler};
