/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Certificates: reading, verifying, voiding. What is issued never changes; only its state
 * moves, from issued to verified, and from either to void, and each move is an audit event.
 */
#include "base/encode.h"
#include "db/registry-private.h"

#define CERTIFICATE_COLUMNS                                                                        \
  "certificates.id, devices.serial, batches.name, certificates.profile, der, serial_number,"       \
  " sha256, sha1, spki_sha256, subject, not_before, not_after, certificates.state, void_reason,"   \
  " log_index, issued_at, verified_at"
#define CERTIFICATE_TABLES                                                                         \
  " FROM certificates JOIN devices ON devices.id = certificates.device"                            \
  " JOIN batches ON batches.id = certificates.batch"

void
certificate_free (Certificate *certificate)
{
  if (certificate == NULL)
    return;
  g_free (certificate->device);
  g_free (certificate->batch);
  g_free (certificate->profile);
  g_clear_pointer (&certificate->der, g_bytes_unref);
  g_free (certificate->serial_number);
  g_free (certificate->sha256);
  g_free (certificate->sha1);
  g_free (certificate->spki_sha256);
  g_free (certificate->subject);
  g_free (certificate->state);
  g_free (certificate->status);
  g_free (certificate->void_reason);
  g_free (certificate);
}

static const char *
registry_status (const char *state)
{
  if (g_strcmp0 (state, "verified") == 0)
    return "ACTIVE";
  return g_strcmp0 (state, "void") == 0 ? "REVOKED" : "INACTIVE";
}

static gpointer
load_certificate (Statement *statement)
{
  Certificate *certificate = g_new0 (Certificate, 1);

  certificate->id = statement_int64 (statement);
  certificate->device = statement_dup_text (statement);
  certificate->batch = statement_dup_text (statement);
  certificate->profile = statement_dup_text (statement);
  certificate->der = statement_dup_bytes (statement);
  certificate->serial_number = statement_dup_hex (statement);
  certificate->sha256 = statement_dup_hex (statement);
  certificate->sha1 = statement_dup_hex (statement);
  certificate->spki_sha256 = statement_dup_hex (statement);
  certificate->subject = statement_dup_text (statement);
  certificate->not_before = statement_int64 (statement);
  certificate->not_after = statement_int64 (statement);
  certificate->state = statement_dup_text (statement);
  certificate->status = g_strdup (registry_status (certificate->state));
  certificate->void_reason = statement_dup_text (statement);
  certificate->log_index = (guint64)statement_int64 (statement);
  certificate->issued_at = statement_int64 (statement);
  certificate->verified_at = statement_int64 (statement);
  return certificate;
}

/* ---- reading ---- */

Certificate *
ledger_live_certificate (Ledger *ledger, gint64 device_id, GError **error)
{
  gpointer certificate;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);
  g_autoptr (Statement) select =
      statement_prepare (ledger->line.database,
                         "SELECT " CERTIFICATE_COLUMNS CERTIFICATE_TABLES
                         " WHERE certificates.device = ? AND certificates.state <> 'void'",
                         error);

  if (select == NULL)
    return NULL;
  statement_bind_int64 (select, device_id);
  return load_row (select, load_certificate, &certificate, error) ? certificate : NULL;
}

static gboolean
read_by_blob (Database *database, const char *sql, const char *hex, gpointer *certificate,
              GError **error)
{
  g_autoptr (GBytes) value = hex_decode (hex);

  *certificate = NULL;
  if (value == NULL)
    return TRUE;
  g_autoptr (Statement) select = statement_prepare (database, sql, error);
  if (select == NULL)
    return FALSE;
  statement_bind_bytes (select, value);
  return load_row (select, load_certificate, certificate, error);
}

/* The live one, else the latest. */
static gboolean
read_by_device (Database *database, const char *serial, gpointer *certificate, GError **error)
{
  g_autoptr (Statement) select = statement_prepare (
      database,
      "SELECT " CERTIFICATE_COLUMNS CERTIFICATE_TABLES " WHERE devices.serial = ?"
      " ORDER BY certificates.state <> 'void' DESC, log_index DESC LIMIT 1",
      error);

  if (select == NULL)
    return FALSE;
  statement_bind_text (select, serial);
  return load_row (select, load_certificate, certificate, error);
}

/* An X.509 serial as others print it, may have a leading 00 or half a byte. */
static char *
normal_hex (const char *key)
{
  while (key[0] == '0' && key[1] != '\0')
    key++;
  return strlen (key) % 2 == 0 ? g_strdup (key) : g_strconcat ("0", key, NULL);
}

