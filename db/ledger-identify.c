/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The moment at which an attempt learns which device it holds.
 *
 * The target limits how many devices hold a live certificate. A device without one is let
 * in only while those that have one, and those that are running for one in other slots,
 * are fewer than the target; so a batch never gets more certificates than ordered, and a
 * device that fails for good keeps no place.
 */
#include "base/text.h"
#include "db/ledger-admission.h"

typedef struct {
  gint64 attempt_id;
  const DeviceFacts *facts;
  SerialRule rule;
  BatchAdmission batch;
  gint64 bound_device; /* the attempt has this device already, or 0 */
  gint64 device_id;    /* found or made */
  Device *device;
} Identification;

static gboolean
check_target (Database *database, gint64 batch_id, gint64 attempt_id, GError **error)
{
  gboolean row;
  g_autoptr (Statement) select = statement_prepare (
      database,
      "SELECT target, live, (SELECT count (*) FROM attempts WHERE attempts.batch = batches.id"
      "   AND result = 'running' AND device IS NOT NULL AND attempts.id <> ?2"
      "   AND NOT EXISTS (SELECT 1 FROM certificates WHERE certificates.device = attempts.device"
      "     AND certificates.batch = attempts.batch AND certificates.state <> 'void'))"
      " FROM batches WHERE id = ?1",
      error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, batch_id);
  statement_bind_int64 (select, attempt_id);
  if (!statement_step (select, &row, error))
    return FALSE;
  gint64 target = statement_int64 (select);
  gint64 live = statement_int64 (select);
  gint64 running = statement_int64 (select);
  if (target == 0 || live + running < target)
    return TRUE;
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_BATCH_FULL,
               "the batch's target of %" G_GINT64_FORMAT " devices is reached (%" G_GINT64_FORMAT
               " certified, %" G_GINT64_FORMAT " running)",
               target, live, running);
  return FALSE;
}

/* Of the batch, so that a device which comes back for its next one needs a place too; where
 * certificates stay, any. */
static gboolean
has_live_certificate (Database *database, const Identification *identification, gint64 device_id,
                      gboolean *has, GError **error)
{
  gint64 id;
  g_autoptr (Statement) select = statement_prepare (
      database,
      "SELECT id FROM certificates WHERE device = ?1 AND state <> 'void' AND (batch = ?2 OR ?3)",
      error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, device_id);
  statement_bind_int64 (select, identification->batch.id);
  statement_bind_int64 (select, identification->batch.kind == BATCH_REFRESH);
  return load_id (select, &id, has, error);
}

/* In another batch than before, it begins anew; SQL reads the columns as they were. */
static gboolean
update_known (Database *database, const Identification *identification, gint64 device_id,
              gboolean certified, GError **error)
{
  const DeviceFacts *facts = identification->facts;
  g_autoptr (Statement) update = statement_prepare (
      database,
      "UPDATE devices SET chip_id = coalesce (chip_id, ?1), driver = coalesce (?2, driver),"
      " model = coalesce (?3, model), firmware = coalesce (?4, firmware), state = ?5, batch = ?7,"
      " renewing = max (retry_allowed, CASE batch WHEN ?7 THEN renewing ELSE 0 END),"
      " first_result = CASE batch WHEN ?7 THEN first_result END,"
      " held = 0, retry_allowed = 0 WHERE id = ?6",
      error);

  if (update == NULL)
    return FALSE;
  statement_bind_text (update, facts->chip_id);
  statement_bind_text (update, facts->driver);
  statement_bind_text (update, facts->model);
  statement_bind_text (update, facts->firmware);
  statement_bind_text (update, certified ? "certified" : "started");
  statement_bind_int64 (update, device_id);
  statement_bind_int64 (update, identification->batch.id);
  return statement_run (update, error);
}

static gboolean
resume_device (Database *database, Identification *identification, const KnownDevice *known,
               GError **error)
{
  const BatchAdmission *batch = &identification->batch;
  gboolean certified;

  if (!known_device_check (database, batch, identification->attempt_id, known, error)
      || !has_live_certificate (database, identification, known->id, &certified, error))
    return FALSE;
  if (!certified && !check_target (database, batch->id, identification->attempt_id, error))
    return FALSE;
  identification->device_id = known->id;
  return update_known (database, identification, known->id, certified, error)
         && known_device_note_return (database, batch, known, error);
}

static char *
choose_serial (Database *database, const Identification *identification, GError **error)
{
  const DeviceFacts *facts = identification->facts;

  if (identification->rule.ranged)
    return batch_take_serial (database, identification->batch.id, error);

  const char *serial = known_device_serial (facts, FALSE);
  if (serial != NULL && serial_is_valid (serial))
    return g_strdup (serial);
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID, "%s",
               serial == NULL
                   ? "the device has neither chip id nor serial, and the batch has no serial range"
                   : "the device's own serial can't be used as a name: 1 to 64 letters, digits and "
                     ". : _ -, the first one a letter or digit");
  return NULL;
}

