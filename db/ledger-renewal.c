/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Devices that come back: the lists of the batches that are for them, the proof of the key that is
 * to be replaced, and which certificate replaced which.
 */
#include "db/ledger-private.h"

#define MISSING_NAMED 20 /* units that never came, in the event of their batch's end */

const char *
batch_kind_word (BatchKind kind)
{
  switch (kind) {
  case BATCH_NEW:
    return "new";
  case BATCH_RENEW:
    return "renew";
  case BATCH_REFRESH:
    return "refresh";
  }
  return "unknown";
}

gboolean
batch_kind_from_word (const char *word, BatchKind *kind)
{
  for (*kind = BATCH_NEW; *kind <= BATCH_REFRESH; (*kind)++)
    if (g_strcmp0 (word, batch_kind_word (*kind)) == 0)
      return TRUE;
  *kind = BATCH_NEW;
  return FALSE;
}

/* ---- lists ---- */

typedef struct {
  const char *batch;
  const char *const *serials;
  const char *actor;
  guint added;
} Adding;

static gboolean
check_list (Database *database, const char *batch, gint64 *id, GError **error)
{
  gboolean row;
  g_autoptr (Statement) select = statement_prepare (
      database, "SELECT id, listed IS NOT NULL, state = 'closed' FROM batches WHERE name = ?",
      error);

  if (select == NULL)
    return FALSE;
  statement_bind_text (select, batch);
  if (!statement_step (select, &row, error))
    return FALSE;
  if (!row)
    return ledger_not_found ("batch", batch, error);
  *id = statement_int64 (select);
  if (statement_int64 (select) == 0)
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                 "batch %s has no list of units: only one that was created with a list has", batch);
  else if (statement_int64 (select) != 0)
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_BATCH_STATE,
                 "batch %s is closed: put the units on the list of another one", batch);
  else
    return TRUE;
  return FALSE;
}

static gboolean
add_unit (Database *database, gint64 batch_id, const char *serial, guint *added, GError **error)
{
  gint64 device_id;
  g_autoptr (Statement) insert = NULL;

  if (!device_find_existing (database, serial, &device_id, error))
    return FALSE;
  insert =
      statement_prepare (database,
                         "INSERT INTO batch_units (batch, device) SELECT ?1, ?2 WHERE NOT EXISTS"
                         " (SELECT 1 FROM batch_units WHERE batch = ?1 AND device = ?2)",
                         error);
  if (insert == NULL)
    return FALSE;
  statement_bind_int64 (insert, batch_id);
  statement_bind_int64 (insert, device_id);
  if (!statement_run (insert, error))
    return FALSE;
  *added += (guint)database_changes (database);
  return TRUE;
}

static gboolean
add_units (Database *database, gpointer data, GError **error)
{
  Adding *adding = data;
  gint64 batch_id = 0;

  adding->added = 0;
  if (!check_list (database, adding->batch, &batch_id, error))
    return FALSE;
  for (guint i = 0; adding->serials[i] != NULL; i++)
    if (!add_unit (database, batch_id, adding->serials[i], &adding->added, error))
      return FALSE;
  g_autofree char *detail = g_strdup_printf ("%u units", adding->added);
  return adding->added == 0
         || audit_add (database, adding->actor, "batch-units", adding->batch, detail, NULL, error);
}

gboolean
ledger_add_batch_units (Ledger *ledger, const char *batch, const char *const *serials,
                        const char *actor, guint *added, GError **error)
{
  Adding adding = { .batch = batch, .serials = serials, .actor = actor };

  if (g_strv_length ((char **)serials) > MOST_BATCH_UNITS) {
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
                 "at most %d units can be put on a list at once", MOST_BATCH_UNITS);
    return FALSE;
  }
  if (!ledger_write (ledger, add_units, &adding, error))
    return FALSE;
  *added = adding.added;
  return TRUE;
}

gboolean
batch_check_units (Database *database, const char *name, GError **error)
{
  gint64 id;
  gboolean empty;
  g_autoptr (Statement) select =
      statement_prepare (database, "SELECT id FROM batches WHERE name = ? AND listed = 0", error);

  if (select == NULL)
    return FALSE;
  statement_bind_text (select, name);
  if (!load_id (select, &id, &empty, error))
    return FALSE;
  if (empty)
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_BATCH_STATE,
                 "the list of batch %s is empty: add units with `keycradle batch units`", name);
  return !empty;
}

