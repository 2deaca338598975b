/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The procedure, with a real signer, a real ledger and real simulated devices.
 */
#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"
#include "station/error.h"
#include "station/reason.h"
#include "station/transcript.h"

#define WHOLE_WAY                                                                                  \
  "open identify register generate-key read-csr check-key sign store install read-back prove"

static const char *
words_of (const GError *error)
{
  return error != NULL ? error->message : "";
}

static void
assert_passes (Rig *rig)
{
  g_autoptr (GError) error = NULL;
  gboolean passed = rig_provision (rig, &error);

  ck_assert_msg (passed, "after %s: %s", rig->steps->str, words_of (error));
}

/* The procedure must end with this reason, at this step. */
static void
assert_fails (Rig *rig, const char *reason, const char *last_step)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *tail = g_strconcat (" ", last_step, NULL);

  ck_assert (!rig_provision (rig, &error));
  ck_assert_msg (g_str_equal (reason_word (error), reason), "%s, not %s: %s", reason_word (error),
                 reason, error->message);
  ck_assert_msg (g_str_has_suffix (rig->steps->str, tail), "%s", rig->steps->str);
}

static void
assert_last_attempt (Rig *rig, AttemptResult result, const char *reason)
{
  g_autoptr (GPtrArray) attempts = ledger_attempts (rig->ledger, "B", NULL, 1, NULL);
  const Attempt *attempt = g_ptr_array_index (attempts, 0);

  ck_assert_int_eq (attempt->result, result);
  ck_assert_int_eq (g_strcmp0 (attempt->reason, reason), 0);
}

static void
assert_port_is_free (Rig *rig)
{
  g_autofree char *port = rig_path (rig, "port");
  const SerialSettings settings = { 115200, FALSE };
  g_autoptr (GError) error = NULL;
  g_autoptr (Transport) transport = transport_open_serial (port, &settings, &error);

  ck_assert_msg (transport != NULL, "%s", words_of (error));
}

static guint64
signed_so_far (Rig *rig)
{
  g_autoptr (SignerStatus) status = signer_client_status (rig->client, deadline_in (10000), NULL);

  ck_assert_ptr_nonnull (status);
  return status->log_size;
}

START_TEST (a_good_device_takes_the_whole_way)
{
  g_autoptr (Rig) rig = rig_new (NULL, NULL);
  GSubprocess *device = rig_plug (rig, "GOOD-1", NULL);
  g_autofree char *stored = rig_path (rig, "devices/GOOD-1.cert.der");
  g_autofree char *held = NULL;
  g_autoptr (Certificate) certificate = NULL;
  g_autoptr (Device) known = NULL;
  gsize length;

  assert_passes (rig);
  ck_assert_str_eq (rig->steps->str, WHOLE_WAY " record");
  assert_last_attempt (rig, ATTEMPT_PASSED, NULL);
  assert_port_is_free (rig);
  known = ledger_device (rig->ledger, "GOOD-1", NULL);
  ck_assert_str_eq (known->state, "passed");
  certificate = ledger_certificate (rig->ledger, "GOOD-1", NULL);
  ck_assert_str_eq (certificate->state, "verified");
  ck_assert (g_file_get_contents (stored, &held, &length, NULL));
  ck_assert_uint_eq (length, g_bytes_get_size (certificate->der));
  ck_assert_int_eq (memcmp (held, g_bytes_get_data (certificate->der, NULL), length), 0);
  rig_unplug (device);
}
END_TEST

