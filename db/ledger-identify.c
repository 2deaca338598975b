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
#include "db/ledger-private.h"

typedef struct {
  gint64 attempt_id;
  const DeviceFacts *facts;
  gint64 batch_id;
  SerialRule rule;
  gint64 bound_device; /* the attempt has this device already, or 0 */
  gint64 device_id;    /* found or made */
  Device *device;
} Identification;

/* What the ledger knows of a device, and of the batch it stands in. */
typedef struct {
  gint64 id;
  char *serial;
  char *chip_id;
  gint64 batch_id;
  gboolean passed;
  gboolean held;
  gboolean retry_allowed;
} Known;

static void
known_clear (Known *known)
{
  g_free (known->serial);
  g_free (known->chip_id);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Known, known_clear)

#define KNOWN_QUERY(column)                                                                        \
  "SELECT id, serial, chip_id, batch, state = 'passed', held, retry_allowed FROM devices"          \
  " WHERE " column " = ?"

static gboolean
read_known (Database *database, const char *sql, const char *value, Known *known, GError **error)
{
  gboolean row;
  g_autoptr (Statement) select = statement_prepare (database, sql, error);

  if (select == NULL)
    return FALSE;
  statement_bind_text (select, value);
  if (!statement_step (select, &row, error))
    return FALSE;
  if (!row)
    return TRUE;
  known->id = statement_int64 (select);
  known->serial = statement_dup_text (select);
  known->chip_id = statement_dup_text (select);
  known->batch_id = statement_int64 (select);
  known->passed = statement_int64 (select) != 0;
  known->held = statement_int64 (select) != 0;
  known->retry_allowed = statement_int64 (select) != 0;
  return TRUE;
}

static gboolean
number_for (Database *database, const char *sql, gint64 id, gint64 *number, GError **error)
{
  gboolean found;
  g_autoptr (Statement) select = statement_prepare (database, sql, error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, id);
  return load_id (select, number, &found, error);
}

static gboolean duplicate_device (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
duplicate_device (GError **error, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_propagate_error (
      error, g_error_new_valist (LEDGER_ERROR, LEDGER_ERROR_DUPLICATE_DEVICE, format, arguments));
  va_end (arguments);
  return FALSE;
}

/* The serial under which a device may be known: the one it carries, or where it carries none
 * and the batch has no range, its chip id. */
static const char *
claimed_serial (const DeviceFacts *facts, gboolean ranged)
{
  return facts->serial != NULL || ranged ? facts->serial : facts->chip_id;
}

static gboolean
same_chip (const Known *known, const DeviceFacts *facts)
{
  return known->chip_id == NULL || g_strcmp0 (known->chip_id, facts->chip_id) == 0;
}

/* A chip that is known keeps its serial. What a device says of itself may be left unheeded; a label
 * that somebody scanned may not: it would stick on the wrong device. */
static gboolean
check_label (const SerialRule *rule, const Known *known, const char *serial, GError **error)
{
  if (!rule->scanned || known->id == 0)
    return TRUE;
  return duplicate_device (error, "the device of chip %s is %s already and can't become %s",
                           known->chip_id, known->serial, serial);
}

/* Finds the device by chip, then by serial; known->id stays 0 where it is new. */
static gboolean
find_known (Database *database, const DeviceFacts *facts, const SerialRule *rule, Known *known,
            GError **error)
{
  const char *serial = claimed_serial (facts, rule->ranged);
  g_auto (Known) named = { 0 };

  if (facts->chip_id != NULL
      && !read_known (database, KNOWN_QUERY ("chip_id"), facts->chip_id, known, error))
    return FALSE;
  if (serial == NULL)
    return TRUE;
  if (!read_known (database, KNOWN_QUERY ("serial"), serial, &named, error))
    return FALSE;
  if (named.id == 0)
    return check_label (rule, known, serial, error);
  if (named.id == known->id)
    return TRUE;
  if (known->id != 0)
    return duplicate_device (error, "the device of chip %s carries the serial %s of another device",
                             facts->chip_id, serial);
  if (!same_chip (&named, facts))
    return duplicate_device (error, "serial %s belongs to the device with chip %s", serial,
                             named.chip_id);
  *known = named;
  named = (Known){ 0 };
  return TRUE;
}

static gboolean
check_target (Database *database, gint64 batch_id, gint64 attempt_id, GError **error)
{
  gboolean row;
  g_autoptr (Statement) select = statement_prepare (
      database,
      "SELECT target, live, (SELECT count (*) FROM attempts WHERE attempts.batch = batches.id"
      "   AND result = 'running' AND device IS NOT NULL AND attempts.id <> ?2"
      "   AND NOT EXISTS (SELECT 1 FROM certificates WHERE certificates.device = attempts.device"
      "     AND certificates.state <> 'void')) FROM batches WHERE id = ?1",
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

static gboolean
check_not_busy (Database *database, const Identification *identification, const Known *known,
                GError **error)
{
  gint64 running;

  if (!number_for (database, "SELECT id FROM attempts WHERE device = ? AND result = 'running'",
                   known->id, &running, error))
    return FALSE;
  if (running == 0 || running == identification->attempt_id)
    return TRUE;
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_BUSY_DEVICE,
               "device %s is in another slot already (attempt %" G_GINT64_FORMAT ")", known->serial,
               running);
  return FALSE;
}

static gboolean
check_batch_of (Database *database, gint64 batch_id, const Known *known, GError **error)
{
  gboolean row;

  if (known->batch_id == batch_id)
    return TRUE;
  g_autoptr (Statement) select =
      statement_prepare (database, "SELECT name FROM batches WHERE id = ?", error);
  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, known->batch_id);
  if (!statement_step (select, &row, error))
    return FALSE;
  return duplicate_device (error, "device %s belongs to batch %s", known->serial,
                           statement_text (select));
}

static gboolean
check_not_done (const Known *known, GError **error)
{
  if (known->retry_allowed)
    return TRUE;
  if (known->held)
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_DEVICE_VOIDED,
                 "device %s had its certificate voided; a supervisor may allow it to run again",
                 known->serial);
  else if (known->passed)
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_ALREADY_DONE,
                 "device %s has passed already; a supervisor may allow it to run once more",
                 known->serial);
  return !known->held && !known->passed;
}

