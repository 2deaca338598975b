/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See fill-ledger.h. The rows go in by SQL, many a transaction, but past no trigger: what a schema
 * refuses or counts it refuses and counts here. Whatever goes wrong ends the program.
 */
#include "tests/unit/db/fill-ledger.h"

#include "base/encode.h"
#include "db/certificate-fields.h"
#include "db/ledger-private.h"
#include "db/migrate.h"

#define ROWS_A_TRANSACTION 20000
#define MICROSECONDS_APART 20000

static void
must (gboolean ok, GError *error)
{
  if (!ok)
    g_error ("%s", error != NULL ? error->message : "failed");
}

static void
make_batch (const char *path, EntryMaker *maker, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Ledger) ledger = ledger_open (path, &error);
  g_autoptr (Batch) batch = batch_new ();
  g_autoptr (GPtrArray) chain = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  const Span authority = entry_maker_authority (maker);

  must (ledger != NULL, error);
  batch->name = g_strdup (name);
  batch->product = g_strdup ("thermometer");
  batch->profile = g_strdup ("sensor");
  g_ptr_array_add (chain, g_bytes_new (authority.data, authority.length));
  must (ledger_create_batch (ledger, batch, "anna", &error)
            && ledger_set_batch_state (ledger, name, BATCH_RUNNING, "anna", &error)
            && ledger_keep_chain (ledger, "ca", chain, &error),
        error);
}

static Statement *
prepare (Database *database, const char *sql)
{
  g_autoptr (GError) error = NULL;
  Statement *statement = statement_prepare (database, sql, &error);

  must (statement != NULL, error);
  return statement;
}

static void
run (Statement *statement)
{
  g_autoptr (GError) error = NULL;

  must (statement_run (statement, &error), error);
}

static void
execute (Database *database, const char *sql)
{
  g_autoptr (GError) error = NULL;

  must (database_run_script (database, sql, &error), error);
}

static gint64
add_event (Database *database, const char *kind, const char *device, guint64 number)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *detail = g_strdup_printf ("log index %" G_GUINT64_FORMAT, number);
  gint64 event;

  must (audit_add (database, NULL, kind, device, detail, &event, &error), error);
  return event;
}

/* ---- one unit ---- */

typedef struct {
  Database *database;
  gint64 batch;
  guint64 number;
  gint64 at; /* when it passed */
  char *serial;
  GBytes *der;
  CertificateFields *fields;
} Unit;

static gint64
add_device (const Unit *unit)
{
  g_autoptr (Statement) insert = prepare (
      unit->database,
      "INSERT INTO devices (serial, chip_id, batch, driver, model, firmware, state, attempts,"
      " created_at, first_result) VALUES (?1, ?1, ?2, 'smp', 'm1', '1.0', 'passed', 0, ?3,"
      " 'passed')");

  statement_bind_text (insert, unit->serial);
  statement_bind_int64 (insert, unit->batch);
  statement_bind_int64 (insert, unit->at);
  run (insert);
  return database_last_id (unit->database);
}

/* It learns its device afterwards, as on the line: that is what counts it. */
static void
add_attempt (const Unit *unit, gint64 device)
{
  g_autoptr (Statement) insert =
      prepare (unit->database, "INSERT INTO attempts (slot, batch, driver, started_at, result,"
                               " step) VALUES ('1', ?, 'smp', ?, 'running', 'open')");
  statement_bind_int64 (insert, unit->batch);
  statement_bind_int64 (insert, unit->at - MICROSECONDS_APART);
  run (insert);
  g_autoptr (Statement) update =
      prepare (unit->database, "UPDATE attempts SET device = ?, result = 'passed', step = 'record',"
                               " ended_at = ? WHERE id = ?");
  statement_bind_int64 (update, device);
  statement_bind_int64 (update, unit->at);
  statement_bind_int64 (update, database_last_id (unit->database));
  run (update);
}

static void
add_key (const Unit *unit, gint64 device)
{
  g_autoptr (GError) error = NULL;
  gint64 owner;
  g_autoptr (Statement) insert =
      prepare (unit->database, "INSERT INTO keys (spki_sha256, device) VALUES (?, ?)");

  must (key_take (unit->database, device, &unit->fields->key, &owner, &error), error);
  g_assert_cmpint (owner, ==, device);
  statement_bind_bytes (insert, unit->fields->spki_sha256);
  statement_bind_int64 (insert, device);
  run (insert);
}

