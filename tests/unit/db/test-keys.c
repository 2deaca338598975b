/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Keys by their number, what was found among them, and manifests that are not sealed for it.
 */
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/certificate.h"
#include "ca/judge/csr.h"
#include "fault-vfs.h"
#include "manifest-fixture.h"
#include "related-keys.h"

static EVP_PKEY *rsa;
static EVP_PKEY *ec;

static Device *
new_device (const char *chip, gint64 *attempt)
{
  g_autoptr (GError) error = NULL;
  Device *device = arrive (f.ledger, "b1", chip, NULL, attempt, &error);

  assert_ok (device != NULL, error);
  return device;
}

/* The device shows this key; the error, or NULL where it was taken. */
static GError *
take (const char *chip, EVP_PKEY *key)
{
  GError *error = NULL;
  gint64 attempt;
  g_autoptr (Device) device = new_device (chip, &attempt);
  g_autoptr (GBytes) spki = spki_of (key);
  const gboolean taken = ledger_take_key (f.ledger, device->id, spki, &error);

  ck_assert (taken == (error == NULL));
  ck_assert (
      ledger_end_attempt (f.ledger, attempt, ATTEMPT_FAILED, "sign", "clock", NULL, NULL, NULL));
  return error;
}

static void
assert_duplicate (const char *chip, EVP_PKEY *key, const char *owner)
{
  g_autoptr (GError) error = take (chip, key);

  ck_assert_ptr_nonnull (error);
  ck_assert_ptr_nonnull (strstr (error->message, owner));
  assert_error (TRUE, LEDGER_ERROR_DUPLICATE_KEY, error);
}

START_TEST (a_number_is_the_same_for_judge_and_ledger)
{
  g_autoptr (EVP_PKEY) p384 = EVP_EC_gen ("P-384");
  g_autoptr (EVP_PKEY) p521 = EVP_EC_gen ("P-521");
  EVP_PKEY *keys[] = { rsa, ec, p384, p521 };
  const CsrKeyType types[] = { CSR_KEY_RSA, CSR_KEY_EC_P256, CSR_KEY_EC_P384, CSR_KEY_EC_P521 };
  const char *words[] = { "rsa", "p-256", "p-384", "p-521" };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    g_autoptr (GBytes) spki = spki_of (keys[i]);
    gsize length;
    const guint8 *der = g_bytes_get_data (spki, &length);
    guint8 judged[32];
    CertificateKey key;
    Csr csr;
    ck_assert (csr_parse_key (der, length, &csr, NULL));
    ck_assert_int_eq (csr.key_type, types[i]);
    csr_key_number_sha256 (&csr, judged);
    ck_assert (certificate_part_key ((CertificatePart){ der, length }, &key));
    ck_assert_str_eq (key.type, words[i]);
    const Span number = i == 0 ? csr.modulus : (Span){ csr.point.data + 1, csr.point.length - 1 };
    ck_assert (certificate_part_equal (key.number, number.data, number.length));
    g_autoptr (GBytes) digest = certificate_key_sha256 (&key);
    ck_assert_mem_eq (g_bytes_get_data (digest, NULL), judged, sizeof judged);
  }
}
END_TEST

START_TEST (what_is_no_key_has_no_number)
{
  g_autoptr (EVP_PKEY) other = EVP_PKEY_Q_keygen (NULL, NULL, "ED25519");
  g_autoptr (EVP_PKEY) curve = EVP_EC_gen ("secp256k1");
  g_autoptr (GBytes) edwards = spki_of (other);
  g_autoptr (GBytes) koblitz = spki_of (curve);
  g_autoptr (GBytes) good = spki_of (ec);
  gsize length;
  const guint8 *der = g_bytes_get_data (good, &length);
  CertificateKey key;

  ck_assert (!certificate_part_key (
      (CertificatePart){ g_bytes_get_data (edwards, NULL), g_bytes_get_size (edwards) }, &key));
  ck_assert (!certificate_part_key (
      (CertificatePart){ g_bytes_get_data (koblitz, NULL), g_bytes_get_size (koblitz) }, &key));
  for (gsize cut = 0; cut < length; cut++) {
    g_autofree guint8 *exact = g_memdup2 (der, cut);
    ck_assert (!certificate_part_key ((CertificatePart){ exact, cut }, &key));
  }
}
END_TEST

