/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Devices: who is this, have we met, and may it run?
 *
 * A chip id, where there is one, decides who a device is: it is burnt in, a serial can be
 * written. A serial that is known with another chip is a clone or a mix-up, and stops here.
 */
#include "db/ledger-private.h"

#define DEVICE_COLUMNS                                                                             \
  "devices.id, devices.serial, chip_id, batches.name, driver, model, firmware, devices.state,"     \
  " devices.created_at, devices.attempts, certificates.sha256, retry_allowed,"                     \
  " renewing"
#define DEVICE_TABLES                                                                              \
  " FROM devices JOIN batches ON batches.id = devices.batch LEFT JOIN certificates"                \
  " ON certificates.device = devices.id AND certificates.state <> 'void'"

void
device_free (Device *device)
{
  if (device == NULL)
    return;
  g_free (device->serial);
  g_free (device->chip_id);
  g_free (device->batch);
  g_free (device->driver);
  g_free (device->model);
  g_free (device->firmware);
  g_free (device->state);
  g_free (device->certificate_sha256);
  g_free (device);
}

static gpointer
load_device (Statement *statement)
{
  Device *device = g_new0 (Device, 1);

  device->id = statement_int64 (statement);
  device->serial = statement_dup_text (statement);
  device->chip_id = statement_dup_text (statement);
  device->batch = statement_dup_text (statement);
  device->driver = statement_dup_text (statement);
  device->model = statement_dup_text (statement);
  device->firmware = statement_dup_text (statement);
  device->state = statement_dup_text (statement);
  device->created_at = statement_int64 (statement);
  device->attempts = (guint)statement_int64 (statement);
  device->certificate_sha256 = statement_dup_hex (statement);
  device->retry_allowed = statement_int64 (statement) != 0;
  device->renewing = statement_int64 (statement) != 0;
  return device;
}

gboolean
device_find (Database *database, const char *serial, gint64 *id, gboolean *found, GError **error)
{
  g_autoptr (Statement) select =
      statement_prepare (database, "SELECT id FROM devices WHERE serial = ?", error);

  if (select == NULL)
    return FALSE;
  statement_bind_text (select, serial);
  return load_id (select, id, found, error);
}

gboolean
device_find_existing (Database *database, const char *serial, gint64 *id, GError **error)
{
  gboolean found;

  if (!device_find (database, serial, id, &found, error))
    return FALSE;
  return found || ledger_not_found ("device", serial, error);
}

gboolean
device_set_state (Database *database, gint64 device_id, const char *state, GError **error)
{
  g_autoptr (Statement) update =
      statement_prepare (database, "UPDATE devices SET state = ? WHERE id = ?", error);

  if (update == NULL)
    return FALSE;
  statement_bind_text (update, state);
  statement_bind_int64 (update, device_id);
  return statement_run (update, error);
}

/* A new device's row; 0 with error. */
gint64
device_insert (Database *database, gint64 batch_id, const char *serial, const DeviceFacts *facts,
               GError **error)
{
  g_autoptr (Statement) insert = statement_prepare (
      database,
      "INSERT INTO devices (serial, chip_id, batch, driver, model, firmware, state, created_at)"
      " VALUES (?, ?, ?, ?, ?, ?, 'started', ?)",
      error);

  if (insert == NULL)
    return 0;
  statement_bind_text (insert, serial);
  statement_bind_text (insert, facts->chip_id);
  statement_bind_int64 (insert, batch_id);
  statement_bind_text (insert, facts->driver == NULL ? "" : facts->driver);
  statement_bind_text (insert, facts->model);
  statement_bind_text (insert, facts->firmware);
  statement_bind_int64 (insert, g_get_real_time ());
  return statement_run (insert, error) ? database_last_id (database) : 0;
}

/* ---- reading ---- */

Device *
device_read (Database *database, gint64 id, GError **error)
{
  gpointer device;
  g_autoptr (Statement) select = statement_prepare (
      database, "SELECT " DEVICE_COLUMNS DEVICE_TABLES " WHERE devices.id = ?", error);

  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, id);
  return load_row (select, load_device, &device, error) ? device : NULL;
}

Device *
ledger_device (Ledger *ledger, const char *serial, GError **error)
{
  gint64 id;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);

  if (!device_find_existing (ledger->line.database, serial, &id, error))
    return NULL;
  return device_read (ledger->line.database, id, error);
}

/* By the rules of find_known() in ledger-identify.c: the chip decides, where there is one. */
Device *
ledger_known_device (Ledger *ledger, const char *chip_id, const char *serial, GError **error)
{
  gint64 id;
  gboolean found;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);
  g_autoptr (Statement) select =
      statement_prepare (ledger->line.database,
                         "SELECT id FROM devices WHERE chip_id = ?1"
                         " OR (chip_id IS NULL AND serial = coalesce (?2, ?1))"
                         " ORDER BY chip_id IS NULL LIMIT 1",
                         error);

  if (select == NULL)
    return NULL;
  statement_bind_text (select, chip_id);
  statement_bind_text (select, serial);
  return load_id (select, &id, &found, error) && found
             ? device_read (ledger->line.database, id, error)
             : NULL;
}

GPtrArray *
ledger_devices (Ledger *ledger, const char *batch, guint most, GError **error)
{
  return load_list (ledger, batch, most,
                    "SELECT " DEVICE_COLUMNS DEVICE_TABLES " ORDER BY devices.id DESC LIMIT ?",
                    "SELECT " DEVICE_COLUMNS DEVICE_TABLES
                    " WHERE devices.batch = ? ORDER BY devices.id DESC LIMIT ?",
                    load_device, (GDestroyNotify)device_free, error);
}

/* ---- retry ---- */

typedef struct {
  const char *serial;
  const char *actor;
} Retry;

static gboolean
allow_retry (Database *database, gpointer data, GError **error)
{
  const Retry *retry = data;
  gint64 id;

  if (!device_find_existing (database, retry->serial, &id, error))
    return FALSE;
  g_autoptr (Statement) update =
      statement_prepare (database, "UPDATE devices SET retry_allowed = 1 WHERE id = ?", error);
  if (update == NULL)
    return FALSE;
  statement_bind_int64 (update, id);
  return statement_run (update, error)
         && audit_add (database, retry->actor, "retry-allowed", retry->serial, NULL, NULL, error);
}

gboolean
ledger_allow_retry (Ledger *ledger, const char *serial, const char *actor, GError **error)
{
  Retry retry = { .serial = serial, .actor = actor };

  return ledger_write (ledger, allow_retry, &retry, error);
}
