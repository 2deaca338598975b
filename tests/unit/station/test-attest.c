/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Attestation within the procedure: a real signer, a real ledger and a simulated modem that attests
 * its keys.
 */
#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/ledger-attestation.h"
#include "rig.h"
#include "station/reason.h"

#define IMEI "352656109480783"

static char *roots;

static void
setup (void)
{
  int file = g_file_open_tmp ("keycradle-roots-XXXXXX.pem", &roots, NULL);

  ck_assert_int_ge (file, 0);
  g_close (file, NULL);
}

static void
teardown (void)
{
  g_unlink (roots);
  g_free (roots);
}

static Rig *
new_rig (const char *policy, gboolean with_roots)
{
  g_autofree char *more =
      with_roots ? g_strdup_printf ("Attestation=%s\nAttestationRoots=%s", policy, roots)
                 : g_strdup_printf ("Attestation=%s", policy);
  Rig *rig = rig_new (more, NULL);

  rig->driver = "nrf91";
  return rig;
}

static void
assert_passes (Rig *rig)
{
  g_autoptr (GError) error = NULL;
  gboolean passed = rig_provision (rig, &error);

  ck_assert_msg (passed, "after %s: %s", rig->steps->str, error != NULL ? error->message : "");
}

static void
assert_not_attested (Rig *rig)
{
  g_autoptr (GError) error = NULL;

  ck_assert (!rig_provision (rig, &error));
  ck_assert_msg (g_str_equal (reason_word (error), "attestation"), "%s", error->message);
  ck_assert_msg (g_str_has_suffix (rig->steps->str, " check-key"), "%s", rig->steps->str);
}

static guint64
signed_so_far (Rig *rig)
{
  g_autoptr (SignerStatus) status = signer_client_status (rig->client, deadline_in (10000), NULL);

  ck_assert_ptr_nonnull (status);
  return status->log_size;
}

static AttestationRecord *
shown (Rig *rig)
{
  AttestationRecord *record = ledger_attestation (rig->ledger, IMEI, NULL);

  ck_assert_ptr_nonnull (record);
  return record;
}

static void
trust_modem (const Rig *rig)
{
  g_autofree char *path = rig_path (rig, "devices/" IMEI ".identity.pub");
  g_autofree char *pem = NULL;

  ck_assert (g_file_get_contents (path, &pem, NULL, NULL));
  ck_assert (g_file_set_contents (roots, pem, -1, NULL));
}

static void
trust_nobody (void)
{
  static const char another[] = "-----BEGIN PUBLIC KEY-----\n"
                                "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEzywTefmFo9d5ejVnqjRVvFYxzlmQ\n"
                                "eSH3mhMnzHolJOldTRDLmJxAcMKwXVfeBeV3bHAigy7b7ciqOFU25yvpjw==\n"
                                "-----END PUBLIC KEY-----\n";

  ck_assert (g_file_set_contents (roots, another, -1, NULL));
}

START_TEST (what_is_required_must_be_verified_before_anything_is_signed)
{
  g_autoptr (Rig) rig = new_rig ("required", TRUE);
  GSubprocess *device = rig_plug (rig, IMEI, NULL);
  g_autoptr (AttestationRecord) refused = NULL;
  g_autoptr (AttestationRecord) verified = NULL;
  g_autoptr (AttestationRecord) still = NULL;
  g_autoptr (Certificate) certificate = NULL;

  trust_nobody ();
  assert_not_attested (rig);
  ck_assert_uint_eq (signed_so_far (rig), 0);
  refused = shown (rig);
  ck_assert_str_eq (refused->verdict, "refused");
  trust_modem (rig);
  assert_passes (rig);
  verified = shown (rig);
  ck_assert_str_eq (verified->verdict, "verified");
  ck_assert_str_eq (verified->format, "nrf91");
  ck_assert_uint_eq (verified->parts->len, 3);
  certificate = ledger_certificate (rig->ledger, IMEI, NULL);
  ck_assert_str_eq (verified->spki_sha256, certificate->spki_sha256);
  /* With the same key again: what was shown of it still holds. */
  ck_assert (ledger_allow_retry (rig->ledger, IMEI, "test", NULL));
  assert_passes (rig);
  still = shown (rig);
  ck_assert_int_eq (still->id, verified->id);
  ck_assert_uint_eq (signed_so_far (rig), 1);
  rig_unplug (device);
}
END_TEST

