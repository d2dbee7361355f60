// The mps2-an385 with the firmware's slot in the PSRAM, 528 MiB above the bootloader: out of the reach of
// every branch.
#include "an385.h"
#undef SLOT_BASE
#define SLOT_BASE 0x21000000