START_TEST (a_key_is_known_by_its_number)
{
  g_autoptr (EVP_PKEY) exponent = with_exponent (rsa, 65539);
  g_autoptr (EVP_PKEY) mirrored = negated (ec);
  g_autoptr (EVP_PKEY) fresh_rsa = EVP_RSA_gen (2048);
  g_autoptr (EVP_PKEY) fresh_ec = make_key ();

  ck_assert_ptr_null (take ("chip-r", rsa));
  ck_assert_ptr_null (take ("chip-e", ec));
  assert_duplicate ("chip-x", rsa, "chip-r");
  assert_duplicate ("chip-x", exponent, "chip-r");
  assert_duplicate ("chip-y", ec, "chip-e");
  assert_duplicate ("chip-y", mirrored, "chip-e");
  ck_assert_ptr_null (take ("chip-r", exponent));
  ck_assert_ptr_null (take ("chip-e", mirrored));
  ck_assert_ptr_null (take ("chip-x", fresh_rsa));
  ck_assert_ptr_null (take ("chip-y", fresh_ec));
}
END_TEST

START_TEST (a_key_without_a_certificate_stays_seen)
{
  KeyState state;

  ck_assert_ptr_null (take ("chip-r", rsa));
  fixture_reopen (&f);
  assert_duplicate ("chip-x", rsa, "chip-r");
  ck_assert (ledger_key_state (f.ledger, &state, NULL));
  g_autoptr (GPtrArray) keys = ledger_seen_keys (f.ledger, state.newest - 1, 0, NULL);
  ck_assert_uint_eq (keys->len, 1);
  const SeenKey *key = g_ptr_array_index (keys, 0);
  ck_assert_uint_eq (key->id, state.newest);
  ck_assert_str_eq (key->type, "rsa");
  ck_assert_uint_eq (g_bytes_get_size (key->number), 256);
}
END_TEST

/* It costs no sync of its own; the next commit brings it to the disk. */
START_TEST (taking_a_key_waits_for_no_disk)
{
  gint64 attempt;
  guint64 newest;
  g_autoptr (Device) device = new_device ("chip-r", &attempt);
  g_autoptr (GBytes) spki = spki_of (rsa);
  const guint before = fault_vfs_syncs ();

  ck_assert (ledger_take_key (f.ledger, device->id, spki, NULL));
  ck_assert_uint_eq (fault_vfs_syncs (), before);
  ck_assert (ledger_settle_keys (f.ledger, &newest, NULL));
  ck_assert_uint_gt (fault_vfs_syncs (), before);
  ck_assert_uint_eq (newest, DEVICES + 1);
}
END_TEST

START_TEST (a_certificate_for_anothers_number_is_void_from_the_start)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EVP_PKEY) exponent = with_exponent (rsa, 65539);
  g_autoptr (GBytes) der = make_certificate (exponent, "chip-x", 10);
  gint64 attempt;
  ck_assert_ptr_null (take ("chip-r", rsa));
  G_GNUC_UNUSED g_autoptr (Device) device = new_device ("chip-x", &attempt);

  assert_error (!store (f.ledger, DEVICES, "b1", "chip-x", der, &error), LEDGER_ERROR_DUPLICATE_KEY,
                error);
  g_autoptr (Certificate) certificate = ledger_certificate (f.ledger, "chip-x", NULL);
  ck_assert_str_eq (certificate->state, "void");
}
END_TEST

/* ---- checks ---- */

static KeyState
state_now (void)
{
  g_autoptr (GError) error = NULL;
  KeyState state;

  assert_ok (ledger_key_state (f.ledger, &state, &error), error);
  return state;
}

/* chip-3's key tells of chip-1's; all is checked. */
static void
plant_finding (void)
{
  g_autoptr (GError) error = NULL;
  const KeyPair pair = { .key = 4, .partner = 2, .kind = "rsa-shared-prime" };

  assert_ok (ledger_record_key_check (f.ledger, DEVICES, &pair, 1, &error), error);
}

