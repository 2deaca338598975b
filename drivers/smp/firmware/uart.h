/* SPDX-License-Identifier: Apache-2.0
 *
 * The board's first serial port, one byte at a time.
 */
#ifndef UART_H
#define UART_H

#include <stddef.h>
#include <stdint.h>

void uart_init (void);

/* Sleeps until a byte is there. */
uint8_t uart_get (void);

/* Has the form of SmpSerialPut. */
void uart_put (void *context, const uint8_t *data, size_t length);

#endif
