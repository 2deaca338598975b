/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any bytes as a serial and, behind the first line feed, the pattern of a batch: a pattern that the
 * ledger takes can be tried on any serial, and never for long (libFuzzer's -timeout judges that).
 */
#include <string.h>

#include "base/text.h"

#define LONGEST_PATTERN 200

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_autofree char *text = g_utf8_make_valid ((const char *)data, (gssize)size);
  g_auto (GStrv) parts = g_strsplit (text, "\n", 2);
  g_autoptr (GError) error = NULL;

  if (g_strv_length (parts) != 2 || g_utf8_strlen (parts[1], -1) > LONGEST_PATTERN)
    return 0;
  if (!serial_pattern_check (parts[1], &error) && error == NULL)
    g_abort ();
  if (serial_fits_pattern (parts[0], parts[1]) && error != NULL)
    g_abort ();
  return 0;
}
