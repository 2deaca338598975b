/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See ledger-admission.h. An ordinary batch takes the devices that it made. A batch that renews
 * takes those back that passed in an earlier one, and from then on they stand in it: a device never
 * goes back, so each batch counts it once.
 */
#include "db/ledger-admission.h"

void
known_device_clear (KnownDevice *known)
{
  g_free (known->serial);
  g_free (known->chip_id);
}

gboolean
batch_admission_read (Database *database, gint64 batch_id, BatchAdmission *batch, GError **error)
{
  gboolean row;
  g_autoptr (Statement) select = statement_prepare (
      database, "SELECT order_kind, listed IS NOT NULL FROM batches WHERE id = ?", error);

  *batch = (BatchAdmission){ .id = batch_id };
  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, batch_id);
  if (!statement_step (select, &row, error))
    return FALSE;
  if (!row || !batch_kind_from_word (statement_text (select), &batch->kind))
    return ledger_not_found ("batch", "of the attempt", error);
  batch->listed = statement_int64 (select) != 0;
  return TRUE;
}

gboolean
batch_refuse_unknown (const BatchAdmission *batch, const DeviceFacts *facts, GError **error)
{
  const char *name = facts->serial != NULL ? facts->serial : facts->chip_id;

  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_NOT_FINISHED,
               "device %s is not known here, and the batch takes back what has passed: a batch "
               "made without --%s gives it its first certificate",
               name != NULL ? name : "without a name", batch_kind_word (batch->kind));
  return FALSE;
}

/* ---- who it is ---- */

#define KNOWN_QUERY(column)                                                                        \
  "SELECT id, serial, chip_id, batch, state = 'passed', held, retry_allowed FROM devices"          \
  " WHERE " column " = ?"

static gboolean
read_known (Database *database, const char *sql, const char *value, KnownDevice *known,
            GError **error)
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

gboolean
known_device_of_serial (Database *database, const char *serial, KnownDevice *known, GError **error)
{
  return read_known (database, KNOWN_QUERY ("serial"), serial, known, error);
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

const char *
known_device_serial (const DeviceFacts *facts, gboolean ranged)
{
  return facts->serial != NULL || ranged ? facts->serial : facts->chip_id;
}

static gboolean
same_chip (const KnownDevice *known, const DeviceFacts *facts)
{
  return known->chip_id == NULL || g_strcmp0 (known->chip_id, facts->chip_id) == 0;
}

/* A chip that is known keeps its serial. What a device says of itself may be left unheeded; a label
 * that somebody scanned may not: it would stick on the wrong device. */
static gboolean
check_label (const SerialRule *rule, const KnownDevice *known, const char *serial, GError **error)
{
  if (!rule->scanned || known->id == 0)
    return TRUE;
  return duplicate_device (error, "the device of chip %s is %s already and can't become %s",
                           known->chip_id, known->serial, serial);
}

gboolean
known_device_find (Database *database, const DeviceFacts *facts, const SerialRule *rule,
                   KnownDevice *known, GError **error)
{
  const char *serial = known_device_serial (facts, rule->ranged);
  g_auto (KnownDevice) named = { 0 };

  if (facts->chip_id != NULL
      && !read_known (database, KNOWN_QUERY ("chip_id"), facts->chip_id, known, error))
    return FALSE;
  if (serial == NULL)
    return TRUE;
  if (!known_device_of_serial (database, serial, &named, error))
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
  named = (KnownDevice){ 0 };
  return TRUE;
}

/* ---- may it run? ---- */

static gboolean
check_not_busy (Database *database, gint64 attempt_id, const KnownDevice *known, GError **error)
{
  gint64 running;
  gboolean found;
  g_autoptr (Statement) select = statement_prepare (
      database, "SELECT id FROM attempts WHERE device = ? AND result = 'running'", error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, known->id);
  if (!load_id (select, &running, &found, error))
    return FALSE;
  if (!found || running == attempt_id)
    return TRUE;
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_BUSY_DEVICE,
               "device %s is in another slot already (attempt %" G_GINT64_FORMAT ")", known->serial,
               running);
  return FALSE;
}

static gboolean
belongs_to (Database *database, const KnownDevice *known, const char *more, GError **error)
{
  gboolean row;
  g_autoptr (Statement) select =
      statement_prepare (database, "SELECT name FROM batches WHERE id = ?", error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, known->batch_id);
  if (!statement_step (select, &row, error))
    return FALSE;
  return duplicate_device (error, "device %s belongs to batch %s%s", known->serial,
                           row ? statement_text (select) : "?", more);
}

