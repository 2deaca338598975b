/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See values.h.
 */
#include "ca/profile/values.h"

#include <string.h>

#define LOWER ":lower"

/* The value of that name; `known` tells a value that is absent from a wrong name. */
static const char *
value_named (const SubjectValues *values, const char *name, gboolean *known)
{
  const struct {
    const char *name;
    const char *value;
  } table[] = { { "serial", values->serial },
                { "chip", values->chip },
                { "batch", values->batch },
                { "product", values->product } };

  *known = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    if (g_str_equal (table[i].name, name))
      return table[i].value;
  *known = FALSE;
  return NULL;
}

/* `at` stands on "${"; it is moved behind the "}". */
static gboolean
append_value (const char **at, const SubjectValues *values, GString *text, GError **error)
{
  const char *close = strchr (*at, '}');
  g_autofree char *name = close != NULL ? g_strndup (*at + 2, (gsize)(close - *at - 2)) : NULL;
  const gboolean lower = name != NULL && g_str_has_suffix (name, LOWER);
  g_autofree char *lowered = NULL;
  gboolean known = FALSE;
  const char *value = NULL;

  if (lower)
    name[strlen (name) - strlen (LOWER)] = '\0';
  if (name != NULL)
    value = value_named (values, name, &known);
  if (!known)
    return ca_refuse (error, CA_ERROR_SUBJECT,
                      "'%.*s' is no value; known are ${serial} ${chip} ${batch} ${product}",
                      close != NULL ? (int)(close - *at) + 1 : 20, *at);
  if (value == NULL || *value == '\0')
    return ca_refuse (error, CA_ERROR_SUBJECT,
                      "the certificate needs ${%s}, which this device does not have", name);
  lowered = lower ? g_ascii_strdown (value, -1) : NULL;
  g_string_append (text, lower ? lowered : value);
  *at = close + 1;
  return TRUE;
}

gboolean
values_read (const char **at, char stop, const SubjectValues *values, GString *text, GError **error)
{
  while (**at != '\0' && **at != stop) {
    if (g_str_has_prefix (*at, "${")) {
      if (!append_value (at, values, text, error))
        return FALSE;
      continue;
    }
    if (**at == '\\' && *++*at == '\0')
      return ca_refuse (error, CA_ERROR_SUBJECT, "the text ends with a backslash");
    g_string_append_c (text, *(*at)++);
  }
  return TRUE;
}

char *
values_fill (const char *pattern, const SubjectValues *values, GError **error)
{
  GString *text = g_string_new (NULL);

  return g_string_free (text, !values_read (&pattern, '\0', values, text, error));
}