static void
void_device (const char *serial)
{
  g_autoptr (Certificate) certificate = ledger_certificate (f.ledger, serial, NULL);

  ck_assert (ledger_void_certificate (f.ledger, certificate->id, "weak key", "sue", NULL));
}

START_TEST (mark_and_findings_come_together)
{
  g_autoptr (GError) error = NULL;
  const KeyPair pairs[] = { { 4, 2, "rsa-shared-prime" }, { 99, 2, "rsa-shared-prime" } };

  assert_error (!ledger_record_key_check (f.ledger, DEVICES, pairs, 2, &error),
                LEDGER_ERROR_INVALID, error);
  ck_assert_uint_eq (state_now ().checked, 0);
  ck_assert_uint_eq (state_now ().findings, 0);
  plant_finding ();
  fixture_reopen (&f);
  const KeyState state = state_now ();
  ck_assert_uint_eq (state.newest, DEVICES);
  ck_assert_uint_eq (state.checked, DEVICES);
  ck_assert_uint_eq (state.findings, 1);
  ck_assert_uint_eq (state.units, 2);
  assert_error (!ledger_record_key_check (f.ledger, 2, NULL, 0, &error), LEDGER_ERROR_INVALID,
                error);
  g_autofree char *events =
      raw_text (f.path, "SELECT group_concat (subject || ': ' || detail, '; ') FROM audit_events"
                        " WHERE kind = 'key-finding'");
  ck_assert_str_eq (events, "chip-3: rsa-shared-prime, with chip-1; "
                            "chip-1: rsa-shared-prime, with chip-3");
}
END_TEST

START_TEST (a_finding_concerns_who_has_the_key_in_a_live_certificate)
{
  plant_finding ();
  void_device ("chip-1");
  ck_assert_uint_eq (state_now ().units, 1);
  g_autoptr (GPtrArray) findings = ledger_key_findings (f.ledger, 0, NULL);
  ck_assert_uint_eq (findings->len, 1);
  const KeyFinding *finding = g_ptr_array_index (findings, 0);
  ck_assert_str_eq (finding->kind, "rsa-shared-prime");
  ck_assert_str_eq (finding->device, "chip-3");
  ck_assert_str_eq (finding->batch, "b1");
  ck_assert (finding->live);
  ck_assert_str_eq (finding->partner, "chip-1");
  ck_assert (!finding->partner_live);
  /* With a new key it is a unit like any other. */
  ck_assert (ledger_allow_retry (f.ledger, "chip-1", "sue", NULL));
  g_autoptr (Certificate) again = pass (f.ledger, "b1", "chip-1", DEVICES);
  ck_assert_ptr_nonnull (again);
  ck_assert_uint_eq (state_now ().units, 1);
}
END_TEST

START_TEST (a_key_with_a_finding_is_not_taken_again)
{
  const KeyPair pair = { .key = DEVICES + 2, .partner = DEVICES + 1, .kind = "ec-near-key" };
  g_autoptr (EVP_PKEY) other = make_key ();

  ck_assert_ptr_null (take ("chip-r", rsa));
  ck_assert_ptr_null (take ("chip-e", ec));
  ck_assert (ledger_record_key_check (f.ledger, DEVICES + 2, &pair, 1, NULL));
  g_autoptr (GError) error = take ("chip-e", ec);
  assert_error (TRUE, LEDGER_ERROR_KEY_FINDING, error);
  error = take ("chip-r", rsa);
  assert_error (TRUE, LEDGER_ERROR_KEY_FINDING, error);
  ck_assert_ptr_null (take ("chip-e", other));
}
END_TEST

/* ---- sealing ---- */

/* The error of an export, or NULL where it went through. */
static GError *
export_error (const KeyState *keys, guint64 *rows)
{
  GError *error = NULL;
  FILE *file = tmpfile ();
  const ManifestOrder order = {
    .format = "jsonl", .batch = "b1", .keys = keys, .ca_certificate = ca, .fd = fileno (file)
  };
  g_autoptr (ManifestSummary) summary = manifest_export (f.ledger, &order, &error);

  ck_assert ((summary != NULL) == (error == NULL));
  if (summary != NULL && rows != NULL)
    *rows = summary->rows;
  fclose (file);
  return error;
}