Certificate *
ledger_certificate (Ledger *ledger, const char *key, GError **error)
{
  Database *database = ledger->line.database;
  g_autofree char *number = normal_hex (key);
  gpointer certificate;
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ledger->line.mutex);

  if (!read_by_blob (database, "SELECT " CERTIFICATE_COLUMNS CERTIFICATE_TABLES " WHERE sha256 = ?",
                     key, &certificate, error))
    return NULL;
  if (certificate == NULL && !read_by_device (database, key, &certificate, error))
    return NULL;
  if (certificate == NULL
      && !read_by_blob (database,
                        "SELECT " CERTIFICATE_COLUMNS CERTIFICATE_TABLES " WHERE serial_number = ?",
                        number, &certificate, error))
    return NULL;
  if (certificate == NULL)
    ledger_not_found ("certificate", key, error);
  return certificate;
}

GPtrArray *
ledger_certificates (Ledger *ledger, const char *batch, guint most, GError **error)
{
  return load_list (ledger, batch, most,
                    "SELECT " CERTIFICATE_COLUMNS CERTIFICATE_TABLES
                    " ORDER BY certificates.id DESC LIMIT ?",
                    "SELECT " CERTIFICATE_COLUMNS CERTIFICATE_TABLES
                    " WHERE certificates.batch = ? ORDER BY certificates.id DESC LIMIT ?",
                    load_certificate, (GDestroyNotify)certificate_free, error);
}

/* ---- changing ---- */

typedef struct {
  gint64 device_id;
  char *serial;
  char *state;
} Holder;

static void
holder_clear (Holder *holder)
{
  g_free (holder->serial);
  g_free (holder->state);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Holder, holder_clear)

static gboolean
read_holder (Database *database, gint64 certificate_id, Holder *holder, GError **error)
{
  gboolean row;
  g_autoptr (Statement) select = statement_prepare (
      database,
      "SELECT devices.id, devices.serial, certificates.state FROM certificates"
      " JOIN devices ON devices.id = certificates.device WHERE certificates.id = ?",
      error);

  if (select == NULL)
    return FALSE;
  statement_bind_int64 (select, certificate_id);
  if (!statement_step (select, &row, error))
    return FALSE;
  if (!row) {
    g_autofree char *name = g_strdup_printf ("%" G_GINT64_FORMAT, certificate_id);
    return ledger_not_found ("certificate", name, error);
  }
  holder->device_id = statement_int64 (select);
  holder->serial = statement_dup_text (select);
  holder->state = statement_dup_text (select);
  return TRUE;
}

static gboolean
write_void (Database *database, gint64 certificate_id, const char *reason, gint64 event,
            GError **error)
{
  g_autoptr (Statement) update = statement_prepare (
      database,
      "UPDATE certificates SET state = 'void', void_reason = ?, void_event = ? WHERE id = ?",
      error);

  if (update == NULL)
    return FALSE;
  statement_bind_text (update, reason);
  statement_bind_int64 (update, event);
  statement_bind_int64 (update, certificate_id);
  return statement_run (update, error);
}

static gboolean
device_without_certificate (Database *database, gint64 device_id, GError **error)
{
  g_autoptr (Statement) update = statement_prepare (
      database,
      "UPDATE devices SET state = 'started' WHERE id = ? AND state IN ('certified', 'passed')",
      error);

  if (update == NULL)
    return FALSE;
  statement_bind_int64 (update, device_id);
  return statement_run (update, error);
}

gboolean
certificate_void (Database *database, gint64 certificate_id, const char *reason, const char *actor,
                  GError **error)
{
  g_auto (Holder) holder = { 0 };
  gint64 event;

  if (!read_holder (database, certificate_id, &holder, error))
    return FALSE;
  if (g_strcmp0 (holder.state, "void") == 0)
    return TRUE;
  return audit_add (database, actor, "certificate-void", holder.serial, reason, &event, error)
         && write_void (database, certificate_id, reason, event, error)
         && registry_certificate_voided (database, certificate_id,
                                         g_strcmp0 (reason, VOID_SUPERSEDED) == 0, actor, event,
                                         error)
         && device_without_certificate (database, holder.device_id, error);
}

/* Who takes a certificate from a finished device does not want the line to give it another one by
 * itself. Within a run it is the run that voids what the device lost, and goes on. */
static gboolean
hold_device (Database *database, gint64 certificate_id, GError **error)
{
  g_autoptr (Statement) update = statement_prepare (
      database,
      "UPDATE devices SET held = 1, retry_allowed = 0 WHERE id ="
      " (SELECT device FROM certificates WHERE id = ? AND state = 'verified')"
      " AND NOT EXISTS (SELECT 1 FROM attempts WHERE attempts.device = devices.id"
      "   AND result = 'running')",
      error);

  if (update == NULL)
    return FALSE;
  statement_bind_int64 (update, certificate_id);
  return statement_run (update, error);
}

typedef struct {
  gint64 certificate_id;
  const char *reason;
  const char *actor;
} Voiding;