static gboolean
add_device (Database *database, Identification *identification, GError **error)
{
  const DeviceFacts *facts = identification->facts;

  if (identification->batch.kind != BATCH_NEW)
    return batch_refuse_unknown (&identification->batch, facts, error);
  if (!check_target (database, identification->batch.id, identification->attempt_id, error))
    return FALSE;
  g_autofree char *serial = choose_serial (database, identification, error);
  if (serial == NULL)
    return FALSE;
  identification->device_id =
      device_insert (database, identification->batch.id, serial, facts, error);
  if (identification->device_id == 0)
    return FALSE;
  g_autofree char *detail =
      g_strdup_printf ("chip %s", facts->chip_id == NULL ? "unknown" : facts->chip_id);
  return audit_add (database, NULL, "device-new", serial, detail, NULL, error);
}

static gboolean
bind_attempt (Database *database, Identification *identification, GError **error)
{
  g_autoptr (Statement) update = statement_prepare (
      database, "UPDATE attempts SET device = ?, driver = ?, step = 'register' WHERE id = ?",
      error);

  if (update == NULL)
    return FALSE;
  statement_bind_int64 (update, identification->device_id);
  statement_bind_text (update, identification->facts->driver);
  statement_bind_int64 (update, identification->attempt_id);
  if (!statement_run (update, error))
    return FALSE;
  identification->device = device_read (database, identification->device_id, error);
  return identification->device != NULL;
}

/* Reads what the attempt and its batch are, and refuses where the batch does not run. */
static gboolean
read_attempt (Database *database, Identification *identification, GError **error)
{
  gint64 batch_id;

  if (!attempt_running (database, identification->attempt_id, &batch_id,
                        &identification->bound_device, error))
    return FALSE;
  if (batch_id == 0) {
    g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_BATCH_STATE,
                         "the attempt has no batch: start a batch first");
    return FALSE;
  }
  return batch_check_running (database, batch_id, error)
         && batch_admission_read (database, batch_id, &identification->batch, error);
}

static gboolean
identify_device (Database *database, gpointer data, GError **error)
{
  Identification *identification = data;
  g_auto (KnownDevice) known = { 0 };

  if (!read_attempt (database, identification, error)
      || !serial_rule_check (&identification->rule, identification->facts->serial, error)
      || !known_device_find (database, identification->facts, &identification->rule, &known, error))
    return FALSE;
  if (identification->bound_device != 0 && identification->bound_device != known.id) {
    g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_DUPLICATE_DEVICE,
                         "the device changed its identity in the middle of an attempt");
    return FALSE;
  }
  gboolean placed = known.id != 0 ? resume_device (database, identification, &known, error)
                                  : add_device (database, identification, error);
  return placed && bind_attempt (database, identification, error);
}

/* The rule is settled with the batch, so it may be read ahead of the job. */
static gboolean
read_rule (Ledger *ledger, gint64 attempt_id, SerialRule *rule, GError **error)
{
  gint64 batch_id;
  gboolean found;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);
  g_autoptr (Statement) select =
      statement_prepare (ledger->line.database, "SELECT batch FROM attempts WHERE id = ?", error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, attempt_id);
  return load_id (select, &batch_id, &found, error)
         && serial_rule_read (ledger->line.database, batch_id, rule, error);
}

/* A serial of a range or from a label is bound to its device before the device hears it, so it must
 * be on the disk by then. Who is only recognised may be recognised again after a power cut. */
static gboolean
identify (Ledger *ledger, Identification *identification, GError **error)
{
  if (!read_rule (ledger, identification->attempt_id, &identification->rule, error))
    return FALSE;
  return identification->rule.ranged || identification->rule.scanned
             ? ledger_write (ledger, identify_device, identification, error)
             : ledger_write_soon (ledger, identify_device, identification, error);
}

Device *
ledger_identify_device (Ledger *ledger, gint64 attempt_id, const DeviceFacts *facts, GError **error)
{
  Identification identification = { .attempt_id = attempt_id, .facts = facts };
  gboolean identified = identify (ledger, &identification, error);

  serial_rule_clear (&identification.rule);
  if (identified)
    return identification.device;
  device_free (identification.device);
  return NULL;
}

/* ---- before anything runs ---- */

static gboolean
check_serial (Database *database, gint64 batch_id, const char *serial, GError **error)
{
  const DeviceFacts facts = { .serial = serial };
  g_auto (KnownDevice) known = { 0 };
  BatchAdmission batch;

  if (!batch_admission_read (database, batch_id, &batch, error)
      || !known_device_of_serial (database, serial, &known, error))
    return FALSE;
  if (known.id == 0)
    return batch.kind == BATCH_NEW || batch_refuse_unknown (&batch, &facts, error);
  return known_device_check (database, &batch, 0, &known, error);
}

gboolean
ledger_check_serial (Ledger *ledger, const char *batch, const char *serial, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);
  Database *database = ledger->line.database;
  SerialRule rule = { 0 };
  gint64 batch_id;
  gboolean good = batch_find_existing (database, batch, &batch_id, error)
                  && serial_rule_read (database, batch_id, &rule, error)
                  && serial_rule_check (&rule, serial, error)
                  && check_serial (database, batch_id, serial, error);

  serial_rule_clear (&rule);
  return good;
}
