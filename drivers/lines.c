/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See lines.h.
 */
#include "drivers/lines.h"

#include <string.h>

gboolean
line_fits (const char *line, gsize most)
{
  gsize length = strlen (line);

  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isprint (line[i]))
      return FALSE;
  return length > 0 && length <= most;
}

const char *
find_line (const char *answer, const char *text)
{
  const char *line = answer;

  while (line != NULL && *line != '\0') {
    if (g_str_has_prefix (line, text))
      return line;
    line = strchr (line, '\n');
    line = line == NULL ? NULL : line + 1;
  }
  return NULL;
}