START_TEST (the_dialogue_is_kept_with_what_a_replay_needs)
{
  static const char *const notes[] = { "# driver smp\n", "# serial TOLD-1\n", "# key p-256\n",
                                       "# nonce ", "# certificate " };
  g_autoptr (Rig) rig = rig_new (NULL, NULL);
  GSubprocess *device = rig_plug (rig, "TOLD-1", NULL);
  g_autoptr (GPtrArray) attempts = NULL;
  g_autofree char *name = NULL;
  g_autofree char *path = NULL;
  g_autofree char *text = NULL;

  assert_passes (rig);
  attempts = ledger_attempts (rig->ledger, NULL, "TOLD-1", 1, NULL);
  name = g_build_filename ("transcripts",
                           ((const Attempt *)g_ptr_array_index (attempts, 0))->transcript, NULL);
  path = rig_path (rig, name);
  ck_assert (g_file_get_contents (path, &text, NULL, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (notes); i++)
    ck_assert_msg (strstr (text, notes[i]) != NULL, "no \"%s\"", notes[i]);
  rig_unplug (device);
}
END_TEST

static const struct {
  const char *fault, *key, *reason, *step;
} faults[] = {
  { "no-identity", "p-256", "identity", "identify" },
  { "weak-key", "rsa-2048", "rsa-too-small", "check-key" },
  { "weak-key", "p-256", "ec-curve", "check-key" },
  { "bad-signature", "p-256", "csr-signature", "check-key" },
  { "leak-private-key", "p-256", "private-key-leaked", "read-csr" },
  { "leak-der", "p-256", "private-key-leaked", "read-csr" },
  { "refuse-install", "p-256", "refused", "install" },
  { "wrong-certificate", "p-256", "read-back", "read-back" },
  { "wrong-key", "p-256", "proof", "prove" },
};

START_TEST (each_fault_is_refused_where_it_shows)
{
  g_autoptr (Rig) rig = rig_new (NULL, NULL);
  const char *const settings[] = { "--key", faults[_i].key, "--fault", faults[_i].fault, NULL };
  GSubprocess *device = rig_plug (rig, "BAD-1", settings);

  assert_fails (rig, faults[_i].reason, faults[_i].step);
  assert_last_attempt (rig, ATTEMPT_FAILED, faults[_i].reason);
  assert_port_is_free (rig);
  rig_unplug (device);
  device = rig_plug (rig, "NEXT-1", NULL);
  assert_passes (rig);
  rig_unplug (device);
}
END_TEST

START_TEST (a_device_pulled_at_installation_gets_the_same_certificate)
{
  static const char *const pulled[] = { "--fault", "unplug-in=700", NULL };
  g_autoptr (Rig) rig = rig_new (NULL, NULL);
  GSubprocess *device = rig_plug (rig, "PULLED-1", pulled);
  g_autoptr (Certificate) before = NULL;
  g_autoptr (Certificate) after = NULL;

  assert_fails (rig, "unplugged", "install");
  rig_unplug (device);
  before = ledger_certificate (rig->ledger, "PULLED-1", NULL);
  ck_assert_str_eq (before->state, "issued");

  device = rig_plug (rig, "PULLED-1", NULL);
  assert_passes (rig);
  ck_assert_str_eq (rig->steps->str,
                    "open identify register check-key install read-back prove record");
  after = ledger_certificate (rig->ledger, "PULLED-1", NULL);
  ck_assert (g_bytes_equal (before->der, after->der));
  ck_assert_uint_eq (signed_so_far (rig), 1);
  rig_unplug (device);
}
END_TEST

START_TEST (a_device_that_lost_its_key_gets_a_new_certificate)
{
  static const char *const pulled[] = { "--fault", "unplug-in=700", NULL };
  g_autoptr (Rig) rig = rig_new (NULL, NULL);
  GSubprocess *device = rig_plug (rig, "LOST-1", pulled);
  g_autofree char *key = rig_path (rig, "devices/LOST-1.key");
  g_autoptr (Certificate) before = NULL;
  g_autoptr (Certificate) voided = NULL;

  assert_fails (rig, "unplugged", "install");
  rig_unplug (device);
  before = ledger_certificate (rig->ledger, "LOST-1", NULL);
  ck_assert_int_eq (g_unlink (key), 0);

  device = rig_plug (rig, "LOST-1", NULL);
  assert_passes (rig);
  ck_assert_uint_eq (signed_so_far (rig), 2);
  voided = ledger_certificate (rig->ledger, before->sha256, NULL);
  ck_assert_str_eq (voided->state, "void");
  ck_assert_str_eq (voided->void_reason, "key-lost");
  rig_unplug (device);
}
END_TEST

START_TEST (a_finished_device_is_told_so_and_may_run_again_when_allowed)
{
  g_autoptr (Rig) rig = rig_new (NULL, NULL);
  GSubprocess *device = rig_plug (rig, "DONE-1", NULL);

  assert_passes (rig);
  assert_fails (rig, "already-done", "register");
  ck_assert (ledger_allow_retry (rig->ledger, "DONE-1", "test", NULL));
  assert_passes (rig);
  ck_assert_uint_eq (signed_so_far (rig), 1);
  rig_unplug (device);
}
END_TEST

START_TEST (a_device_that_was_locked_is_left_alone_and_judged)
{
  g_autoptr (Rig) rig = rig_new ("Lock=yes", NULL);
  GSubprocess *device = rig_plug (rig, "LOCK-1", NULL);

  assert_passes (rig);
  ck_assert_str_eq (rig->steps->str, WHOLE_WAY " lock record");
  ck_assert (ledger_allow_retry (rig->ledger, "LOCK-1", "test", NULL));
  assert_passes (rig);
  ck_assert_str_eq (rig->steps->str,
                    "open identify register check-key install read-back prove record");
  rig_unplug (device);
}
END_TEST

START_TEST (a_device_that_attests_nothing_passes_only_where_that_is_not_required)
{
  g_autofree char *roots = g_build_filename (EXAMPLES, "..", "..", "README.md", NULL);
  g_autofree char *required = g_strdup_printf ("Attestation=required\nAttestationRoots=%s", roots);
  g_autoptr (Rig) strict = rig_new (required, NULL);
  g_autoptr (Rig) lax = rig_new ("Attestation=preferred", NULL);
  GSubprocess *device = rig_plug (strict, "MUTE-1", NULL);

  assert_fails (strict, "attestation", "check-key");
  ck_assert_uint_eq (signed_so_far (strict), 0);
  rig_unplug (device);
  device = rig_plug (lax, "MUTE-1", NULL);
  assert_passes (lax);
  rig_unplug (device);
}
END_TEST

START_TEST (the_batch_names_devices_from_its_range)
{
  g_autoptr (Rig) rig = rig_new (NULL, "AC-");
  GSubprocess *device = rig_plug (rig, "BLANK-1", NULL);
  g_autoptr (Certificate) certificate = NULL;

  assert_passes (rig);
  certificate = ledger_certificate (rig->ledger, "AC-0001", NULL);
  ck_assert_ptr_nonnull (certificate);
  ck_assert (strstr (certificate->subject, "CN=AC-0001") != NULL);
  rig_unplug (device);
}
END_TEST

START_TEST (what_the_signer_signed_is_fetched_into_an_empty_ledger)
{
  g_autoptr (Rig) rig = rig_new (NULL, NULL);
  GSubprocess *device = rig_plug (rig, "BACK-1", NULL);
  g_autofree char *path = rig_path (rig, "other.db");
  g_autoptr (GError) error = NULL;
  Ledger *ledger;
  Issuer *issuer;

  assert_passes (rig);
  rig_unplug (device);
  ledger = ledger_open (path, NULL);
  issuer = issuer_new (ledger, rig->socket, TRUE);
  ck_assert_msg (issuer_ready (issuer, rig->client, deadline_in (10000), &error), "%s",
                 words_of (error));
  {
    g_autoptr (Certificate) fetched = ledger_certificate (ledger, "BACK-1", NULL);
    g_autoptr (Certificate) original = ledger_certificate (rig->ledger, "BACK-1", NULL);

    ck_assert_ptr_nonnull (fetched);
    ck_assert_str_eq (fetched->sha256, original->sha256);
  }
  issuer_free (issuer);
  ledger_close (ledger);
}
END_TEST

START_TEST (nothing_is_signed_by_a_signer_with_an_older_log)
{
  g_autoptr (Rig) rig = rig_new (NULL, NULL);
  GSubprocess *device = rig_plug (rig, "OLD-1", NULL);
  g_autoptr (GError) error = NULL;
  Issuer *issuer;

  assert_passes (rig);
  rig_unplug (device);
  rig_replace_signer (rig);
  issuer = issuer_new (rig->ledger, rig->socket, TRUE);
  ck_assert (!issuer_ready (issuer, rig->client, deadline_in (10000), &error));
  ck_assert_msg (g_error_matches (error, STATION_ERROR, STATION_ERROR_OLD_SIGNER_LOG), "%s",
                 error->message);
  issuer_free (issuer);
}
END_TEST

START_TEST (production_refuses_a_demo_ca)
{
  g_autoptr (Rig) rig = rig_new (NULL, NULL);
  GSubprocess *device = rig_plug (rig, "PROD-1", NULL);

  issuer_free (rig->issuer);
  rig->issuer = issuer_new (rig->ledger, rig->socket, FALSE);
  assert_fails (rig, "demo-ca", "register");
  rig_unplug (device);
}
END_TEST

START_TEST (without_a_signer_the_device_is_not_touched)
{
  g_autoptr (Rig) rig = rig_new (NULL, NULL);
  GSubprocess *device = rig_plug (rig, "ALONE-1", NULL);

  issuer_free (rig->issuer);
  signer_client_free (rig->client);
  rig->issuer = issuer_new (rig->ledger, "/nonexistent/signer.sock", TRUE);
  rig->client = signer_client_new ("/nonexistent/signer.sock");
  rig->milliseconds = 2000;
  assert_fails (rig, "signer-unreachable", "register");
  rig_unplug (device);
}
END_TEST

START_TEST (a_port_that_does_not_open_leaves_the_step_it_was)
{
  g_autoptr (Rig) rig = rig_new (NULL, NULL);
  g_autofree char *transcripts = rig_path (rig, "transcripts");
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) attempts = NULL;
  g_autofree char *text = NULL;
  const Attempt *attempt;

  ck_assert (!rig_provision (rig, &error)); /* nothing is plugged in */
  attempts = ledger_attempts (rig->ledger, NULL, NULL, 1, NULL);
  attempt = g_ptr_array_index (attempts, 0);
  ck_assert_ptr_nonnull (attempt->transcript);
  text = transcript_load (transcripts, attempt->transcript, NULL);
  ck_assert_msg (text != NULL && g_str_has_prefix (text, "# step open "), "%s", text);
}
END_TEST