/* A unit of the list that never ran in the batch: its attempts are few, and found by the device. */
#define MISSING                                                                                    \
  " FROM batch_units JOIN devices ON devices.id = batch_units.device WHERE batch_units.batch ="    \
  " (SELECT id FROM batches WHERE name = ?) AND NOT EXISTS (SELECT 1 FROM attempts"                \
  " WHERE attempts.device = batch_units.device AND attempts.batch = batch_units.batch)"

static gboolean
count_missing (Database *database, const char *name, gint64 *missing, GError **error)
{
  gboolean found;
  g_autoptr (Statement) select = statement_prepare (database, "SELECT count (*)" MISSING, error);

  if (select == NULL)
    return FALSE;
  statement_bind_text (select, name);
  return load_id (select, missing, &found, error);
}

static gpointer
load_name (Statement *statement)
{
  return statement_dup_text (statement);
}

static GPtrArray *
name_missing (Database *database, const char *name, GError **error)
{
  g_autoptr (Statement) select =
      statement_prepare (database, "SELECT devices.serial" MISSING " LIMIT ?", error);

  if (select == NULL)
    return NULL;
  statement_bind_text (select, name);
  statement_bind_int64 (select, MISSING_NAMED);
  return load_rows (select, load_name, g_free, error);
}

gboolean
batch_note_missing (Database *database, const char *name, const char *actor, GError **error)
{
  gint64 missing;

  if (!count_missing (database, name, &missing, error))
    return FALSE;
  if (missing == 0)
    return TRUE;
  g_autoptr (GPtrArray) names = name_missing (database, name, error);
  if (names == NULL)
    return FALSE;
  g_autoptr (GString) detail = g_string_new (NULL);
  g_string_printf (detail, "%" G_GINT64_FORMAT " units of the list never came:", missing);
  for (guint i = 0; i < names->len; i++)
    g_string_append_printf (detail, "%s %s", i == 0 ? "" : ",",
                            (const char *)g_ptr_array_index (names, i));
  g_string_append (detail, missing > names->len ? ", ..." : "");
  return audit_add (database, actor, "batch-units-missing", name, detail->str, NULL, error);
}

/* ---- what became of a list ---- */

void
batch_unit_free (BatchUnit *unit)
{
  if (unit == NULL)
    return;
  g_free (unit->device);
  g_free (unit->state);
  g_free (unit->reason);
  g_free (unit);
}

/* Batch, state or NULL, the last device before, how many. */
#define UNITS_QUERY                                                                                \
  "SELECT * FROM (SELECT batch_units.device AS place, devices.serial, CASE result"                 \
  "   WHEN 'passed' THEN 'done' WHEN 'failed' THEN 'failed' ELSE 'left' END AS state, reason"      \
  " FROM batch_units JOIN devices ON devices.id = batch_units.device"                              \
  " LEFT JOIN attempts ON attempts.id = (SELECT max (id) FROM attempts"                            \
  "   WHERE attempts.device = batch_units.device AND attempts.batch = batch_units.batch"           \
  "   AND result IN ('passed', 'failed'))"                                                         \
  " WHERE batch_units.batch = ?1 AND batch_units.device > ?3 ORDER BY batch_units.device)"         \
  " WHERE ?2 IS NULL OR state = ?2 ORDER BY place LIMIT ?4"

static GPtrArray *
load_units (Statement *select, gint64 *last, GError **error)
{
  gboolean row;
  g_autoptr (GPtrArray) units = g_ptr_array_new_with_free_func ((GDestroyNotify)batch_unit_free);

  while (statement_step (select, &row, error)) {
    if (!row)
      return g_steal_pointer (&units);
    BatchUnit *unit = g_new0 (BatchUnit, 1);
    *last = statement_int64 (select);
    unit->device = statement_dup_text (select);
    unit->state = statement_dup_text (select);
    unit->reason = statement_dup_text (select);
    g_ptr_array_add (units, unit);
  }
  return NULL;
}

