/* SPDX-License-Identifier: Apache-2.0
 *
 * CMSDK APB UART. Interrupts stay masked: a pending one is enough to wake the
 * processor, and there is nothing else for it to do.
 */
#include "uart.h"

typedef struct {
  volatile uint32_t data;
  volatile uint32_t state;
  volatile uint32_t control;
  volatile uint32_t interrupt;
  volatile uint32_t divider;
} Uart;

#define UART ((Uart *)0x40004000u)
#define NVIC_ENABLE (*(volatile uint32_t *)0xe000e100u)
#define NVIC_CLEAR_PENDING (*(volatile uint32_t *)0xe000e280u)

#define STATE_SEND_FULL 1u
#define STATE_RECEIVE_FULL 2u
#define CONTROL_SEND 1u
#define CONTROL_RECEIVE 2u
#define CONTROL_RECEIVE_INTERRUPT 8u
#define INTERRUPT_RECEIVE 2u

/* 25 MHz over 217 is 115200 baud. */
#define DIVIDER 217u

#define UART_RECEIVE_LINE 1u /* bit of interrupt 0 */

void
uart_init (void)
{
  __asm volatile("cpsid i");
  UART->divider = DIVIDER;
  UART->control = CONTROL_SEND | CONTROL_RECEIVE | CONTROL_RECEIVE_INTERRUPT;
  NVIC_ENABLE = UART_RECEIVE_LINE;
  /* A read tells QEMU to look for input at once; else the first byte may take it a second. */
  (void)UART->data;
}

uint8_t
uart_get (void)
{
  uint8_t byte;

  while ((UART->state & STATE_RECEIVE_FULL) == 0)
    __asm volatile("wfi");
  byte = (uint8_t)UART->data;
  UART->interrupt = INTERRUPT_RECEIVE;
  NVIC_CLEAR_PENDING = UART_RECEIVE_LINE;
  return byte;
}

void
uart_put (void *context, const uint8_t *data, size_t length)
{
  (void)context;
  for (size_t i = 0; i < length; i++) {
    while ((UART->state & STATE_SEND_FULL) != 0)
      ;
    UART->data = data[i];
  }
}
