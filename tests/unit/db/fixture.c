/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See fixture.h.
 */
#include "fixture.h"

#include <glib/gstdio.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <sqlite3.h>

#include "base/encode.h"

static void
open_ledger (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  fixture->ledger = ledger_open (fixture->path, &error);
  assert_ok (fixture->ledger != NULL, error);
}

void
fixture_open (Fixture *fixture)
{
  fixture->folder = g_dir_make_tmp ("keycradle-db-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->folder, "station.db", NULL);
  open_ledger (fixture);
}

void
fixture_reopen (Fixture *fixture)
{
  g_clear_pointer (&fixture->ledger, ledger_close);
  open_ledger (fixture);
}

void
fixture_close (Fixture *fixture)
{
  const char *name;

  g_clear_pointer (&fixture->ledger, ledger_close);
  g_autoptr (GDir) folder = g_dir_open (fixture->folder, 0, NULL);
  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL) {
    g_autofree char *path = g_build_filename (fixture->folder, name, NULL);
    g_unlink (path);
  }
  g_rmdir (fixture->folder);
  g_clear_pointer (&fixture->folder, g_free);
  g_clear_pointer (&fixture->path, g_free);
}

EVP_PKEY *
make_key (void)
{
  EVP_PKEY *key = EVP_EC_gen ("P-256");

  ck_assert_ptr_nonnull (key);
  return key;
}

static void
set_random_serial (X509 *certificate)
{
  guint8 number[16];
  BIGNUM *serial;

  ck_assert_int_eq (RAND_bytes (number, sizeof number), 1);
  number[0] = 0x61;
  serial = BN_bin2bn (number, sizeof number, NULL);
  BN_to_ASN1_INTEGER (serial, X509_get_serialNumber (certificate));
  BN_free (serial);
}

static void
set_name (X509 *certificate, const char *common_name)
{
  X509_NAME *name = X509_NAME_new ();

  X509_NAME_add_entry_by_txt (name, "O", MBSTRING_UTF8, (const guint8 *)"Maker", -1, -1, 0);
  X509_NAME_add_entry_by_txt (name, "CN", MBSTRING_UTF8, (const guint8 *)common_name, -1, -1, 0);
  X509_set_subject_name (certificate, name);
  X509_set_issuer_name (certificate, name);
  X509_NAME_free (name);
}

GBytes *
make_certificate (EVP_PKEY *key, const char *common_name, int days)
{
  guint8 *der = NULL;
  X509 *certificate = X509_new ();

  X509_set_version (certificate, X509_VERSION_3);
  set_random_serial (certificate);
  set_name (certificate, common_name);
  X509_gmtime_adj (X509_getm_notBefore (certificate), -86400);
  X509_time_adj_ex (X509_getm_notAfter (certificate), days, 0, NULL);
  X509_set_pubkey (certificate, key);
  ck_assert_int_gt (X509_sign (certificate, key, EVP_sha256 ()), 0);
  int length = i2d_X509 (certificate, &der);
  GBytes *bytes = g_bytes_new (der, (gsize)length);
  OPENSSL_free (der);
  X509_free (certificate);
  return bytes;
}

GBytes *
new_certificate (const char *common_name, int days)
{
  g_autoptr (EVP_PKEY) key = make_key ();

  return make_certificate (key, common_name, days);
}

GBytes *
spki_of (EVP_PKEY *key)
{
  guint8 *der = NULL;
  int length = i2d_PUBKEY (key, &der);
  GBytes *spki = g_bytes_new (der, (gsize)length);

  OPENSSL_free (der);
  return spki;
}

void
check_keys (Ledger *ledger)
{
  g_autoptr (GError) error = NULL;
  guint64 newest;

  assert_ok (ledger_settle_keys (ledger, &newest, &error), error);
  assert_ok (ledger_record_key_check (ledger, newest, NULL, 0, &error), error);
}

void
start_batch (Ledger *ledger, const char *name, guint target, const char *prefix)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Batch) batch = batch_new ();

  batch->name = g_strdup (name);
  batch->product = g_strdup ("sensor");
  batch->profile = g_strdup ("factory");
  batch->target = target;
  batch->serial_prefix = g_strdup (prefix);
  batch->serial_first = prefix == NULL ? 0 : 1;
  batch->serial_last = prefix == NULL ? 0 : 9999;
  batch->serial_width = prefix == NULL ? 0 : 4;
  assert_ok (ledger_create_batch (ledger, batch, "anna", &error), error);
  assert_ok (ledger_set_batch_state (ledger, name, BATCH_RUNNING, "anna", &error), error);
}