START_TEST (no_manifest_is_sealed_before_the_check)
{
  guint64 rows;
  g_autoptr (GError) error = export_error (NULL, NULL);

  ck_assert_ptr_nonnull (strstr (error->message, "0 of 5"));
  assert_error (TRUE, LEDGER_ERROR_KEY_FINDING, error);
  check_keys (f.ledger);
  ck_assert_ptr_null (export_error (NULL, &rows));
  ck_assert_uint_eq (rows, DEVICES);
}
END_TEST

START_TEST (no_manifest_is_sealed_with_a_finding_in_it)
{
  guint64 rows;
  plant_finding ();
  g_autoptr (GError) error = export_error (NULL, NULL);

  ck_assert_ptr_nonnull (strstr (error->message, "chip-1 (rsa-shared-prime with chip-3), "
                                                 "chip-3 (rsa-shared-prime with chip-1)"));
  ck_assert_ptr_nonnull (strstr (error->message, "keycradle device void"));
  assert_error (TRUE, LEDGER_ERROR_KEY_FINDING, error);
  void_device ("chip-1");
  error = export_error (NULL, NULL);
  ck_assert_ptr_null (strstr (error->message, "chip-1 ("));
  assert_error (TRUE, LEDGER_ERROR_KEY_FINDING, error);
  void_device ("chip-3");
  ck_assert_ptr_null (export_error (NULL, &rows));
  ck_assert_uint_eq (rows, DEVICES - 2);
}
END_TEST

/* A line that runs on: what comes after the check began is in the next export. */
START_TEST (an_export_is_as_of_the_check)
{
  guint64 rows;
  const KeyState then = state_now ();

  check_keys (f.ledger);
  g_autoptr (Certificate) late = pass (f.ledger, "b1", "chip-late", DEVICES);
  ck_assert_ptr_nonnull (late);
  g_autoptr (GError) error = export_error (NULL, NULL);
  assert_error (TRUE, LEDGER_ERROR_KEY_FINDING, error);
  ck_assert_ptr_null (export_error (&then, &rows));
  ck_assert_uint_eq (rows, DEVICES);
}
END_TEST

/* As of then it was not void, so it would be in the file. */
START_TEST (a_unit_voided_too_late_is_still_in_the_way)
{
  const KeyState then = state_now ();

  plant_finding ();
  void_device ("chip-1");
  void_device ("chip-3");
  g_autoptr (GError) error = export_error (&then, NULL);
  assert_error (TRUE, LEDGER_ERROR_KEY_FINDING, error);
  ck_assert_ptr_null (export_error (NULL, NULL));
}
END_TEST

static void
set_up_keys (void)
{
  fault_vfs_install ();
  set_up ();
  rsa = EVP_RSA_gen (2048);
  ec = make_key ();
}

static void
tear_down_keys (void)
{
  EVP_PKEY_free (rsa);
  EVP_PKEY_free (ec);
  tear_down ();
}

int
main (void)
{
  Suite *suite = suite_create ("keys");
  TCase *keys = tcase_create ("keys");

  tcase_set_timeout (keys, 60);
  tcase_add_checked_fixture (keys, set_up_keys, tear_down_keys);
  tcase_add_test (keys, a_number_is_the_same_for_judge_and_ledger);
  tcase_add_test (keys, what_is_no_key_has_no_number);
  tcase_add_test (keys, a_key_is_known_by_its_number);
  tcase_add_test (keys, a_key_without_a_certificate_stays_seen);
  tcase_add_test (keys, taking_a_key_waits_for_no_disk);
  tcase_add_test (keys, a_certificate_for_anothers_number_is_void_from_the_start);
  tcase_add_test (keys, mark_and_findings_come_together);
  tcase_add_test (keys, a_finding_concerns_who_has_the_key_in_a_live_certificate);
  tcase_add_test (keys, a_key_with_a_finding_is_not_taken_again);
  tcase_add_test (keys, no_manifest_is_sealed_before_the_check);
  tcase_add_test (keys, no_manifest_is_sealed_with_a_finding_in_it);
  tcase_add_test (keys, an_export_is_as_of_the_check);
  tcase_add_test (keys, a_unit_voided_too_late_is_still_in_the_way);
  suite_add_tcase (suite, keys);
  return run_suite (suite);
}
