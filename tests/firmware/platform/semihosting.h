// Ends the emulation with an exit code, through Arm semihosting.
#ifndef PLATFORM_SEMIHOSTING_H
#define PLATFORM_SEMIHOSTING_H

// The exit codes that boot.py reports.
enum exit_code {
  EXIT_CODE_PASS = 0,
  EXIT_CODE_FAIL = 1,         // a known-answer test failed
  EXIT_CODE_REFUSED = 2,      // the bootloader refused the image
  EXIT_CODE_ROM_MISMATCH = 3, // the firmware was linked against another ROM
  EXIT_CODE_FAULT = 4,        // an exception that nobody expected
};

_Noreturn void semihosting_exit(int code);

#endif
