/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See ledger-collect.h. Lines of the same kind come from one statement each.
 */
#include "db/ledger-collect.h"

#include "base/encode.h"
#include "base/files.h"
#include "db/ledger-private.h"
#include "db/manifest-private.h"

#define BUFFER (256 * 1024)

typedef struct {
  Database *database;
  int fd;
  GString *text; /* not written yet */
  guint64 lines; /* of the kind that was written last */
} Output;

static gboolean
flush (Output *output, GError **error)
{
  gboolean written = fd_write_for_reader (output->fd, output->text->str, output->text->len,
                                          READER_PATIENCE, error);

  g_string_truncate (output->text, 0);
  return written;
}

/* ---- one line ---- */

static void
put_text (Output *output, const char *name, const char *value)
{
  g_string_append_printf (output->text, ",\"%s\":", name);
  append_json_string (output->text, value);
}

static void
put_number (Output *output, const char *name, gint64 number)
{
  g_string_append_printf (output->text, ",\"%s\":%" G_GINT64_FORMAT, name, number);
}

static void
put_hash (Output *output, const char *name, Statement *row)
{
  gsize length = 0;
  const guint8 *data = statement_blob (row, &length);

  g_string_append_printf (output->text, ",\"%s\":\"", name);
  append_hex (output->text, data, length);
  g_string_append_c (output->text, '"');
}

/* Events count from 1: 0 is none. */
static void
put_event (Output *output, const char *name, gint64 event)
{
  if (event != 0)
    put_number (output, name, event);
}

static void
begin (Output *output, const char *member, const char *first, gint64 number)
{
  g_string_append_printf (output->text, "{\"%s\":{\"%s\":%" G_GINT64_FORMAT, member, first, number);
}

static gboolean
end (Output *output, GError **error)
{
  g_string_append (output->text, "}}\n");
  output->lines++;
  return output->text->len < BUFFER || flush (output, error);
}

/* ---- all lines of a kind ---- */

typedef void (*PutRow) (Output *output, Statement *row);

static gboolean
put_rows (Output *output, const char *sql, PutRow put, GError **error)
{
  g_autoptr (Statement) select = statement_prepare (output->database, sql, error);
  gboolean found = TRUE;

  output->lines = 0;
  if (select == NULL)
    return FALSE;
  while (statement_step (select, &found, error)) {
    if (!found)
      return TRUE;
    put (output, select);
    if (!end (output, error))
      return FALSE;
  }
  return FALSE;
}

static void
put_batch (Output *output, Statement *row)
{
  g_string_append (output->text, "{\"batch\":{\"name\":");
  append_json_string (output->text, statement_text (row));
  put_text (output, "profile", statement_text (row));
  put_text (output, "state", statement_text (row));
  put_number (output, "target", statement_int64 (row));
  put_number (output, "devices", statement_int64 (row));
  put_number (output, "failed", statement_int64 (row));
}

static void
put_certificate (Output *output, Statement *row)
{
  const char *reason;

  begin (output, "certificate", "log_index", statement_int64 (row));
  put_text (output, "device", statement_text (row));
  put_text (output, "batch", statement_text (row));
  put_text (output, "profile", statement_text (row));
  put_hash (output, "serial_number", row);
  put_hash (output, "sha256", row);
  put_text (output, "state", statement_text (row));
  reason = statement_text (row);
  if (reason != NULL)
    put_text (output, "void_reason", reason);
  put_event (output, "verified_event", statement_int64 (row));
  put_event (output, "void_event", statement_int64 (row));
}

static void
put_audit_event (Output *output, Statement *row)
{
  begin (output, "event", "id", statement_int64 (row));
  put_number (output, "at", statement_int64 (row));
  put_text (output, "actor", statement_text (row));
  put_text (output, "kind", statement_text (row));
  put_text (output, "subject", statement_text (row));
  put_text (output, "detail", statement_text (row));
  put_hash (output, "hash", row);
}

