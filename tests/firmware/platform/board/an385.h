// Memory map of QEMU's mps2-an385 (Arm MPS2, Cortex-M3); Arm application note AN385.
// For C and for the linker scripts: plain numbers only.
#define BOARD_NAME "mps2-an385"
#define ROM_BASE 0x00000000
#define SLOT_BASE 0x00100000
#define STORAGE_BASE 0x00180000
#define RAM_BASE 0x20000000
#define UART0_BASE 0x40004000
