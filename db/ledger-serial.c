/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where serials come from: a batch's range, of which no number is given twice, or the
 * operator's scanner.
 */
#include <string.h>

#include "base/text.h"
#include "db/ledger-private.h"

/* ---- rules ---- */

void
serial_rule_clear (SerialRule *rule)
{
  g_clear_pointer (&rule->pattern, g_free);
}

gboolean
serial_rule_read (Database *database, gint64 batch_id, SerialRule *rule, GError **error)
{
  gboolean row;
  g_autoptr (Statement) select = statement_prepare (
      database,
      "SELECT serial_prefix IS NOT NULL, serial_scan, serial_pattern FROM batches WHERE id = ?",
      error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, batch_id);
  if (!statement_step (select, &row, error))
    return FALSE;
  if (!row)
    return TRUE;
  rule->ranged = statement_int64 (select) != 0;
  rule->scanned = statement_int64 (select) != 0;
  rule->pattern = statement_dup_text (select);
  return TRUE;
}

gboolean
serial_rule_check (const SerialRule *rule, const char *serial, GError **error)
{
  if (!rule->scanned)
    return TRUE;
  if (serial == NULL) {
    g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                         "the batch's serials are scanned, and none was scanned for this device: "
                         "scan its label, then run it again");
    return FALSE;
  }
  g_autofree char *shown = text_for_display (serial, 64);
  if (!serial_is_valid (serial)) {
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                 "%s is no valid serial: 1 to 64 letters, digits and . : _ -, the first one a "
                 "letter or digit",
                 shown);
    return FALSE;
  }
  if (rule->pattern == NULL || serial_fits_pattern (serial, rule->pattern))
    return TRUE;
  g_set_error (
      error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
      "serial %s does not fit the batch's pattern %s: is it the right label, and the right "
      "batch?",
      shown, rule->pattern);
  return FALSE;
}

/* ---- ranges ---- */

char *
serial_format (const char *prefix, guint width, guint64 number)
{
  g_autofree char *digits = g_strdup_printf ("%" G_GUINT64_FORMAT, number);
  GString *serial = g_string_new (prefix);

  for (gsize length = strlen (digits); length < width; length++)
    g_string_append_c (serial, '0');
  g_string_append (serial, digits);
  return g_string_free (serial, FALSE);
}

typedef struct {
  char *prefix;
  guint width;
  guint64 next;
  guint64 last;
} Range;

static gpointer
load_range (Statement *statement)
{
  Range *range = g_new0 (Range, 1);

  range->prefix = statement_dup_text (statement);
  range->width = (guint)statement_int64 (statement);
  range->next = (guint64)statement_int64 (statement);
  range->last = (guint64)statement_int64 (statement);
  return range;
}

static void
range_free (Range *range)
{
  g_free (range->prefix);
  g_free (range);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Range, range_free)

static Range *
read_range (Database *database, gint64 batch_id, GError **error)
{
  gpointer range;
  g_autoptr (Statement) select = statement_prepare (
      database,
      "SELECT serial_prefix, serial_width, serial_next, serial_last FROM batches WHERE id = ?",
      error);

  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, batch_id);
  return load_row (select, load_range, &range, error) ? range : NULL;
}

static gboolean
write_next (Database *database, gint64 batch_id, guint64 next, GError **error)
{
  g_autoptr (Statement) update =
      statement_prepare (database, "UPDATE batches SET serial_next = ? WHERE id = ?", error);

  if (update == NULL)
    return FALSE;
  statement_bind_int64 (update, (gint64)next);
  statement_bind_int64 (update, batch_id);
  return statement_run (update, error);
}

/* A serial of the range may be taken already: by hand, by an overlapping batch, or by a
 * device that was recovered from the signer's log. */
char *
batch_take_serial (Database *database, gint64 batch_id, GError **error)
{
  g_autoptr (Range) range = read_range (database, batch_id, error);
  if (range == NULL)
    return NULL;

  for (guint64 next = range->next; next <= range->last; next++) {
    g_autofree char *serial = serial_format (range->prefix, range->width, next);
    gint64 id;
    gboolean taken;
    if (!device_find (database, serial, &id, &taken, error))
      return NULL;
    if (!taken)
      return write_next (database, batch_id, next + 1, error) ? g_steal_pointer (&serial) : NULL;
  }
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_BATCH_FULL,
               "the batch's serial range is used up, its last number is %" G_GUINT64_FORMAT,
               range->last);
  return NULL;
}