static gboolean
void_certificate (Database *database, gpointer data, GError **error)
{
  const Voiding *voiding = data;

  /* Held first: afterwards nobody can tell that it lived. */
  return hold_device (database, voiding->certificate_id, error)
         && certificate_void (database, voiding->certificate_id, voiding->reason, voiding->actor,
                              error);
}

gboolean
ledger_void_certificate (Ledger *ledger, gint64 certificate_id, const char *reason,
                         const char *actor, GError **error)
{
  Voiding voiding = { .certificate_id = certificate_id,
                      .reason = reason == NULL ? "" : reason,
                      .actor = actor };

  return ledger_write (ledger, void_certificate, &voiding, error);
}

typedef struct {
  gint64 attempt_id;
  gint64 certificate_id;
  const char *transcript;
  const InstalledTrust *trust;
} Verification;

static gboolean
write_verified (Database *database, gint64 certificate_id, gint64 event, GError **error)
{
  g_autoptr (Statement) update = statement_prepare (
      database,
      "UPDATE certificates SET state = 'verified', verified_at = ?, verified_event = ?"
      " WHERE id = ? AND state = 'issued'",
      error);

  if (update == NULL)
    return FALSE;
  statement_bind_int64 (update, g_get_real_time ());
  statement_bind_int64 (update, event);
  statement_bind_int64 (update, certificate_id);
  return statement_run (update, error);
}

static gboolean
pass_device (Database *database, gint64 device_id, gint64 trust, GError **error)
{
  g_autoptr (Statement) update =
      statement_prepare (database,
                         "UPDATE devices SET state = 'passed', retry_allowed = 0, renewing = 0,"
                         " trust = coalesce (nullif (?, 0), trust) WHERE id = ?",
                         error);

  if (update == NULL)
    return FALSE;
  statement_bind_int64 (update, trust);
  statement_bind_int64 (update, device_id);
  return statement_run (update, error);
}

static gboolean
pass_attempt (Database *database, const Verification *verification, gint64 trust, GError **error)
{
  g_autoptr (Statement) update = statement_prepare (
      database,
      "UPDATE attempts SET result = 'passed', ended_at = ?, step = 'record', transcript = ?,"
      " trust = nullif (?, 0) WHERE id = ?",
      error);

  if (update == NULL)
    return FALSE;
  statement_bind_int64 (update, g_get_real_time ());
  statement_bind_text (update, verification->transcript);
  statement_bind_int64 (update, trust);
  statement_bind_int64 (update, verification->attempt_id);
  return statement_run (update, error);
}

/* The device has it; what it was given to trust goes on record with the attempt. */
static gboolean
pass (Database *database, const Verification *verification, gint64 device_id, GError **error)
{
  gint64 trust;

  return trust_take (database, verification->trust, &trust, error)
         && pass_device (database, device_id, trust, error)
         && pass_attempt (database, verification, trust, error);
}

static gboolean
check_holder (const Holder *holder, gint64 device_id, GError **error)
{
  if (holder->device_id == device_id && g_strcmp0 (holder->state, "void") != 0)
    return TRUE;
  g_set_error (error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
               holder->device_id == device_id
                   ? "the certificate of device %s is void"
                   : "the certificate is device %s's, the attempt has another device",
               holder->serial);
  return FALSE;
}

static gboolean
certificate_verified (Database *database, gpointer data, GError **error)
{
  const Verification *verification = data;
  g_auto (Holder) holder = { 0 };
  gint64 batch_id;
  gint64 device_id;
  gint64 event;

  if (!attempt_running (database, verification->attempt_id, &batch_id, &device_id, error)
      || !read_holder (database, verification->certificate_id, &holder, error)
      || !check_holder (&holder, device_id, error))
    return FALSE;
  g_autofree char *detail = g_strdup_printf ("attempt %" G_GINT64_FORMAT, verification->attempt_id);
  return audit_add (database, NULL, "certificate-verified", holder.serial, detail, &event, error)
         && write_verified (database, verification->certificate_id, event, error)
         && registry_unit_passed (database, verification->certificate_id, event, error)
         && pass (database, verification, device_id, error);
}

gboolean
ledger_certificate_verified (Ledger *ledger, gint64 attempt_id, gint64 certificate_id,
                             const char *transcript, GError **error)
{
  return ledger_pass (ledger, attempt_id, certificate_id, transcript, NULL, error);
}

gboolean
ledger_pass (Ledger *ledger, gint64 attempt_id, gint64 certificate_id, const char *transcript,
             const InstalledTrust *trust, GError **error)
{
  Verification verification = { .attempt_id = attempt_id,
                                .certificate_id = certificate_id,
                                .transcript = transcript,
                                .trust = trust };

  return ledger_write (ledger, certificate_verified, &verification, error);
}
