/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Anything that a device may say, through the pure part of the driver.
 */
#include <stddef.h>

#include "drivers/example/proto.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_autofree char *line = g_strndup ((const char *)data, size);
  g_autofree char *argument = NULL;

  if (example_parse (line, "csr", &argument) == EXAMPLE_ANSWER) {
    GBytes *bytes = example_bytes (argument);

    g_clear_pointer (&bytes, g_bytes_unref);
  }
  return 0;
}
