// UART 0 of the board: output only, polled.
#ifndef PLATFORM_UART_H
#define PLATFORM_UART_H

#include <stddef.h>

void uart_init(void);
void uart_write(const char* bytes, size_t size);

#endif