START_TEST (a_device_cut_off_behind_its_attestation_needs_no_other)
{
  static const char *const pulled[] = { "--fault", "unplug-in=700", NULL };
  g_autoptr (Rig) rig = new_rig ("required", TRUE);
  GSubprocess *device = rig_plug (rig, IMEI, NULL);
  g_autoptr (AttestationRecord) before = NULL;
  g_autoptr (AttestationRecord) after = NULL;
  g_autoptr (GError) error = NULL;

  trust_nobody ();
  assert_not_attested (rig); /* so that the modem's key is there */
  trust_modem (rig);
  rig_unplug (device);
  device = rig_plug (rig, IMEI, pulled);
  ck_assert (!rig_provision (rig, &error));
  ck_assert_msg (g_str_equal (reason_word (error), "unplugged"), "%s", error->message);
  ck_assert_msg (g_str_has_suffix (rig->steps->str, " install"), "%s", rig->steps->str);
  before = shown (rig);
  rig_unplug (device);
  device = rig_plug (rig, IMEI, NULL);
  assert_passes (rig);
  after = shown (rig);
  ck_assert_int_eq (before->id, after->id);
  ck_assert_uint_eq (signed_so_far (rig), 1);
  rig_unplug (device);
}
END_TEST

START_TEST (what_is_preferred_is_kept_whatever_it_is)
{
  g_autoptr (Rig) rig = new_rig ("preferred", _i == 1);
  GSubprocess *device = rig_plug (rig, IMEI, NULL);
  g_autoptr (AttestationRecord) record = NULL;

  trust_nobody ();
  assert_passes (rig);
  record = shown (rig);
  ck_assert_str_eq (record->verdict, _i == 1 ? "refused" : "kept");
  rig_unplug (device);
}
END_TEST

START_TEST (what_was_not_asked_is_not_kept)
{
  g_autoptr (Rig) rig = new_rig ("none", FALSE);
  GSubprocess *device = rig_plug (rig, IMEI, NULL);

  assert_passes (rig);
  ck_assert_ptr_null (ledger_attestation (rig->ledger, IMEI, NULL));
  rig_unplug (device);
}
END_TEST

/* The modem shows where a key was made only when it makes it. */
START_TEST (a_key_that_can_not_be_attested_any_more_is_replaced)
{
  g_autoptr (Rig) rig = new_rig ("preferred", TRUE);
  GSubprocess *device = rig_plug (rig, IMEI, NULL);
  g_autoptr (Certificate) before = NULL;
  g_autoptr (Certificate) voided = NULL;
  g_autoptr (AttestationRecord) record = NULL;

  trust_nobody ();
  assert_passes (rig);
  before = ledger_certificate (rig->ledger, IMEI, NULL);
  trust_modem (rig);
  rig->order->profile->attestation = ATTESTATION_REQUIRED;
  ck_assert (ledger_allow_retry (rig->ledger, IMEI, "test", NULL));
  assert_passes (rig);
  ck_assert_uint_eq (signed_so_far (rig), 2);
  voided = ledger_certificate (rig->ledger, before->sha256, NULL);
  ck_assert_str_eq (voided->state, "void");
  ck_assert_str_eq (voided->void_reason, "not-attested");
  record = shown (rig);
  ck_assert_str_eq (record->verdict, "verified");
  rig_unplug (device);
}
END_TEST

START_TEST (roots_that_can_not_be_read_are_the_stations_fault)
{
  g_autoptr (Rig) rig = new_rig ("required", TRUE);
  GSubprocess *device = rig_plug (rig, IMEI, NULL);
  g_autoptr (GError) error = NULL;

  ck_assert (g_file_set_contents (roots, "-----BEGIN CERTIFICATE-----\nAAAA\n", -1, NULL));
  ck_assert (!rig_provision (rig, &error));
  ck_assert_msg (g_str_equal (reason_word (error), "config"), "%s", error->message);
  ck_assert_uint_eq (signed_so_far (rig), 0);
  rig_unplug (device);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("attest");
  TCase *line = tcase_create ("line");
  SRunner *runner;
  int failed;

  tcase_set_timeout (line, 60);
  tcase_add_checked_fixture (line, setup, teardown);
  tcase_add_test (line, what_is_required_must_be_verified_before_anything_is_signed);
  tcase_add_test (line, a_device_cut_off_behind_its_attestation_needs_no_other);
  tcase_add_loop_test (line, what_is_preferred_is_kept_whatever_it_is, 0, 2);
  tcase_add_test (line, what_was_not_asked_is_not_kept);
  tcase_add_test (line, a_key_that_can_not_be_attested_any_more_is_replaced);
  tcase_add_test (line, roots_that_can_not_be_read_are_the_stations_fault);
  suite_add_tcase (suite, line);
  runner = srunner_create (suite);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
