/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See simulator-arguments.h.
 */
#include "drivers/nrf91/simulator-arguments.h"

GPtrArray *
parse_arguments (const char *text)
{
  GPtrArray *arguments = g_ptr_array_new_with_free_func (g_free);
  GString *argument = g_string_new (NULL);
  gboolean quoted = FALSE;

  for (; *text != '\0'; text++) {
    if (*text == '"')
      quoted = !quoted;
    else if (*text == ',' && !quoted) {
      g_ptr_array_add (arguments, g_string_free (argument, FALSE));
      argument = g_string_new (NULL);
    }
    else
      g_string_append_c (argument, *text);
  }
  g_ptr_array_add (arguments, g_string_free (argument, FALSE));
  return arguments;
}

const char *
argument_text (GPtrArray *arguments, guint place)
{
  return place < arguments->len ? g_ptr_array_index (arguments, place) : NULL;
}

gboolean
argument_number (GPtrArray *arguments, guint place, guint64 most, guint64 *number)
{
  const char *text = argument_text (arguments, place);

  return text != NULL && g_ascii_string_to_unsigned (text, 10, 0, most, number, NULL);
}