GPtrArray *
ledger_batch_units (Ledger *ledger, const char *batch, const char *state, guint most,
                    const char *marker, char **next, GError **error)
{
  gint64 batch_id;
  gint64 after = 0;
  gint64 last = 0;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->list.mutex);

  *next = NULL;
  if (!batch_find_existing (ledger->list.database, batch, &batch_id, error)
      || !page_marker_read (marker, &after, 1, error))
    return NULL;
  g_autoptr (Statement) select = statement_prepare (ledger->list.database, UNITS_QUERY, error);
  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, batch_id);
  statement_bind_text (select, state);
  statement_bind_int64 (select, after);
  statement_bind_int64 (select, most);
  g_autoptr (GPtrArray) units = load_units (select, &last, error);
  if (units != NULL && units->len == most)
    *next = page_marker (&last, 1);
  return g_steal_pointer (&units);
}

/* ---- the key that is to be replaced ---- */

typedef struct {
  gint64 attempt_id;
  const Certificate *certificate;
} OldKey;

static gboolean
note_old_key (Database *database, gpointer data, GError **error)
{
  const OldKey *old = data;
  gint64 batch_id;
  gint64 device_id;

  if (!attempt_running (database, old->attempt_id, &batch_id, &device_id, error))
    return FALSE;
  g_autoptr (Statement) update =
      statement_prepare (database, "UPDATE devices SET renewing = 1 WHERE id = ?", error);
  if (update == NULL)
    return FALSE;
  statement_bind_int64 (update, device_id);
  g_autofree char *detail =
      g_strdup_printf ("attempt %" G_GINT64_FORMAT
                       ": it holds the key of certificate %s of batch %s, which is to be replaced",
                       old->attempt_id, old->certificate->sha256, old->certificate->batch);
  return statement_run (update, error)
         && audit_add (database, NULL, "old-key-proven", old->certificate->device, detail, NULL,
                       error);
}

gboolean
ledger_note_old_key (Ledger *ledger, gint64 attempt_id, const Certificate *certificate,
                     GError **error)
{
  OldKey old = { .attempt_id = attempt_id, .certificate = certificate };

  return ledger_write (ledger, note_old_key, &old, error);
}

/* ---- lineage ---- */

void
lineage_entry_free (LineageEntry *entry)
{
  if (entry == NULL)
    return;
  g_free (entry->sha256);
  g_free (entry->serial_number);
  g_free (entry->batch);
  g_free (entry->profile);
  g_free (entry->state);
  g_free (entry->void_reason);
  g_free (entry->replaces);
  g_free (entry);
}

static gpointer
load_entry (Statement *statement)
{
  LineageEntry *entry = g_new0 (LineageEntry, 1);

  entry->sha256 = statement_dup_hex (statement);
  entry->serial_number = statement_dup_hex (statement);
  entry->batch = statement_dup_text (statement);
  entry->profile = statement_dup_text (statement);
  entry->state = statement_dup_text (statement);
  entry->not_after = statement_int64 (statement);
  entry->issued_at = statement_int64 (statement);
  entry->verified_at = statement_int64 (statement);
  entry->void_reason = statement_dup_text (statement);
  entry->voided_at = statement_int64 (statement);
  return entry;
}

/* The signer's log has the order. */
static void
link_entries (GPtrArray *entries)
{
  const char *before = NULL;

  for (guint i = 0; i < entries->len; i++) {
    LineageEntry *entry = g_ptr_array_index (entries, i);

    if (g_strcmp0 (entry->void_reason, "duplicate-key") == 0)
      continue;
    entry->replaces = g_strdup (before);
    before = entry->sha256;
  }
}

GPtrArray *
ledger_lineage (Ledger *ledger, const char *serial, GError **error)
{
  gint64 device_id;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);

  if (!device_find_existing (ledger->line.database, serial, &device_id, error))
    return NULL;
  g_autoptr (Statement) select = statement_prepare (
      ledger->line.database,
      "SELECT sha256, serial_number, batches.name, certificates.profile, certificates.state,"
      " not_after, issued_at, verified_at, void_reason, audit_events.at FROM certificates"
      " JOIN batches ON batches.id = certificates.batch"
      " LEFT JOIN audit_events ON audit_events.id = void_event"
      " WHERE device = ? ORDER BY log_index",
      error);
  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, device_id);
  GPtrArray *entries = load_rows (select, load_entry, (GDestroyNotify)lineage_entry_free, error);
  if (entries != NULL)
    link_entries (entries);
  return entries;
}
