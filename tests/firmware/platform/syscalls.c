// What newlib asks of the operating system (newlib's libc manual, "System Calls"): output to the UART and a
// heap that the linker script reserves. There are no files, no processes and no input.
#include "semihosting.h"
#include "uart.h"

#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>

extern char __heap_start[], __heap_end[]; // of the linker script

void* _sbrk(ptrdiff_t increment);
int _write(int file, const char* bytes, int size);
int _read(int file, char* bytes, int size);
int _close(int file);
int _lseek(int file, int offset, int from);
int _fstat(int file, struct stat* status);
int _isatty(int file);
int _kill(int process, int signal);
int _getpid(void);
_Noreturn void _exit(int code);

void* _sbrk(ptrdiff_t increment) {
  static char* end = __heap_start;
  char* start = end;
  if (increment > __heap_end - end || increment < __heap_start - end) {
    errno = ENOMEM;
    return (void*)-1;
  }
  end += increment;
  return start;
}

int _write(int file, const char* bytes, int size) {
  (void)file;
  uart_write(bytes, (size_t)size);
  return size;
}

int _read(int file, char* bytes, int size) {
  (void)file, (void)bytes, (void)size;
  return 0;
}

int _close(int file) {
  (void)file;
  return 0;
}

int _lseek(int file, int offset, int from) {
  (void)file, (void)offset, (void)from;
  return 0;
}

int _fstat(int file, struct stat* status) {
  (void)file;
  status->st_mode = S_IFCHR;
  return 0;
}

int _isatty(int file) {
  (void)file;
  return 1;
}

int _kill(int process, int signal) {
  (void)process, (void)signal;
  errno = EINVAL;
  return -1;
}

int _getpid(void) {
  return 1;
}

_Noreturn void _exit(int code) {
  semihosting_exit(code);
}