static gboolean
check_listed (Database *database, const BatchAdmission *batch, const KnownDevice *known,
              GError **error)
{
  gint64 id;
  gboolean found;

  if (!batch->listed)
    return TRUE;
  g_autoptr (Statement) select = statement_prepare (
      database, "SELECT device FROM batch_units WHERE batch = ? AND device = ?", error);
  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, batch->id);
  statement_bind_int64 (select, known->id);
  if (!load_id (select, &id, &found, error))
    return FALSE;
  if (!found)
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_NOT_LISTED,
                 "device %s is not on the list of the batch; `keycradle batch units` adds units",
                 known->serial);
  return found;
}

static gboolean
check_of_batch (Database *database, const BatchAdmission *batch, const KnownDevice *known,
                GError **error)
{
  if (known->batch_id == batch->id)
    return TRUE;
  if (batch->kind == BATCH_NEW)
    return belongs_to (database, known, "", error);
  if (known->batch_id > batch->id)
    return belongs_to (database, known, ", which is newer than this one", error);
  return check_listed (database, batch, known, error);
}

/* Of a batch's own device; of one that comes from another batch it is asked only whether it is
 * held. */
static gboolean
check_not_done (const BatchAdmission *batch, const KnownDevice *known, GError **error)
{
  const gboolean done = known->passed && known->batch_id == batch->id;

  if (known->retry_allowed)
    return TRUE;
  if (known->held)
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_DEVICE_VOIDED,
                 "device %s had its certificate voided; a supervisor may allow it to run again",
                 known->serial);
  else if (done)
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_ALREADY_DONE,
                 "device %s has passed already; a supervisor may allow it to run once more",
                 known->serial);
  return !known->held && !done;
}

#define EVER_VERIFIED                                                                              \
  "SELECT id FROM certificates WHERE device = ? AND verified_event IS NOT NULL LIMIT 1"
#define IS_VERIFIED "SELECT id FROM certificates WHERE device = ? AND state = 'verified'"

/* A new certificate is for who had one, the same again for who has one. */
static gboolean
check_finished (Database *database, const BatchAdmission *batch, const KnownDevice *known,
                GError **error)
{
  const gboolean keeps = batch->kind == BATCH_REFRESH;
  gint64 id;
  gboolean found;

  if (batch->kind == BATCH_NEW)
    return TRUE;
  g_autoptr (Statement) select =
      statement_prepare (database, keeps ? IS_VERIFIED : EVER_VERIFIED, error);
  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, known->id);
  if (!load_id (select, &id, &found, error))
    return FALSE;
  if (!found)
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_NOT_FINISHED,
                 keeps ? "device %s has no verified certificate that it could keep: a batch made "
                         "with --renew gives it the next one"
                       : "device %s has never passed: its first certificate it gets in its own "
                         "batch",
                 known->serial);
  return found;
}

/* Who comes from another batch without a certificate can't prove that it is that device: it was cut
 * off in the middle, and the batch closed behind it. */
static gboolean
check_can_prove (Database *database, const BatchAdmission *batch, const KnownDevice *known,
                 GError **error)
{
  gint64 id;
  gboolean found;

  if (batch->kind == BATCH_NEW || known->batch_id == batch->id || known->retry_allowed)
    return TRUE;
  g_autoptr (Statement) select = statement_prepare (
      database, "SELECT id FROM certificates WHERE device = ? AND state <> 'void'", error);
  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, known->id);
  if (!load_id (select, &id, &found, error))
    return FALSE;
  if (!found)
    g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_DEVICE_VOIDED,
                 "device %s has no certificate left whose key it could prove; a supervisor may let "
                 "it in without",
                 known->serial);
  return found;
}

gboolean
known_device_check (Database *database, const BatchAdmission *batch, gint64 attempt_id,
                    const KnownDevice *known, GError **error)
{
  return check_of_batch (database, batch, known, error)
         && check_not_busy (database, attempt_id, known, error)
         && check_not_done (batch, known, error) && check_finished (database, batch, known, error)
         && check_can_prove (database, batch, known, error);
}

gboolean
known_device_note_return (Database *database, const BatchAdmission *batch, const KnownDevice *known,
                          GError **error)
{
  gboolean row;

  if (known->batch_id == batch->id)
    return TRUE;
  g_autoptr (Statement) select = statement_prepare (
      database,
      "SELECT (SELECT name FROM batches WHERE id = ?), (SELECT name FROM batches WHERE id = ?)",
      error);
  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, known->batch_id);
  statement_bind_int64 (select, batch->id);
  if (!statement_step (select, &row, error))
    return FALSE;
  g_autofree char *from = statement_dup_text (select);
  g_autofree char *detail =
      g_strdup_printf ("from batch %s to batch %s, to %s", from, statement_text (select),
                       batch_kind_word (batch->kind));
  return audit_add (database, NULL, "device-return", known->serial, detail, NULL, error);
}
