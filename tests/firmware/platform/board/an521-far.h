// The mps2-an521 with the firmware's slot in the second SSRAM (secure alias), 642 MiB above the bootloader:
// out of the reach of every branch.
#include "an521.h"
#undef SLOT_BASE
#define SLOT_BASE 0x38200000
