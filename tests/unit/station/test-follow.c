/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The signer's log and the ledger, where no order's answer brings an entry: lost answers, entries
 * that somebody else had made, a batch that is closed. With real signer and ledger.
 */
#include <check.h>
#include <gio/gunixsocketaddress.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/proof/report.h"
#include "ca/wire/client-evidence.h"
#include "db/manifest.h"
#include "rig.h"
#include "station/error.h"
#include "station/evidence.h"
#include "station/log-follower.h"

#define SOON deadline_in (5000)

static Rig *rig;

static void
set_up (void)
{
  rig = rig_new (NULL, NULL);
}

static void
tear_down (void)
{
  rig_free (rig);
}

static void
pass_device (const char *serial)
{
  GSubprocess *device = rig_plug (rig, serial, NULL);
  g_autoptr (GError) error = NULL;

  ck_assert_msg (rig_provision (rig, &error), "%s", error != NULL ? error->message : "");
  rig_unplug (device);
}

static guint64
next_index (void)
{
  guint64 next;

  ck_assert (ledger_next_log_index (rig->ledger, &next, NULL));
  return next;
}

static guint
count_events (const char *kind)
{
  g_autoptr (GPtrArray) events = ledger_events (rig->ledger, 0, NULL);
  guint count = 0;

  for (guint i = 0; i < events->len; i++)
    count += g_str_equal (((const AuditEvent *)events->pdata[i])->kind, kind);
  return count;
}

/* An entry that no order's answer brings. */
static void
make_foreign_entry (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SignerStatus) status = signer_client_status (rig->client, SOON, &error);
  g_autoptr (SignerCrl) crl =
      status != NULL
          ? signer_client_crl (rig->client, status->issuing->name, CRL_MAKE, SOON, &error)
          : NULL;

  ck_assert_msg (crl != NULL, "%s", error != NULL ? error->message : "");
}

static gboolean
comes_to (guint64 index, gint64 milliseconds)
{
  const gint64 until = g_get_monotonic_time () + milliseconds * 1000;

  while (next_index () < index && g_get_monotonic_time () < until)
    g_usleep (5000);
  return next_index () >= index;
}

/* ---- lost answers ---- */

static GBytes *
ask_report (guint64 *place)
{
  g_autofree char *id = ledger_identity (rig->ledger, NULL);
  const LedgerClaim claim = { .id = id };
  g_autoptr (GError) error = NULL;
  GBytes *der = signer_client_report (rig->client, "B", FALSE, &claim, place, SOON, &error);

  ck_assert_msg (der != NULL, "%s", error != NULL ? error->message : "");
  return der;
}

START_TEST (a_report_whose_answer_was_lost_comes_back)
{
  guint64 place;

  pass_device ("S-1");
  g_autoptr (GBytes) lost = ask_report (&place);
  g_autoptr (GPtrArray) before = ledger_reports (rig->ledger, NULL, 0, NULL);
  ck_assert_uint_eq (before->len, 0);
  for (guint i = 0; i < 2; i++)
    ck_assert (issuer_follow (rig->issuer, rig->client, SOON, NULL));
  g_autoptr (GPtrArray) after = ledger_reports (rig->ledger, "B", 0, NULL);
  ck_assert_uint_eq (after->len, 1);
  const BatchReport *report = g_ptr_array_index (after, 0);
  ck_assert (g_bytes_equal (report->der, lost));
  ck_assert_uint_eq (report->log_index, place);
  ck_assert (!report->final);
  ck_assert_uint_eq (next_index (), place + 1);
  ck_assert_uint_eq (count_events ("report"), 1);
}
END_TEST

static gint64
export_batch (void)
{
  g_autoptr (GBytes) ca = issuer_ca_certificate (rig->issuer);
  g_autoptr (GError) error = NULL;
  KeyState keys;
  FILE *file = tmpfile ();

  ck_assert (ledger_key_state (rig->ledger, &keys, NULL));
  ck_assert (ledger_record_key_check (rig->ledger, keys.newest, NULL, 0, NULL));
  const ManifestOrder order = {
    .format = "csv", .batch = "B", .ca_certificate = ca, .fd = fileno (file), .actor = "test"
  };
  g_autoptr (ManifestSummary) summary = manifest_export (rig->ledger, &order, &error);
  ck_assert_msg (summary != NULL, "%s", error != NULL ? error->message : "");
  fclose (file);
  return summary->id;
}

