/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * errno as a GError.
 */
#include "drivers/simulator/problem.h"

#include <errno.h>
#include <gio/gio.h>

gboolean
fail_errno (GError **error, const char *what)
{
  int number = errno;

  g_set_error (error, G_IO_ERROR, (int)g_io_error_from_errno (number), "%s: %s", what,
               g_strerror (number));
  return FALSE;
}