static void
add_certificate (const Unit *unit, gint64 device, gint64 event)
{
  const CertificateFields *fields = unit->fields;
  g_autoptr (Statement) insert = prepare (
      unit->database,
      "INSERT INTO certificates (device, batch, profile, state, log_index, issued_at, verified_at,"
      " verified_event, serial_number, sha256, sha1, spki_sha256, subject, common_name,"
      " not_before, not_after, der)"
      " VALUES (?, ?, 'sensor', 'verified', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

  statement_bind_int64 (insert, device);
  statement_bind_int64 (insert, unit->batch);
  statement_bind_int64 (insert, (gint64)unit->number);
  statement_bind_int64 (insert, unit->at - MICROSECONDS_APART / 2);
  statement_bind_int64 (insert, unit->at);
  statement_bind_int64 (insert, event);
  statement_bind_bytes (insert, fields->serial_number);
  statement_bind_bytes (insert, fields->sha256);
  statement_bind_bytes (insert, fields->sha1);
  statement_bind_bytes (insert, fields->spki_sha256);
  statement_bind_text (insert, fields->subject);
  statement_bind_text (insert, fields->common_name);
  statement_bind_int64 (insert, fields->not_before);
  statement_bind_int64 (insert, fields->not_after);
  statement_bind_bytes (insert, unit->der);
  run (insert);
}

static void
add_unit (Unit *unit, EntryMaker *maker)
{
  g_autoptr (GError) error = NULL;
  LogEntry entry;

  entry_make (maker, unit->number, &entry);
  g_autofree char *serial = g_strndup ((const char *)entry.device.data, entry.device.length);
  g_autoptr (GBytes) der = g_bytes_new (entry.certificate.data, entry.certificate.length);
  g_autoptr (CertificateFields) fields = certificate_fields_read (der, &error);

  must (fields != NULL, error);
  unit->serial = serial;
  unit->der = der;
  unit->fields = fields;
  const gint64 device = add_device (unit);
  add_attempt (unit, device);
  add_key (unit, device);
  add_event (unit->database, "certificate-store", serial, unit->number);
  add_certificate (unit, device,
                   add_event (unit->database, "certificate-verified", serial, unit->number));
}

/* ---- all ---- */

static gint64
find_batch (Database *database, const char *name)
{
  g_autoptr (GError) error = NULL;
  gint64 id;

  must (batch_find_existing (database, name, &id, &error), error);
  return id;
}

/* What only updates count, and the marks up to which everything is known. */
static void
settle (Database *database, gint64 batch, guint64 next)
{
  g_autofree char *script = g_strdup_printf (
      "UPDATE batches SET first_passed = devices WHERE id = %" G_GINT64_FORMAT ";"
      "UPDATE meta SET value = %" G_GUINT64_FORMAT " WHERE name = 'next_log_index';"
      "UPDATE meta SET value = (SELECT max (id) FROM seen_keys)"
      " WHERE name IN ('keys_checked', 'keys_on_disk');",
      batch, next);

  execute (database, script);
}

void
ledger_fill (const char *path, EntryMaker *maker, const char *name, guint64 first, guint64 count)
{
  g_autoptr (GError) error = NULL;
  const gint64 begin = g_get_real_time () - (gint64)count * MICROSECONDS_APART;
  guint newest;

  make_batch (path, maker, name);
  migrations (&newest);
  g_autoptr (Database) database = database_open_writer (path, newest, &error);
  must (database != NULL, error);
  execute (database, "PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; BEGIN");
  const gint64 batch = find_batch (database, name);
  for (guint64 i = 0; i < count; i++) {
    Unit unit = { .database = database,
                  .batch = batch,
                  .number = first + i,
                  .at = begin + (gint64)i * MICROSECONDS_APART };

    add_unit (&unit, maker);
    if ((i + 1) % ROWS_A_TRANSACTION == 0)
      execute (database, "COMMIT; BEGIN");
  }
  settle (database, batch, first + count);
  execute (database, "COMMIT; PRAGMA wal_checkpoint (TRUNCATE)");
}