static GBytes *
ask_statement (gint64 id, guint64 *place)
{
  g_autoptr (ExportRecord) record = ledger_export (rig->ledger, id, NULL);
  g_autoptr (ManifestStatement) statement = manifest_statement_new ();
  g_autoptr (GError) error = NULL;

  statement->batch = g_strdup ("B");
  statement->format = g_strdup ("csv");
  for (guint i = 0; i < sizeof statement->sha256; i++)
    statement->sha256[i] = (guint8)(g_ascii_xdigit_value (record->sha256[2 * i]) << 4
                                    | g_ascii_xdigit_value (record->sha256[2 * i + 1]));
  statement->ledger = ledger_identity (rig->ledger, NULL);
  GBytes *der = signer_client_manifest_statement (rig->client, statement, place, SOON, &error);
  ck_assert_msg (der != NULL, "%s", error != NULL ? error->message : "");
  return der;
}

START_TEST (a_statement_whose_answer_was_lost_comes_back)
{
  guint64 place;

  pass_device ("S-1");
  const gint64 id = export_batch ();
  g_autoptr (GBytes) lost = ask_statement (id, &place);
  g_autoptr (GBytes) found = evidence_statement (rig->ledger, rig->issuer, rig->client, id, NULL);
  ck_assert (g_bytes_equal (found, lost));
  g_autoptr (GBytes) again = evidence_statement (rig->ledger, rig->issuer, rig->client, id, NULL);
  ck_assert (g_bytes_equal (again, lost));
  ck_assert_uint_eq (next_index (), place + 1);
}
END_TEST

/* A second one about the same file goes to nothing: it is noted, and nothing is held up. */
START_TEST (a_statement_too_many_is_noted)
{
  guint64 first, second;

  pass_device ("S-1");
  const gint64 id = export_batch ();
  g_autoptr (GBytes) one = ask_statement (id, &first);
  g_autoptr (GBytes) two = ask_statement (id, &second);
  ck_assert_uint_eq (second, first + 1);
  ck_assert (!g_bytes_equal (one, two));
  ck_assert (issuer_follow (rig->issuer, rig->client, SOON, NULL));
  g_autoptr (GBytes) kept = ledger_export_statement (rig->ledger, id, NULL);
  ck_assert (g_bytes_equal (kept, one));
  ck_assert_uint_eq (next_index (), second + 1);
  ck_assert_uint_eq (count_events ("manifest-statement"), 2);
  pass_device ("S-2");
  ck_assert_uint_eq (next_index (), second + 2);
}
END_TEST

/* ---- the follower ---- */

static void
ignore (const char *batch, gpointer data)
{
}

START_TEST (a_gap_before_an_answer_is_filled_soon)
{
  LogFollower *follower = log_follower_new (rig->ledger, rig->issuer, ignore, NULL);

  pass_device ("S-1");
  const guint64 before = next_index ();
  make_foreign_entry ();
  ck_assert (!comes_to (before + 1, 600)); /* nobody has heard of it */
  pass_device ("S-2");
  ck_assert (comes_to (before + 2, 5000));
  ck_assert_uint_eq (count_events ("ca-crl"), 1);
  log_follower_free (follower);
}
END_TEST

START_TEST (what_the_signer_refuses_is_looked_for)
{
  static const CaError codes[] = { CA_ERROR_TICKET_USED_UP, CA_ERROR_CLOCK, CA_ERROR_PROFILE };
  g_autoptr (GError) error = g_error_new_literal (CA_ERROR, (gint)codes[_i], "refused");
  LogFollower *follower = log_follower_new (rig->ledger, rig->issuer, ignore, NULL);

  pass_device ("S-1");
  const guint64 before = next_index ();
  ck_assert (!comes_to (before + 1, 600)); /* the last answer's news are over */
  make_foreign_entry ();
  issuer_heard (rig->issuer, error);
  ck_assert (comes_to (before + 1, _i < 2 ? 5000 : 900) == (_i < 2));
  log_follower_free (follower);
}
END_TEST

static gpointer
hold_up (gpointer data)
{
  /* A signer that never answers: its socket is there, nobody reads it. */
  g_autoptr (SignerClient) client = signer_client_new (data);

  issuer_follow (rig->issuer, client, deadline_in (1500), NULL);
  return NULL;
}

