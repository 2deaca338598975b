/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A line of calls for the aws CLI (base/aws-call.h): the script beside makes whatever stands here,
 * so each call is read, not only the columns in front.
 */
#include <string.h>

#include "audit/manifest-forms.h"

#define COLUMNS 6          /* before the first call */
#define LAST_NEEDED 2u     /* the place of the last call that must be there */
#define OF_CERTIFICATE "2" /* the stage */

static const RowSays columns[COLUMNS] = { SAYS_NOTHING, SAYS_DEVICE,  SAYS_SHA256,
                                          SAYS_NOTHING, SAYS_NOTHING, SAYS_NAME };

/* Up to the next tab, or the end. */
static Span
take_column (Span *rest)
{
  const guint8 *tab = rest->length == 0 ? NULL : memchr (rest->data, '\t', rest->length);
  const Span column = { rest->data, tab == NULL ? rest->length : (gsize)(tab - rest->data) };
  const gsize taken = tab == NULL ? column.length : column.length + 1;

  *rest = (Span){ rest->data + taken, rest->length - taken };
  return column;
}

static const ManifestCall *
find_call (Span name)
{
  for (const ManifestCall *call = manifest_calls; call->member.name != NULL; call++)
    if (span_equal (name, call->member.name, strlen (call->member.name)))
      return call;
  return NULL;
}

/* `next` is the lowest place that it may have. */
static const char *
read_call (ManifestRow *row, Span name, Span text, guint *next, JsonLine *line)
{
  const ManifestCall *call = find_call (name);
  const char *problem;

  if (call == NULL || call->place < *next || (*next <= LAST_NEEDED && call->place != *next))
    return "it has a call that is not one of a registration, or not in its place";
  *next = call->place + 1;
  problem = json_line_read_flat (line, &call->member, (const char *)text.data, text.length);
  return problem != NULL ? problem : manifest_row_say_line (row, line);
}

static const char *
read_columns (ManifestRow *row, Span *rest)
{
  for (guint i = 0; i < COLUMNS; i++) {
    const Span column = take_column (rest);
    const char *problem = manifest_row_say (row, columns[i], column);

    if (problem != NULL)
      return problem;
    if (i == 0 && !span_equal (column, OF_CERTIFICATE, strlen (OF_CERTIFICATE)))
      return "it is not about a unit's certificate";
  }
  return NULL;
}

const char *
manifest_read_calls (ManifestRow *row, const GString *record, JsonLine *line)
{
  Span rest = { (const guint8 *)record->str, record->len };
  const char *problem = g_utf8_validate_len (record->str, record->len, NULL)
                            ? read_columns (row, &rest)
                            : "it is not UTF-8";
  guint next = 0;

  while (problem == NULL && rest.length > 0) {
    const Span name = take_column (&rest);
    problem = read_call (row, name, take_column (&rest), &next, line);
  }
  if (problem != NULL)
    return problem;
  return next > LAST_NEEDED ? NULL : "a call is missing";
}
