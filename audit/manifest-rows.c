/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See manifest-rows.h. What goes round rows (a header, envelopes, an array) is exactly as it is
 * written; where it is not, nothing behind it is read.
 */
#include "audit/manifest-rows.h"

#include <string.h>

#include "audit/manifest-forms.h"

#define ENVELOPE_OPENING "{\"mode\":\"create\",\"enrollments\":["
#define ENVELOPE_CLOSING "]}"
#define MOST_IN_ENVELOPE 10u
#define CUT_SHORT "it is cut short, or longer than any row may be"
#define AROUND_IT "what stands around it is not as in this format"

struct ManifestRows {
  LineReader *lines;
  const ManifestForm *form;
  char *batch;
  GBytes *station;
  JsonLine line;
  ManifestRow row;
  GString *text;     /* of the row, without its line's end */
  gboolean begun;    /* the header or the array's beginning was read */
  gboolean last;     /* of the array: no element follows */
  gboolean over;     /* nothing more is read */
  gsize at;          /* of the next object in an envelope; 0: none is open */
  guint in_envelope; /* objects that were read */
};

ManifestRows *
manifest_rows_open (const char *path, const char *format, const char *batch, GBytes *station,
                    GError **error)
{
  const ManifestForm *form = manifest_form (format);
  g_autoptr (LineReader) lines = form == NULL ? NULL : line_reader_open (path, error);
  ManifestRows *rows;

  if (lines == NULL)
    return NULL;
  rows = g_new0 (ManifestRows, 1);
  rows->lines = g_steal_pointer (&lines);
  rows->form = form;
  rows->batch = g_strdup (batch);
  rows->station = station == NULL ? NULL : g_bytes_ref (station);
  rows->text = g_string_new (NULL);
  json_line_init (&rows->line);
  return rows;
}

void
manifest_rows_close (ManifestRows *rows)
{
  manifest_row_clear (&rows->row);
  json_line_clear (&rows->line);
  line_reader_close (rows->lines);
  g_string_free (rows->text, TRUE);
  g_clear_pointer (&rows->station, g_bytes_unref);
  g_free (rows->batch);
  g_free (rows);
}

/* ---- where the next row stands; FALSE at the end and with error ---- */

static gboolean
stop (ManifestRows *rows, const char *why)
{
  rows->row.problem = why;
  rows->over = TRUE;
  return TRUE;
}

/* Appends a line. FALSE at the end, with error, and where it is none: then it was said. */
static gboolean
append_line (ManifestRows *rows, GError **error)
{
  const char *text;
  gsize length;
  const LineKind kind = line_reader_next (rows->lines, &text, &length, error);

  if (kind == LINE_WHOLE)
    g_string_append_len (rows->text, text, (gssize)length);
  else if (kind == LINE_UNENDED)
    stop (rows, CUT_SHORT);
  return kind == LINE_WHOLE;
}

static gboolean
take_line (ManifestRows *rows, GError **error)
{
  g_string_truncate (rows->text, 0);
  return append_line (rows, error) || rows->row.problem != NULL;
}

