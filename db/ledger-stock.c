/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See ledger-stock.h.
 */
#include "db/ledger-stock.h"

#include "db/ledger-stock-private.h"

/* Rows that one statement reads: a fraction of a second, a few MiB. */
#define STRETCH 2048

/* ---- opening ---- */

static gboolean
find_target (StockReader *reader, const char *name, GError **error)
{
  gboolean found;
  g_autoptr (Statement) select =
      statement_prepare (reader->database, "SELECT id FROM targets WHERE name = ?", error);

  if (select == NULL)
    return FALSE;
  statement_bind_text (select, name);
  return load_id (select, &reader->target, &found, error)
         && (found || ledger_not_found ("target", name, error));
}

StockReader *
stock_reader_open (Ledger *ledger, const char *target, const char *batch, GError **error)
{
  g_autoptr (StockReader) reader = g_new0 (StockReader, 1);

  reader->database = database_open_reader (ledger->path, error);
  if (reader->database == NULL || (target != NULL && !find_target (reader, target, error))
      || (batch != NULL && !batch_find_existing (reader->database, batch, &reader->batch, error)))
    return NULL;
  return g_steal_pointer (&reader);
}

void
stock_reader_close (StockReader *reader)
{
  if (reader == NULL)
    return;
  g_clear_pointer (&reader->database, database_close);
  g_free (reader);
}

/* ---- CAs ---- */

void
stock_authority_free (StockAuthority *authority)
{
  g_free (authority->name);
  g_ptr_array_unref (authority->chain);
  g_free (authority);
}

static gpointer
load_authority (Statement *select)
{
  StockAuthority *authority = g_new0 (StockAuthority, 1);

  authority->name = statement_dup_text (select);
  authority->active = statement_int64 (select) != 0;
  authority->chain = statement_chain (select);
  return authority;
}

GPtrArray *
stock_authorities (StockReader *reader, GError **error)
{
  g_autoptr (Statement) select = statement_prepare (
      reader->database,
      "SELECT name, CASE WHEN ?1 = 0 THEN EXISTS (SELECT 1 FROM accepted_authorities AS accepted"
      "     WHERE accepted.sha256 = authorities.sha256)"
      "   ELSE EXISTS (SELECT 1 FROM authority_registrations AS registration"
      "     WHERE registration.authority = authorities.id AND registration.target = ?1"
      "       AND registration.status = 'ACTIVE' AND NOT registration.ended) END,"
      " chain FROM authorities ORDER BY id",
      error);

  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, reader->target);
  return load_rows (select, load_authority, (GDestroyNotify)stock_authority_free, error);
}

/* ---- how many ---- */

/* Live ones are counted as they change; those among them that are not verified stand in an index.
 * It is the same with registrations: what is not ACTIVE is rare. */
#define COUNT_HERE                                                                                 \
  "SELECT (SELECT coalesce (sum (live), 0) FROM batches) -"                                        \
  " (SELECT count (*) FROM certificates WHERE state = 'issued') WHERE ?1 = 0"
#define COUNT_THERE                                                                                \
  "SELECT registered - (SELECT count (*) FROM registrations WHERE target = ?1 AND ended IS NULL"   \
  "   AND status <> 'ACTIVE' AND status <> 'PENDING_TRANSFER') FROM targets WHERE id = ?1"

gboolean
stock_count (StockReader *reader, guint64 *count, GError **error)
{
  gboolean found;
  gint64 number = 0;
  g_autoptr (Statement) select =
      statement_prepare (reader->database, reader->target == 0 ? COUNT_HERE : COUNT_THERE, error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, reader->target);
  if (!load_id (select, &number, &found, error))
    return FALSE;
  *count = (guint64)MAX (number, 0);
  return TRUE;
}

/* ---- rows ---- */

/* One text for both sets of tables; statements are kept by their text. */
Statement *
stock_prepare (StockReader *reader, const char *from, const char *der, const char *where,
               const char *more_columns, GError **error)
{
  const gboolean there = reader->target != 0;
  g_autofree char *sql = g_strconcat (
      "SELECT certificates.id, devices.serial, batches.name, ",
      there ? "registrations.status, registered_at" : "'ACTIVE', verified_at",
      ", sha256, serial_number, subject, not_after, ", der, more_columns, " FROM ", from,
      there ? " CROSS JOIN registrations ON registrations.certificate = certificates.id"
              " AND registrations.target = ?1 AND registrations.ended IS NULL"
              " AND registrations.status IN ('ACTIVE', 'PENDING_TRANSFER')"
            : "",
      " CROSS JOIN devices ON devices.id = certificates.device"
      " CROSS JOIN batches ON batches.id = certificates.batch WHERE ",
      there ? "" : "?1 = 0 AND certificates.state = 'verified' AND ", where, NULL);
  Statement *select = statement_prepare (reader->database, sql, error);

  if (select != NULL)
    statement_bind_int64 (select, reader->target);
  return select;
}

void
stock_row_read (Statement *select, StockRow *row)
{
  gsize length;

  row->id = statement_int64 (select);
  row->device = statement_text (select);
  row->batch = statement_text (select);
  row->status = statement_text (select);
  row->since = statement_int64 (select);
  row->sha256 = statement_blob (select, &length);
  row->serial = statement_blob (select, &row->serial_length);
  row->subject = statement_text (select);
  row->not_after = statement_int64 (select);
  row->der = statement_blob (select, &row->length);
}

/* Calls `sink` with each row; `place` is where the last one stands. */
static gboolean
read_stretch (Statement *select, StockSink sink, gpointer data, StockPlace *place, GError **error)
{
  gboolean found = TRUE;
  guint count = 0;
  StockRow row;

  while (statement_step (select, &found, error)) {
    if (!found) {
      place->done = count < STRETCH;
      return TRUE;
    }
    stock_row_read (select, &row);
    place->id = row.id;
    place->not_after = row.not_after;
    count++;
    if (!sink (&row, data, error))
      return FALSE;
  }
  return FALSE;
}

gboolean
stock_ending (StockReader *reader, gint64 limit, StockPlace *place, StockSink sink, gpointer data,
              GError **error)
{
  g_autoptr (Statement) select =
      stock_prepare (reader, "certificates INDEXED BY certificates_by_end", "NULL",
                     "not_after < ?2 AND (not_after, certificates.id) > (?3, ?4)"
                     " ORDER BY not_after, certificates.id LIMIT ?5",
                     "", error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, limit);
  statement_bind_int64 (select, place->id == 0 ? G_MININT64 : place->not_after);
  statement_bind_int64 (select, place->id);
  statement_bind_int64 (select, STRETCH);
  return read_stretch (select, sink, data, place, error);
}

gboolean
stock_each (StockReader *reader, StockPlace *place, StockSink sink, gpointer data, GError **error)
{
  g_autoptr (Statement) select =
      stock_prepare (reader, "certificates", "der",
                     "certificates.id > ?2 ORDER BY certificates.id LIMIT ?3", "", error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, place->id);
  statement_bind_int64 (select, STRETCH);
  return read_stretch (select, sink, data, place, error);
}

gboolean
stock_of_serial (StockReader *reader, const guint8 *serial, gsize length, StockSink sink,
                 gpointer data, GError **error)
{
  StockPlace place = { 0 };
  g_autoptr (Statement) select =
      stock_prepare (reader, "certificates", "der", "serial_number = ?2", "", error);

  if (select == NULL)
    return FALSE;
  statement_bind_blob (select, serial, length);
  return read_stretch (select, sink, data, &place, error);
}