START_TEST (an_order_does_not_wait_for_it)
{
  g_autofree char *silent = rig_path (rig, "silent.sock");
  g_autoptr (GSocket) socket =
      g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (silent);
  ck_assert (g_socket_bind (socket, address, FALSE, NULL) && g_socket_listen (socket, NULL));
  pass_device ("S-1");
  GThread *thread = g_thread_new (NULL, hold_up, silent);

  g_usleep (200000);
  const gint64 began = g_get_monotonic_time ();
  ck_assert (issuer_ready (rig->issuer, rig->client, SOON, NULL));
  ck_assert_int_lt (g_get_monotonic_time () - began, 500000);
  g_thread_join (thread);
  ck_assert (issuer_ready (rig->issuer, rig->client, SOON, NULL));
}
END_TEST

/* ---- a batch that is closed ---- */

static void
note_reported (const char *batch, gpointer data)
{
  g_async_queue_push (data, g_strdup (batch));
}

START_TEST (a_closed_batch_gets_one_final_report)
{
  g_autoptr (GAsyncQueue) reported = g_async_queue_new_full (g_free);
  LogFollower *follower = log_follower_new (rig->ledger, rig->issuer, note_reported, reported);

  pass_device ("S-1");
  ck_assert (ledger_set_batch_state (rig->ledger, "B", BATCH_CLOSED, "anna", NULL));
  log_follower_wake (follower);
  g_autofree char *batch = g_async_queue_timeout_pop (reported, 5 * G_USEC_PER_SEC);
  ck_assert_str_eq (batch, "B");
  log_follower_wake (follower);
  ck_assert_ptr_null (g_async_queue_timeout_pop (reported, 900000));
  g_autoptr (GPtrArray) reports = ledger_reports (rig->ledger, "B", 0, NULL);
  ck_assert_uint_eq (reports->len, 1);
  ck_assert (((const BatchReport *)g_ptr_array_index (reports, 0))->final);
  log_follower_free (follower);
}
END_TEST

START_TEST (a_report_is_made_when_the_signer_is_back)
{
  g_autoptr (GAsyncQueue) reported = g_async_queue_new_full (g_free);
  pass_device ("S-1");
  rig_stop_signer (rig);
  LogFollower *follower = log_follower_new (rig->ledger, rig->issuer, note_reported, reported);

  ck_assert (ledger_set_batch_state (rig->ledger, "B", BATCH_CLOSED, "anna", NULL));
  log_follower_wake (follower);
  ck_assert_ptr_null (g_async_queue_timeout_pop (reported, 1000000));
  rig_start_signer (rig);
  g_autofree char *batch = g_async_queue_timeout_pop (reported, 20 * G_USEC_PER_SEC);
  ck_assert_str_eq (batch, "B");
  log_follower_free (follower);
}
END_TEST

/* ---- an old log ---- */

START_TEST (an_old_log_is_seen_at_a_look)
{
  pass_device ("S-1");
  g_autoptr (SignerStatus) good = issuer_status (rig->issuer, rig->client, SOON, NULL);
  g_autofree char *none = issuer_problem (rig->issuer);
  ck_assert_ptr_nonnull (good);
  ck_assert_ptr_null (none);
  rig_replace_signer (rig);
  g_autoptr (SignerStatus) old = issuer_status (rig->issuer, rig->client, SOON, NULL);
  ck_assert_ptr_nonnull (old);
  g_autofree char *problem = issuer_problem (rig->issuer);
  ck_assert_ptr_nonnull (strstr (problem, "an old log was restored"));
  g_autoptr (GError) error = NULL;
  ck_assert (!issuer_ready (rig->issuer, rig->client, SOON, &error));
  ck_assert (g_error_matches (error, STATION_ERROR, STATION_ERROR_OLD_SIGNER_LOG));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("station-follow");
  TCase *cases = tcase_create ("all");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (cases, 60);
  tcase_add_checked_fixture (cases, set_up, tear_down);
  tcase_add_test (cases, a_report_whose_answer_was_lost_comes_back);
  tcase_add_test (cases, a_statement_whose_answer_was_lost_comes_back);
  tcase_add_test (cases, a_statement_too_many_is_noted);
  tcase_add_test (cases, a_gap_before_an_answer_is_filled_soon);
  tcase_add_loop_test (cases, what_the_signer_refuses_is_looked_for, 0, 3);
  tcase_add_test (cases, an_order_does_not_wait_for_it);
  tcase_add_test (cases, a_closed_batch_gets_one_final_report);
  tcase_add_test (cases, a_report_is_made_when_the_signer_is_back);
  tcase_add_test (cases, an_old_log_is_seen_at_a_look);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
