/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A smart card behind PC/SC.
 */
#include "drivers/driver.h"
#include "drivers/transport.h"

Transport *
transport_open_card (const char *reader, Deadline deadline, GError **error)
{
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_PORT, "card:%s: not built in", reader);
  return NULL;
}