/* A line that must be there. FALSE with error only. */
static gboolean
need_line (ManifestRows *rows, const char *why, GError **error)
{
  g_autoptr (GError) failure = NULL;

  if (take_line (rows, &failure))
    return TRUE;
  if (failure == NULL)
    return stop (rows, why);
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

/* ---- tables ---- */

static guint
count_quotes (const GString *text, gsize from)
{
  guint quotes = 0;

  for (gsize i = from; i < text->len; i++)
    quotes += text->str[i] == '"';
  return quotes;
}

/* A line, and where a quote is open those behind it. */
static gboolean
take_record (ManifestRows *rows, GError **error)
{
  g_autoptr (GError) failure = NULL;
  gsize counted;

  if (!take_line (rows, error))
    return FALSE;
  for (guint quotes = count_quotes (rows->text, 0); rows->row.problem == NULL && quotes % 2 != 0;
       quotes += count_quotes (rows->text, counted))
  {
    counted = rows->text->len;
    g_string_append_c (rows->text, '\n');
    if (counted < LINE_READER_LONGEST && append_line (rows, &failure))
      continue;
    if (failure == NULL)
      return stop (rows, CUT_SHORT);
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  return TRUE;
}

static gboolean
take_table_row (ManifestRows *rows, GError **error)
{
  const gboolean first = !rows->begun;

  rows->begun = TRUE;
  if (!rows->form->headed || !first)
    return take_record (rows, error);
  if (!need_line (rows, "there is no header before it", error))
    return FALSE;
  if (rows->row.problem == NULL && !manifest_table_is_header (rows->form, rows->text))
    return stop (rows, "the header before it is not the format's");
  return rows->row.problem != NULL || take_record (rows, error);
}

/* ---- envelopes and arrays ---- */

static gboolean
take_enveloped (ManifestRows *rows, GError **error)
{
  if (rows->at > 0)
    return TRUE;
  rows->in_envelope = 0;
  rows->at = strlen (ENVELOPE_OPENING);
  if (!take_line (rows, error))
    return FALSE;
  return rows->row.problem != NULL || g_str_has_prefix (rows->text->str, ENVELOPE_OPENING)
         || stop (rows, AROUND_IT);
}

static gboolean
line_is (const ManifestRows *rows, const char *wanted)
{
  return rows->text->len == strlen (wanted) && g_str_equal (rows->text->str, wanted);
}

/* Behind the last element. */
static gboolean
end_array (ManifestRows *rows, GError **error)
{
  if (!need_line (rows, CUT_SHORT, error))
    return FALSE;
  if (rows->row.problem != NULL || !line_is (rows, "]"))
    return stop (rows, rows->row.problem != NULL ? rows->row.problem : AROUND_IT);
  rows->over = TRUE;
  return take_line (rows, error) && stop (rows, "something follows behind the array");
}

static gboolean
begin_array (ManifestRows *rows, GError **error)
{
  rows->begun = TRUE;
  if (!need_line (rows, CUT_SHORT, error))
    return FALSE;
  return rows->row.problem != NULL || line_is (rows, "[") || stop (rows, AROUND_IT);
}

static gboolean
take_element (ManifestRows *rows, GError **error)
{
  if (rows->last)
    return end_array (rows, error);
  if (!rows->begun && !begin_array (rows, error))
    return FALSE;
  if (rows->row.problem == NULL && !need_line (rows, CUT_SHORT, error))
    return FALSE;
  if (rows->row.problem != NULL)
    return TRUE;
  if (rows->row.number == 1 && rows->text->len == 0)
    return end_array (rows, error);
  rows->last = rows->text->len == 0 || rows->text->str[rows->text->len - 1] != ',';
  if (!rows->last)
    g_string_truncate (rows->text, rows->text->len - 1);
  return TRUE;
}

static gboolean
take_row (ManifestRows *rows, GError **error)
{
  switch (rows->form->shape) {
  case FORM_LINES:
  case FORM_CALLS:
    return take_line (rows, error);
  case FORM_ENVELOPES:
    return take_enveloped (rows, error);
  case FORM_ARRAY:
    return take_element (rows, error);
  case FORM_TABLE:
    return take_table_row (rows, error);
  }
  g_assert_not_reached ();
}

/* ---- what the row says ---- */

static const char *
read_object (ManifestRows *rows)
{
  const char *problem =
      json_line_read_flat (&rows->line, rows->form->member, rows->text->str, rows->text->len);

  if (problem != NULL && rows->form->other != NULL
      && json_line_read_flat (&rows->line, rows->form->other, rows->text->str, rows->text->len)
             == NULL)
    problem = NULL;
  return problem;
}

static const char *
read_line (ManifestRows *rows)
{
  const char *problem = read_object (rows);

  return problem != NULL ? problem : manifest_row_say_line (&rows->row, &rows->line);
}

/* Moves behind the object, and behind the comma where another one follows. */
static const char *
read_enveloped (ManifestRows *rows)
{
  const char *from = rows->text->str + rows->at;
  const char *end = from;
  const char *problem = json_line_read_first (&rows->line, rows->form->member, from,
                                              rows->text->len - rows->at, &end);

  if (problem != NULL)
    return problem;
  if (++rows->in_envelope > MOST_IN_ENVELOPE)
    return "more than ten stand in one call";
  rows->at = *end == ',' ? (gsize)(end - rows->text->str) + 1 : 0;
  if (rows->at == 0 && !g_str_equal (end, ENVELOPE_CLOSING))
    return AROUND_IT;
  return manifest_row_say_line (&rows->row, &rows->line);
}

static const char *
read_element (ManifestRows *rows)
{
  const char *problem = read_object (rows);

  return problem != NULL ? problem : manifest_read_element (&rows->row, &rows->line, rows->station);
}

static const char *
read_row (ManifestRows *rows)
{
  switch (rows->form->shape) {
  case FORM_LINES:
    return read_line (rows);
  case FORM_CALLS:
    return manifest_read_calls (&rows->row, rows->text, &rows->line);
  case FORM_ENVELOPES:
    return read_enveloped (rows);
  case FORM_ARRAY:
    return read_element (rows);
  case FORM_TABLE:
    return manifest_read_table (&rows->row, rows->form, rows->text);
  }
  g_assert_not_reached ();
}

gboolean
manifest_rows_next (ManifestRows *rows, const ManifestRow **row, GError **error)
{
  manifest_row_clear (&rows->row);
  *row = &rows->row;
  if (rows->over)
    return FALSE;
  rows->row.number++;
  if (!take_row (rows, error))
    return FALSE;
  if (rows->row.problem == NULL) {
    rows->row.problem = read_row (rows);
    /* Where an object of an envelope ends is not known then. */
    rows->over = rows->row.problem != NULL && rows->form->shape == FORM_ENVELOPES;
  }
  if (rows->row.problem == NULL)
    rows->row.problem = manifest_row_finish (&rows->row, rows->batch);
  return TRUE;
}
