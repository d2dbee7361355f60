// CMSDK APB UART, Arm DDI 0479 (Cortex-M System Design Kit), 4.3.
#include "uart.h"

#include "memory_map.h"

#include <stdint.h>

struct cmsdk_uart {
  volatile uint32_t data;
  volatile uint32_t state;   // bit 0: transmit buffer full
  volatile uint32_t control; // bit 0: transmit enable
  volatile uint32_t interrupt;
  volatile uint32_t baud_divider; // at least 16
};

static struct cmsdk_uart* const uart0 = (struct cmsdk_uart*)UART0_BASE;

void uart_init(void) {
  uart0->baud_divider = 16;
  uart0->control = 1;
}

void uart_write(const char* bytes, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    while (uart0->state & 1)
      ;
    uart0->data = (uint8_t)bytes[i];
  }
}