static gboolean
has_live_certificate (Database *database, gint64 device_id, gboolean *has, GError **error)
{
  gint64 id;

  if (!number_for (database, "SELECT id FROM certificates WHERE device = ? AND state <> 'void'",
                   device_id, &id, error))
    return FALSE;
  *has = id != 0;
  return TRUE;
}

static gboolean
update_known (Database *database, const DeviceFacts *facts, gint64 device_id, gboolean certified,
              GError **error)
{
  g_autoptr (Statement) update = statement_prepare (
      database,
      "UPDATE devices SET chip_id = coalesce (chip_id, ?), driver = coalesce (?, driver),"
      " model = coalesce (?, model), firmware = coalesce (?, firmware), state = ?,"
      " held = 0, retry_allowed = 0 WHERE id = ?",
      error);

  if (update == NULL)
    return FALSE;
  statement_bind_text (update, facts->chip_id);
  statement_bind_text (update, facts->driver);
  statement_bind_text (update, facts->model);
  statement_bind_text (update, facts->firmware);
  statement_bind_text (update, certified ? "certified" : "started");
  statement_bind_int64 (update, device_id);
  return statement_run (update, error);
}

static gboolean
resume_device (Database *database, Identification *identification, const Known *known,
               GError **error)
{
  gboolean certified;

  if (!check_batch_of (database, identification->batch_id, known, error)
      || !check_not_busy (database, identification, known, error) || !check_not_done (known, error)
      || !has_live_certificate (database, known->id, &certified, error))
    return FALSE;
  if (!certified
      && !check_target (database, identification->batch_id, identification->attempt_id, error))
    return FALSE;
  identification->device_id = known->id;
  return update_known (database, identification->facts, known->id, certified, error);
}

static char *
choose_serial (Database *database, const Identification *identification, GError **error)
{
  const DeviceFacts *facts = identification->facts;

  if (identification->rule.ranged)
    return batch_take_serial (database, identification->batch_id, error);

  const char *serial = claimed_serial (facts, FALSE);
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

  if (!check_target (database, identification->batch_id, identification->attempt_id, error))
    return FALSE;
  g_autofree char *serial = choose_serial (database, identification, error);
  if (serial == NULL)
    return FALSE;
  identification->device_id =
      device_insert (database, identification->batch_id, serial, facts, error);
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
  identification->batch_id = batch_id;
  return batch_check_running (database, batch_id, error);
}

static gboolean
identify_device (Database *database, gpointer data, GError **error)
{
  Identification *identification = data;
  g_auto (Known) known = { 0 };

  if (!read_attempt (database, identification, error)
      || !serial_rule_check (&identification->rule, identification->facts->serial, error)
      || !find_known (database, identification->facts, &identification->rule, &known, error))
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
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);

  return number_for (ledger->line.database, "SELECT batch FROM attempts WHERE id = ?", attempt_id,
                     &batch_id, error)
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
  const Identification nobody = { .attempt_id = 0 };
  g_auto (Known) known = { 0 };

  if (!read_known (database, KNOWN_QUERY ("serial"), serial, &known, error))
    return FALSE;
  return known.id == 0
         || (check_batch_of (database, batch_id, &known, error) && check_not_done (&known, error)
             && check_not_busy (database, &nobody, &known, error));
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
