/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * HID reports.
 */
#include "drivers/driver.h"
#include "drivers/transport.h"

Transport *
transport_open_hid (const char *path, GError **error)
{
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_PORT, "%s: not built in", path);
  return NULL;
}