START_TEST (only_the_station_notes_a_step)
{
  g_autoptr (GVariant) steps = g_variant_ref_sink (
      transcript_steps ("# step open 1767225600000000\n# batch B1\n< 0.1 # step sign 1\n"
                        "> 0.2 # step sign 2\n# stepping on 3\n# step sign\n# step sign x\n"
                        "# step sign -1\n# step identify 1767225600000001"));
  g_autofree char *text = g_variant_print (steps, FALSE);

  ck_assert_str_eq (text, "[{'step': <'open'>, 'at': <int64 1767225600000000>}, "
                          "{'step': <'identify'>, 'at': <int64 1767225600000001>}]");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("station-provision");
  TCase *cases = tcase_create ("all");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (cases, 60);
  tcase_add_test (cases, a_good_device_takes_the_whole_way);
  tcase_add_test (cases, the_dialogue_is_kept_with_what_a_replay_needs);
  tcase_add_loop_test (cases, each_fault_is_refused_where_it_shows, 0, G_N_ELEMENTS (faults));
  tcase_add_test (cases, a_device_pulled_at_installation_gets_the_same_certificate);
  tcase_add_test (cases, a_device_that_lost_its_key_gets_a_new_certificate);
  tcase_add_test (cases, a_finished_device_is_told_so_and_may_run_again_when_allowed);
  tcase_add_test (cases, a_device_that_was_locked_is_left_alone_and_judged);
  tcase_add_test (cases, a_device_that_attests_nothing_passes_only_where_that_is_not_required);
  tcase_add_test (cases, the_batch_names_devices_from_its_range);
  tcase_add_test (cases, what_the_signer_signed_is_fetched_into_an_empty_ledger);
  tcase_add_test (cases, nothing_is_signed_by_a_signer_with_an_older_log);
  tcase_add_test (cases, production_refuses_a_demo_ca);
  tcase_add_test (cases, without_a_signer_the_device_is_not_touched);
  tcase_add_test (cases, a_port_that_does_not_open_leaves_the_step_it_was);
  tcase_add_test (cases, only_the_station_notes_a_step);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