Device *
arrive (Ledger *ledger, const char *batch, const char *chip, const char *serial, gint64 *attempt,
        GError **error)
{
  DeviceFacts facts = { .driver = "smp", .chip_id = chip, .serial = serial, .model = "m1" };

  if (!ledger_begin_attempt (ledger, "1", batch, NULL, attempt, error))
    return NULL;
  return ledger_identify_device (ledger, *attempt, &facts, error);
}

gboolean
store (Ledger *ledger, guint64 log_index, const char *batch, const char *device, GBytes *der,
       GError **error)
{
  Issuance issuance = { .log_index = log_index,
                        .issued_at = g_get_real_time (),
                        .batch = batch,
                        .profile = "factory",
                        .device = device,
                        .der = der };

  return ledger_store_certificate (ledger, &issuance, error);
}

Certificate *
pass_with (Ledger *ledger, const char *batch, const char *chip, guint64 log_index, GBytes *der)
{
  g_autoptr (GError) error = NULL;
  gint64 attempt;
  g_autoptr (Device) device = arrive (ledger, batch, chip, NULL, &attempt, &error);

  assert_ok (device != NULL, error);
  assert_ok (store (ledger, log_index, batch, device->serial, der, &error), error);
  g_autoptr (Certificate) certificate = ledger_live_certificate (ledger, device->id, &error);
  assert_ok (certificate != NULL, error);
  assert_ok (ledger_certificate_verified (ledger, attempt, certificate->id, "1.txt", &error),
             error);
  return ledger_certificate (ledger, certificate->sha256, NULL);
}

Certificate *
pass (Ledger *ledger, const char *batch, const char *chip, guint64 log_index)
{
  g_autoptr (EVP_PKEY) key = make_key ();
  g_autoptr (GBytes) der = make_certificate (key, chip, 3650);

  return pass_with (ledger, batch, chip, log_index, der);
}

char *
event_kinds (Ledger *ledger)
{
  g_autoptr (GPtrArray) events = ledger_events (ledger, 0, NULL);
  GString *kinds = g_string_new (NULL);

  for (guint i = events->len; i > 0; i--) {
    const AuditEvent *event = g_ptr_array_index (events, i - 1);
    g_string_append_printf (kinds, "%s%s", kinds->len > 0 ? " " : "", event->kind);
  }
  return g_string_free (kinds, FALSE);
}

gboolean
raw_sql (const char *path, const char *sql)
{
  sqlite3 *handle;

  ck_assert_int_eq (sqlite3_open (path, &handle), SQLITE_OK);
  int result = sqlite3_exec (handle, sql, NULL, NULL, NULL);
  sqlite3_close (handle);
  return result == SQLITE_OK;
}

char *
raw_text (const char *path, const char *sql)
{
  sqlite3 *handle;
  sqlite3_stmt *statement = NULL;
  char *text = NULL;

  ck_assert_int_eq (sqlite3_open (path, &handle), SQLITE_OK);
  if (sqlite3_prepare_v2 (handle, sql, -1, &statement, NULL) == SQLITE_OK
      && sqlite3_step (statement) == SQLITE_ROW)
    text = g_strdup ((const char *)sqlite3_column_text (statement, 0));
  sqlite3_finalize (statement);
  sqlite3_close (handle);
  return text;
}

char *
query_plan (const char *path, const char *sql)
{
  g_autofree char *explain = g_strconcat ("EXPLAIN QUERY PLAN ", sql, NULL);
  GString *plan = g_string_new (NULL);
  sqlite3 *handle;
  sqlite3_stmt *statement = NULL;

  ck_assert_int_eq (sqlite3_open (path, &handle), SQLITE_OK);
  ck_assert_int_eq (sqlite3_prepare_v2 (handle, explain, -1, &statement, NULL), SQLITE_OK);
  while (sqlite3_step (statement) == SQLITE_ROW)
    g_string_append_printf (plan, "%s\n", sqlite3_column_text (statement, 3));
  sqlite3_finalize (statement);
  sqlite3_close (handle);
  return g_string_free (plan, FALSE);
}

int
run_suite (Suite *suite)
{
  SRunner *runner = srunner_create (suite);

  srunner_run_all (runner, CK_ENV);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}
