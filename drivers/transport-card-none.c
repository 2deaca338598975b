/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * In the place of transport-card.c where libpcsclite is not there.
 */
#include "drivers/driver.h"
#include "drivers/transport.h"

Transport *
transport_open_card (const char *reader, Deadline deadline, GError **error)
{
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_PORT,
               "card reader %s: this Keycradle was built without PC/SC: install libpcsclite-dev "
               "and build with -Dpcsc=enabled",
               reader);
  return NULL;
}
