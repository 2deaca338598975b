/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The bulk endpoints of a USB interface.
 */
#include "drivers/driver.h"
#include "drivers/transport.h"

Transport *
transport_open_usb (const char *place, Deadline deadline, GError **error)
{
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_PORT, "usb:%s: not built in", place);
  return NULL;
}
