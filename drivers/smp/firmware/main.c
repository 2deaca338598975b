/* SPDX-License-Identifier: Apache-2.0
 *
 * Reference firmware: a device that is provisioned over its serial port, on an
 * MPS2 board (AN385, Cortex-M3). Everything a product would change is in
 * identity.c and uart.c.
 */
#include "identity.h"
#include "smp_serial_frame.h"
#include "uart.h"

static uint8_t request[1024 + 2], response[1024], transfer[4096];
static SmpSerialReceiver receiver;
static ProvisionDevice device;

static void
start (void)
{
  provision_device_init (&device, &identity_callbacks, 0, PROVISION_GROUP_DEFAULT, transfer,
                         sizeof transfer, sizeof request - 2u);
  smp_serial_receiver_init (&receiver, request, sizeof request);
}

int
main (void)
{
  identity_init ();
  uart_init ();
  start ();
  for (;;) {
    size_t length = smp_serial_receive (&receiver, uart_get ());

    if (length == 0)
      continue;
    length = provision_device_answer (&device, request, length, response, sizeof response);
    if (length > 0)
      smp_serial_send (response, length, uart_put, 0);
    /* What a product keeps in flash is in RAM here: a reset must not lose it. */
    if (provision_device_takes_reset (&device))
      start ();
  }
}