static void
put_export (Output *output, Statement *row)
{
  begin (output, "export", "id", statement_int64 (row));
  put_number (output, "at", statement_int64 (row));
  put_text (output, "batch", statement_text (row));
  put_text (output, "format", statement_text (row));
  put_number (output, "rows", statement_int64 (row));
  put_number (output, "bytes", statement_int64 (row));
  put_hash (output, "sha256", row);
  put_number (output, "through", statement_int64 (row));
  g_string_append_printf (output->text, ",\"confirmed\":%s",
                          statement_int64 (row) != 0 ? "true" : "false");
}

static void
put_report (Output *output, Statement *row)
{
  begin (output, "report", "id", statement_int64 (row));
  put_number (output, "at", statement_int64 (row));
  put_text (output, "batch", statement_text (row));
  put_number (output, "log_index", statement_int64 (row));
  put_hash (output, "sha256", row);
}

#define BATCHES                                                                                    \
  "SELECT name, profile, state, target, devices,"                                                  \
  " (SELECT coalesce (sum (count), 0) FROM failures WHERE batch = batches.id)"                     \
  " FROM batches ORDER BY id"
#define CERTIFICATES                                                                               \
  "SELECT log_index, devices.serial, batches.name, certificates.profile, serial_number, sha256,"   \
  " certificates.state, void_reason, verified_event, void_event FROM certificates"                 \
  " CROSS JOIN devices ON devices.id = certificates.device"                                        \
  " CROSS JOIN batches ON batches.id = certificates.batch ORDER BY log_index"
#define EVENTS "SELECT id, at, actor, kind, subject, detail, hash FROM audit_events ORDER BY id"
#define EXPORTS                                                                                    \
  "SELECT exports.id, at, batches.name, format, rows, bytes, sha256, through, confirmed"           \
  " FROM exports CROSS JOIN batches ON batches.id = exports.batch ORDER BY exports.id"
#define REPORTS                                                                                    \
  "SELECT reports.id, at, batches.name, log_index, sha256"                                         \
  " FROM reports CROSS JOIN batches ON batches.id = reports.batch ORDER BY reports.id"

/* ---- the whole ---- */

static gboolean
put_ledger (Output *output, GError **error)
{
  guint8 identity[LEDGER_IDENTITY];
  gint64 next;
  g_autofree char *id = NULL;

  if (!identity_read (output->database, identity, error)
      || !database_read_number (
          output->database, "SELECT value FROM meta WHERE name = 'next_log_index'", &next, error))
    return FALSE;
  id = hex_encode (identity, sizeof identity);
  begin (output, "ledger", "version", 1);
  put_text (output, "id", id);
  put_number (output, "next_log_index", next);
  put_number (output, "made_at", g_get_real_time ());
  return end (output, error);
}

static gboolean
put_end (Output *output, guint64 certificates, guint64 events, GError **error)
{
  begin (output, "end", "certificates", (gint64)certificates);
  put_number (output, "events", (gint64)events);
  return end (output, error) && flush (output, error);
}

static gboolean
put_all (Output *output, GError **error)
{
  guint64 certificates, events;

  if (!put_ledger (output, error) || !put_rows (output, BATCHES, put_batch, error)
      || !put_rows (output, CERTIFICATES, put_certificate, error))
    return FALSE;
  certificates = output->lines;
  if (!put_rows (output, EVENTS, put_audit_event, error))
    return FALSE;
  events = output->lines;
  return put_rows (output, EXPORTS, put_export, error)
         && put_rows (output, REPORTS, put_report, error)
         && put_end (output, certificates, events, error);
}

gboolean
ledger_file_collect (const char *path, int fd, GError **error)
{
  g_autoptr (Database) database = database_open_reader (path, error);
  g_autoptr (GString) text = g_string_sized_new (BUFFER + 4096);
  Output output = { .database = database, .fd = fd, .text = text };

  return database != NULL && statement_execute (database, "BEGIN", error)
         && put_all (&output, error) && statement_execute (database, "COMMIT", error);
}

gboolean
ledger_collect (Ledger *ledger, int fd, GError **error)
{
  return ledger_file_collect (ledger->path, fd, error);
}
