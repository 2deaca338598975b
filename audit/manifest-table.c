/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Rows of CSV (RFC 4180). What different readers would take differently, a quote within a field
 * that has none around it, is none.
 */
#include <string.h>

#include "audit/manifest-forms.h"

gboolean
manifest_table_is_header (const ManifestForm *form, const GString *record)
{
  g_autoptr (GString) header = g_string_new (NULL);

  for (guint i = 0; form->member->keys[i].name != NULL; i++)
    g_string_append_printf (header, "%s%s", i == 0 ? "" : ",", form->member->keys[i].name);
  g_string_append_c (header, '\r');
  return g_string_equal (record, header);
}

/* Behind the first quote, up to behind the last one. */
static gboolean
take_quoted (const char **at, const char *end, GString *field)
{
  const char *next = *at;

  for (; next < end; next++) {
    if (*next == '"' && (next + 1 == end || next[1] != '"'))
      break;
    g_string_append_c (field, *next);
    next += *next == '"' ? 1 : 0;
  }
  *at = next + 1;
  return next < end;
}

static gboolean
take_plain (const char **at, const char *end, GString *field)
{
  const char *next = *at;

  while (next < end && *next != ',' && strchr ("\"\r\n", *next) == NULL)
    next++;
  g_string_append_len (field, *at, next - *at);
  *at = next;
  return next == end || *next == ',';
}

static gboolean
take_field (const char **at, const char *end, GString *field)
{
  g_string_truncate (field, 0);
  if (*at >= end || **at != '"')
    return take_plain (at, end, field);
  (*at)++;
  return take_quoted (at, end, field) && (*at == end || **at == ',');
}

static const char *
read_columns (ManifestRow *row, const JsonMember *columns, const char *at, const char *end)
{
  g_autoptr (GString) field = g_string_new (NULL);

  for (guint i = 0; columns->keys[i].name != NULL; i++) {
    const char *problem;

    if (i > 0 && (at >= end || *at++ != ','))
      return "it has fewer columns than the format";
    if (!take_field (&at, end, field))
      return "it is no CSV";
    problem = manifest_row_say (row, (RowSays)columns->keys[i].says,
                                (Span){ (const guint8 *)field->str, field->len });
    if (problem != NULL)
      return problem;
  }
  return at == end ? NULL : "it has more columns than the format";
}

const char *
manifest_read_table (ManifestRow *row, const ManifestForm *form, const GString *record)
{
  const char *end = record->str + record->len;

  if (!g_utf8_validate_len (record->str, record->len, NULL))
    return "it is not UTF-8";
  if (form->headed && (record->len == 0 || *--end != '\r'))
    return "its line does not end as in this format";
  return read_columns (row, form->member, record->str, end);
}
