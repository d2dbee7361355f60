/* Start-up code, text out and exit for QEMU's mps2 boards. UART0 comes as -DUART0=ADDRESS; with -DROM and
   -DFIRMWARE=ADDRESS the program ends by starting the firmware whose vector table lies there. UART: Arm DDI
   0479, 4.3. Vectors, VTOR and CPACR: Armv7-M and Armv8-M Architecture Reference Manuals. Exit: Arm
   semihosting, SYS_EXIT_EXTENDED. */
#include "board.h"

#include <stdint.h>
#include <string.h>

extern char __data_start[], __data_end[], __data_load[], __bss_start[], __bss_end[], __stack_top[];
extern char __heap_start[], __heap_end[];
extern void (*const __init_array_start[])(void);
extern void (*const __init_array_end[])(void);

int main(void);
void start(void);
void fault(void);
void* _sbrk(ptrdiff_t by);
int _write(int file, const char* bytes, int size);
void _exit(int code);
extern void* __dso_handle;
void* __dso_handle;

static volatile uint32_t* word_at(uint32_t address) {
  return (volatile uint32_t*)address;
}

void board_write(const char* bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    while (*word_at(UART0 + 4) & 1) {
    }
    *word_at(UART0) = (uint8_t)bytes[i];
  }
}

void board_exit(int code) {
  const uint32_t arguments[2] = {0x20026, (uint32_t)code};
  register uint32_t operation __asm__("r0") = 0x20;
  register const uint32_t* pointer __asm__("r1") = arguments;
  __asm__ volatile("bkpt 0xab" : "+r"(operation) : "r"(pointer) : "memory");
  for (;;) {
  }
}

/* System calls of the C library. */
int _write(int file, const char* bytes, int size) {
  (void)file;
  board_write(bytes, (size_t)size);
  return size;
}

void* _sbrk(ptrdiff_t by) {
  static char* end = __heap_start;
  if (by > __heap_end - end)
    return (void*)-1;
  end += by;
  return end - by;
}

void _exit(int code) {
  board_exit(code);
}

void fault(void) {
  static const char text[] = "fault\n";
  board_write(text, sizeof text - 1);
  board_exit(99);
}

__attribute__((section(".vectors"), used)) static const void* const vectors[16] = {
    __stack_top,        (const void*)start, (const void*)fault, (const void*)fault,
    (const void*)fault, (const void*)fault, (const void*)fault, (const void*)fault};

void start(void) {
  memcpy(__data_start, __data_load, (size_t)(__data_end - __data_start));
  memset(__bss_start, 0, (size_t)(__bss_end - __bss_start));
  *word_at(0xe000ed08) = (uint32_t)vectors;
#ifdef __ARM_FP
  *word_at(0xe000ed88) |= 0xf << 20;
  __asm__ volatile("dsb\n isb" : : : "memory");
#endif
  *word_at(UART0 + 16) = 16;
  *word_at(UART0 + 8) = 1;
  for (void (*const* call)(void) = __init_array_start; call < __init_array_end; call++)
    (*call)();
  int code = main();
#ifdef ROM
  if (code)
    board_exit(code);
  __asm__ volatile("msr msp, %0\n bx %1" : : "r"(*word_at(FIRMWARE)), "r"(*word_at(FIRMWARE + 4)) : "memory");
#endif
  board_exit(code);
}
