/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Everything here comes from the device and is hostile.
 */
#include "drivers/example/proto.h"

#include <string.h>

/* What stands behind `word` on `line`, or NULL where the line does not begin with it. */
static const char *
behind (const char *line, const char *word)
{
  gsize length = strlen (word);

  if (strncmp (line, word, length) != 0 || (line[length] != ' ' && line[length] != '\0'))
    return NULL;
  return line[length] == ' ' ? line + length + 1 : line + length;
}

ExampleLine
example_parse (const char *line, const char *verb, char **argument)
{
  const char *answer = behind (line, verb);
  const char *error = behind (line, "error");

  if (answer == NULL && error == NULL)
    return EXAMPLE_OTHER;
  *argument = g_strdup (answer != NULL ? answer : error);
  return answer != NULL ? EXAMPLE_ANSWER : EXAMPLE_ERROR;
}

GBytes *
example_bytes (const char *base64)
{
  gsize digits =
      strspn (base64, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
  gsize padding = strspn (base64 + digits, "=");
  gsize length;
  guint8 *bytes;

  if (digits == 0 || padding > 2 || (digits + padding) % 4 != 0 || base64[digits + padding] != '\0')
    return NULL;
  bytes = g_base64_decode (base64, &length);
  return g_bytes_new_take (bytes, length);
}
