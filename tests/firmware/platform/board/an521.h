// Memory map of QEMU's mps2-an521 (Arm MPS2 with SSE-200, Cortex-M33), secure aliases; Arm application note
// AN521. For C and for the linker scripts: plain numbers only.
#define BOARD_NAME "mps2-an521"
#define ROM_BASE 0x10000000
#define SLOT_BASE 0x10100000
#define STORAGE_BASE 0x10180000
#define RAM_BASE 0x38000000
#define UART0_BASE 0x50200000
