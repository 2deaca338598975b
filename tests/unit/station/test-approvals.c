/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Four eyes, over the real socket: what one supervisor asks for waits until another grants it, runs
 * once, as of both; and nobody is two people.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "people.h"
#include "station/roles.h"
#include "station/station-private.h"

#define SVEN_BADGE "BADGE-SVEN-77120"
#define EVA_BADGE "BADGE-EVA-33017"
#define ROOT_BADGE "BADGE-SAME-NAME"

/* ---- words ---- */

static gboolean
ask_void (ApiStation1 *proxy, const char *serial, const char *reason, GError **error)
{
  return api_station1_call_void_device_sync (proxy, serial, reason, NULL, error);
}

/* The number in "Request 7 waits ...". */
static gint64
number_in (const char *message)
{
  const char *at = strstr (message, "Request ");

  ck_assert_msg (at != NULL, "%s", message);
  return g_ascii_strtoll (at + strlen ("Request "), NULL, 10);
}

static gint64
assert_waits (gboolean done, GError **error)
{
  gint64 id;

  ck_assert (!done);
  ck_assert_msg (strstr ((*error)->message, " waits: ") != NULL, "%s", (*error)->message);
  id = number_in ((*error)->message);
  assert_error (done, error, "NeedsApproval");
  return id;
}

static gboolean
grant (ApiStation1 *proxy, gint64 id, GError **error)
{
  g_autoptr (GVariant) record = NULL;

  return api_station1_call_grant_approval_sync (proxy, id, &record, NULL, error);
}

/* A text of the request's record, or NULL. Free with g_free(). */
static char *
approval_text (ApiStation1 *proxy, gint64 id, const char *key)
{
  g_autoptr (GVariant) list = NULL;

  ck_assert (api_station1_call_list_approvals_sync (proxy, no_filter (), &list, NULL, NULL));
  for (gsize i = 0; i < g_variant_n_children (list); i++) {
    g_autoptr (GVariant) record = g_variant_get_child_value (list, i);
    gint64 number = 0;
    char *text = NULL;

    if (!g_variant_lookup (record, "id", "x", &number) || number != id)
      continue;
    g_variant_lookup (record, key, "s", &text);
    return text;
  }
  ck_abort_msg ("there is no request %d", (int)id);
  return NULL;
}

static void
assert_approval (ApiStation1 *proxy, gint64 id, const char *key, const char *expected)
{
  g_autofree char *text = approval_text (proxy, id, key);

  ck_assert_msg (g_strcmp0 (text, expected) == 0, "%s: %s, not %s", key, text, expected);
}

static void
assert_state (ApiStation1 *proxy, const char *serial, const char *expected)
{
  g_autoptr (GVariant) certificate = NULL;
  const char *state;

  ck_assert (api_station1_call_get_certificate_sync (proxy, serial, &certificate, NULL, NULL));
  ck_assert (g_variant_lookup (certificate, "state", "&s", &state));
  ck_assert_str_eq (state, expected);
}

static guint
waiting (ApiStation1 *proxy)
{
  g_autoptr (GVariant) status = NULL;
  guint count = G_MAXUINT;

  ck_assert (api_station1_call_get_status_sync (proxy, &status, NULL, NULL));
  ck_assert (g_variant_lookup (status, "approvals-waiting", "u", &count));
  return count;
}

/* A second supervisor at a screen of his own. */
static ApiStation1 *
supervisor_at_screen (ApiStation1 *admin, const char *name, const char *badge)
{
  ApiStation1 *screen = visit_connect ();

  people_add (admin, name, "supervisor", badge, NULL);
  people_limit (screen);
  ck_assert (people_authorize (screen, badge, "", 300, NULL));
  return screen;
}

/* ---- the way of a request ---- */

static void
void_by_two (ApiStation1 *proxy)
{
  g_autofree char *user = peer_name (getuid ());
  g_autofree char *sven = people_name_here ("sven");
  g_autofree char *both = g_strdup_printf ("%s and %s", user, sven);
  g_autoptr (ApiStation1) screen = supervisor_at_screen (proxy, "sven", SVEN_BADGE);
  GError *error = NULL;
  gint64 id;

  start_batch (proxy, "B");
  pass_one (proxy, "TWO-1");
  id = assert_waits (ask_void (proxy, "TWO-1", "fell", &error), &error);
  assert_state (proxy, "TWO-1", "verified");
  ck_assert_uint_eq (waiting (proxy), 1);
  assert_approval (proxy, id, "asked-by", user);
  assert_approval (proxy, id, "control", "void");
  ck_assert_int_eq (assert_waits (ask_void (proxy, "TWO-1", "fell", &error), &error), id);

  ck_assert (grant (screen, id, NULL));
  assert_state (proxy, "TWO-1", "void");
  assert_approval (proxy, id, "state", "granted");
  assert_approval (proxy, id, "outcome", "done");
  assert_approval (proxy, id, "decided-by", sven);
  ck_assert_uint_eq (waiting (proxy), 0);
  g_autofree char *event = people_last_event (proxy, "certificate-void");
  ck_assert_msg (g_str_has_prefix (event, both), "%s", event);
  g_autofree char *granted = people_last_event (proxy, "approval-grant");
  ck_assert_msg (g_str_has_prefix (granted, sven), "%s", granted);
  assert_error (grant (screen, id, &error), &error, "State"); /* for one run */
}

START_TEST (a_void_takes_two_and_is_of_both)
{
  run_client (void_by_two);
}
END_TEST

static void
be_two_people (ApiStation1 *proxy)
{
  g_autofree char *user = peer_name (getuid ());
  g_autofree char *loud = g_ascii_strup (user, -1);
  g_autoptr (ApiStation1) other = visit_connect ();
  g_autoptr (ApiStation1) screen = NULL;
  GError *error = NULL;
  gint64 id;

  start_batch (proxy, "B");
  pass_one (proxy, "ONE-1");
  id = assert_waits (ask_void (proxy, "ONE-1", "fell", &error), &error);
  assert_error (grant (proxy, id, &error), &error, "NotPermitted");
  assert_error (grant (other, id, &error), &error, "NotPermitted"); /* the same user */
  people_limit (other);
  assert_error (grant (other, id, &error), &error, "NotPermitted"); /* an operator */
  screen = supervisor_at_screen (proxy, loud, ROOT_BADGE);          /* the same name */
  assert_error (grant (screen, id, &error), &error, "NotPermitted");
  assert_state (proxy, "ONE-1", "verified");
  assert_approval (proxy, id, "state", "waiting");
  /* and a badge's request is not granted by the badge in another place */
  id = assert_waits (ask_void (screen, "ONE-1", "other", &error), &error);
  ck_assert (api_station1_call_limit_role_sync (proxy, "operator", NULL, NULL));
  ck_assert (people_authorize (proxy, ROOT_BADGE, "", 60, NULL));
  assert_error (grant (proxy, id, &error), &error, "NotPermitted");
}

START_TEST (nobody_is_two_people)
{
  run_client (be_two_people);
}
END_TEST

static void
at_one_screen (ApiStation1 *proxy)
{
  g_autofree char *sven = people_name_here ("sven");
  g_autofree char *eva = people_name_here ("eva");
  g_autofree char *both = g_strdup_printf ("%s and %s", sven, eva);
  g_autoptr (ApiStation1) screen = supervisor_at_screen (proxy, "sven", SVEN_BADGE);
  GError *error = NULL;
  gint64 id;

  people_add (proxy, "eva", "supervisor", EVA_BADGE, NULL);
  start_batch (proxy, "B");
  pass_one (proxy, "DESK-1");
  id = assert_waits (api_station1_call_retry_device_sync (screen, "DESK-1", NULL, &error), &error);
  assert_error (grant (screen, id, &error), &error, "NotPermitted");
  ck_assert (people_authorize (screen, EVA_BADGE, "", 60, NULL));
  ck_assert (grant (screen, id, NULL));
  g_autofree char *event = people_last_event (proxy, "retry-allowed");
  ck_assert_msg (event != NULL && g_str_has_prefix (event, both), "%s", event);
}

START_TEST (two_badges_at_one_screen_are_two_people)
{
  run_client (at_one_screen);
}
END_TEST

static void
change_meanwhile (ApiStation1 *proxy)
{
  g_autoptr (ApiStation1) screen = supervisor_at_screen (proxy, "sven", SVEN_BADGE);
  GError *error = NULL;
  gint64 first, second;

  start_batch (proxy, "B");
  pass_one (proxy, "GONE-1");
  first = assert_waits (ask_void (proxy, "GONE-1", "fell", &error), &error);
  second = assert_waits (ask_void (proxy, "GONE-1", "fell twice", &error), &error);
  ck_assert_int_ne (first, second);
  ck_assert (grant (screen, first, NULL));
  assert_error (grant (screen, second, &error), &error, "State");
  assert_approval (proxy, second, "state", "refused");
  assert_error (grant (screen, second, &error), &error, "State");
}

START_TEST (a_request_about_what_has_changed_is_closed)
{
  run_client (change_meanwhile);
}
END_TEST

static void
refuse_and_check (ApiStation1 *proxy)
{
  g_autoptr (ApiStation1) screen = supervisor_at_screen (proxy, "sven", SVEN_BADGE);
  g_autofree char *sven = people_name_here ("sven");
  GError *error = NULL;
  gint64 id;

  start_batch (proxy, "B");
  pass_one (proxy, "NO-1");
  assert_error (ask_void (proxy, "NO-2", "fell", &error), &error, "NotFound"); /* not kept */
  assert_error (ask_void (proxy, "NO-1", "", &error), &error, "Invalid");
  ck_assert_uint_eq (waiting (proxy), 0);
  id = assert_waits (ask_void (proxy, "NO-1", "fell", &error), &error);
  assert_error (api_station1_call_refuse_approval_sync (screen, id, "", NULL, &error), &error,
                "Invalid");
  ck_assert (api_station1_call_refuse_approval_sync (screen, id, "it did not fall", NULL, NULL));
  assert_approval (proxy, id, "state", "refused");
  assert_approval (proxy, id, "reason", "it did not fall");
  assert_approval (proxy, id, "decided-by", sven);
  assert_error (grant (screen, id, &error), &error, "State");
  assert_error (grant (screen, id + 100, &error), &error, "NotFound");
  assert_state (proxy, "NO-1", "verified");
  /* one's own can be taken back */
  id = assert_waits (ask_void (proxy, "NO-1", "fell", &error), &error);
  ck_assert (api_station1_call_refuse_approval_sync (proxy, id, "my mistake", NULL, NULL));
}

START_TEST (a_request_can_be_refused_and_taken_back)
{
  run_client (refuse_and_check);
}
END_TEST

static void
dismiss_who_asked (ApiStation1 *proxy)
{
  g_autoptr (ApiStation1) screen = supervisor_at_screen (proxy, "sven", SVEN_BADGE);
  GError *error = NULL;
  gint64 id;

  start_batch (proxy, "B");
  pass_one (proxy, "SACK-1");
  id = assert_waits (ask_void (screen, "SACK-1", "fell", &error), &error);
  ck_assert (api_station1_call_set_operator_enabled_sync (proxy, "sven", FALSE, NULL, NULL));
  assert_approval (proxy, id, "state", "refused");
  assert_error (grant (proxy, id, &error), &error, "State");
}

START_TEST (what_a_dismissed_supervisor_asked_for_is_refused)
{
  run_client (dismiss_who_asked);
}
END_TEST

/* ---- people ---- */

static void
make_oneself_a_second (ApiStation1 *proxy)
{
  g_autoptr (ApiStation1) screen = supervisor_at_screen (proxy, "sven", SVEN_BADGE);
  GError *error = NULL;
  gint64 id;

  people_add (proxy, "eva", "supervisor", EVA_BADGE, NULL); /* the second one: nobody could look */
  people_add (proxy, "mei", "operator", "BADGE-MEI", NULL);
  people_add (proxy, "ann", "auditor", "BADGE-ANN", NULL);
  id = assert_waits (people_try_add (proxy, "puppet", "supervisor", "BADGE-P", NULL, &error),
                     &error);
  assert_error (people_authorize (proxy, "BADGE-P", "", 5, &error), &error, "NotPermitted");
  assert_waits (api_station1_call_set_operator_enabled_sync (proxy, "puppet", TRUE, NULL, &error),
                &error);
  assert_error (people_authorize (proxy, "BADGE-P", "", 5, &error), &error, "NotPermitted");
  ck_assert (grant (screen, id, NULL));
  ck_assert (people_authorize (proxy, "BADGE-P", "", 5, NULL));
  /* to take rights away needs one; who disables all others is not alone by that */
  ck_assert (api_station1_call_set_operator_enabled_sync (proxy, "eva", FALSE, NULL, NULL));
  ck_assert (api_station1_call_set_operator_enabled_sync (proxy, "sven", FALSE, NULL, NULL));
  assert_waits (people_try_add (proxy, "puppet-2", "supervisor", "BADGE-P2", NULL, &error), &error);
}

START_TEST (nobody_makes_himself_a_second_supervisor)
{
  run_client (make_oneself_a_second);
}
END_TEST

static void
audit (ApiStation1 *proxy)
{
  g_autoptr (ApiStation1) screen = visit_connect ();
  g_autoptr (GVariant) status = NULL;
  g_autoptr (GVariant) events = NULL;
  g_autofree char *ann = people_name_here ("ann");
  GError *error = NULL;
  const char *text;

  people_add (proxy, "ann", "auditor", "BADGE-ANN", NULL);
  people_add (proxy, "mei", "operator", "BADGE-MEI", NULL);
  people_limit (screen);
  ck_assert (people_sign_in (screen, "BADGE-MEI", NULL));
  ck_assert (people_sign_in (screen, "BADGE-ANN", NULL));
  ck_assert (api_station1_call_get_status_sync (screen, &status, NULL, NULL));
  ck_assert (g_variant_lookup (status, "role", "&s", &text));
  ck_assert_str_eq (text, "auditor");
  ck_assert (g_variant_lookup (status, "auditor", "&s", &text));
  ck_assert_str_eq (text, "ann");
  ck_assert (g_variant_lookup (status, "operator", "&s", &text));
  ck_assert_str_eq (text, "mei"); /* the line goes on */
  ck_assert (api_station1_call_list_events_sync (screen, 5, &events, NULL, NULL));
  assert_error (api_station1_call_acknowledge_slot_sync (screen, 0, NULL, &error), &error,
                "NotPermitted");
  assert_error (people_authorize (screen, "BADGE-ANN", "", 5, &error), &error, "NotPermitted");
  ck_assert (api_station1_call_sign_out_sync (screen, NULL, NULL));
  people_assert_event (proxy, "sign-out", ann, "ann", "");
  assert_error (api_station1_call_acknowledge_slot_sync (screen, 1, NULL, &error), &error,
                "State"); /* allowed again, but there is none */
}

START_TEST (an_auditor_reads_and_the_line_goes_on)
{
  run_client (audit);
}
END_TEST

static void
note_policy (ApiStation1 *proxy)
{
  people_assert_event (proxy, "dual-control", "station", visit_dual_control, "as configured");
}

START_TEST (which_acts_need_two_is_on_record)
{
  run_client (note_policy);
}
END_TEST

static void
allow_others (ApiStation1 *proxy)
{
  GError *error = NULL;

  start_batch (proxy, "B");
  pass_one (proxy, "FREE-1");
  ck_assert (api_station1_call_retry_device_sync (proxy, "FREE-1", NULL, NULL));
  assert_waits (ask_void (proxy, "FREE-1", "fell", &error), &error);
}

START_TEST (what_is_not_named_needs_one)
{
  run_client (allow_others);
}
END_TEST

static void
load_garbage (ApiStation1 *proxy)
{
  g_autoptr (GVariant) state = NULL;
  GVariant *ticket = g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, "no ticket", 9, 1);
  GError *error = NULL;

  assert_error (api_station1_call_load_ticket_sync (proxy, ticket, &state, NULL, &error), &error,
                "Invalid");
  assert_waits (api_station1_call_reset_clock_sync (proxy, "battery", NULL, &error), &error);
  assert_error (api_station1_call_reset_clock_sync (proxy, "", NULL, &error), &error, "Invalid");
}

START_TEST (what_is_no_ticket_does_not_wait)
{
  run_client (load_garbage);
}
END_TEST

/* A grant is for one run, done or not. */
static void
grant_in_vain (ApiStation1 *proxy)
{
  g_autoptr (ApiStation1) screen = supervisor_at_screen (proxy, "sven", SVEN_BADGE);
  g_autofree char *outcome = NULL;
  GError *error = NULL;
  gint64 id =
      assert_waits (api_station1_call_reset_clock_sync (proxy, "battery", NULL, &error), &error);

  ck_assert (!grant (screen, id, &error)); /* the clock is right */
  ck_assert_msg (strstr (error->message, "was granted, but could not be done") != NULL, "%s",
                 error->message);
  assert_error (FALSE, &error, "State");
  assert_approval (proxy, id, "state", "granted");
  outcome = approval_text (proxy, id, "outcome");
  ck_assert_msg (strstr (outcome, "nothing to reset") != NULL, "%s", outcome);
  assert_error (grant (screen, id, &error), &error, "State");
}

START_TEST (an_act_that_fails_says_so_and_is_over)
{
  run_client (grant_in_vain);
}
END_TEST

/* ---- CAs ---- */

/* The issuing CA's fingerprint, and whether it may issue. */
static char *
look_at_ca (ApiStation1 *proxy, gboolean *accepted)
{
  g_autoptr (GVariant) ca = NULL;
  char *fingerprint = NULL;

  ck_assert (api_station1_call_get_ca_status_sync (proxy, &ca, NULL, NULL));
  ck_assert (g_variant_lookup (ca, "fingerprint", "s", &fingerprint));
  ck_assert (g_variant_lookup (ca, "accepted", "b", accepted));
  return fingerprint;
}

static void
assert_waits_for (ApiStation1 *proxy, const char *expected)
{
  g_autoptr (GVariant) slots = NULL;
  g_autoptr (GVariant) slot = NULL;
  const char *what = NULL;

  ck_assert (api_station1_call_list_slots_sync (proxy, &slots, NULL, NULL));
  slot = g_variant_get_child_value (slots, 0);
  g_variant_lookup (slot, "waiting-for", "&s", &what);
  ck_assert_str_eq (what, expected);
}

/* As at the daemon's start, on its main loop. */
static gboolean
resume (gpointer data)
{
  station_resume_batch (station);
  return G_SOURCE_REMOVE;
}

static void
accept_by_two (ApiStation1 *proxy)
{
  static const char *const wrong = "00000000000000000000000000000000"
                                   "00000000000000000000000000000000";
  g_autofree char *user = peer_name (getuid ());
  g_autofree char *sven = people_name_here ("sven");
  g_autofree char *both = g_strdup_printf ("%s and %s", user, sven);
  g_autoptr (ApiStation1) screen = supervisor_at_screen (proxy, "sven", SVEN_BADGE);
  gboolean accepted;
  g_autofree char *fingerprint = look_at_ca (proxy, &accepted);
  g_autofree char *detail = g_strdup_printf ("SHA-256 %s", fingerprint);
  g_autoptr (GVariant) code = NULL;
  GSubprocess *device;
  GError *error = NULL;
  gint64 id;

  ck_assert (!accepted);
  ck_assert (api_station1_call_create_batch_sync (proxy, "B", batch_options (), NULL, NULL));
  assert_error (api_station1_call_set_batch_state_sync (proxy, "B", "running", NULL, &error),
                &error, "State");
  ck_assert (!api_station1_call_certify_code_sync (proxy, wrong, "", &code, NULL, &error));
  assert_error (FALSE, &error, "State");
  assert_error (api_station1_call_accept_ca_sync (proxy, wrong, NULL, &error), &error, "NotFound");
  assert_error (api_station1_call_accept_ca_sync (proxy, "x", NULL, &error), &error, "Invalid");
  id = assert_waits (api_station1_call_accept_ca_sync (proxy, fingerprint, NULL, &error), &error);
  assert_error (api_station1_call_set_batch_state_sync (proxy, "B", "running", NULL, &error),
                &error, "State");
  /* a batch that ran before a restart is there, but takes no unit */
  ck_assert (ledger_set_batch_state (station->ledger, "B", BATCH_RUNNING, "test", NULL));
  g_idle_add (resume, NULL);
  device = rig_plug (rig, "CA-1", NULL);
  wait_for_state (proxy, "waiting");
  assert_waits_for (proxy, "ca");
  ck_assert (grant (screen, id, NULL));
  people_assert_event (proxy, "ca-accept", both, "ca", detail);
  wait_for_state (proxy, "pass"); /* at once */
  rig_unplug (device);
  g_free (look_at_ca (proxy, &accepted));
  ck_assert (accepted);
}

START_TEST (a_new_ca_waits_for_two)
{
  run_client (accept_by_two);
}
END_TEST

static void
accept_itself (ApiStation1 *proxy)
{
  gboolean accepted;
  g_autofree char *fingerprint = look_at_ca (proxy, &accepted);
  g_autofree char *detail = g_strdup_printf ("SHA-256 %s", fingerprint);

  ck_assert (accepted);
  people_assert_event (proxy, "ca-accept", "station", "ca", detail);
}

START_TEST (where_nobody_is_asked_the_station_accepts)
{
  run_client (accept_itself);
}
END_TEST

static void
set_up_ca (void)
{
  visit_dual_control = "ca";
  visit_set_up ();
}

static void
set_up_all (void)
{
  visit_dual_control = "void;re-issue;ticket;clock;people";
  visit_set_up ();
}

static void
set_up_some (void)
{
  visit_dual_control = "void";
  visit_set_up ();
}

int
main (void)
{
  Suite *suite = suite_create ("station-approvals");
  TCase *cases = tcase_create ("two");
  TCase *some = tcase_create ("some");
  TCase *ca = tcase_create ("ca");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (cases, 60);
  tcase_set_timeout (some, 60);
  tcase_add_checked_fixture (cases, set_up_all, visit_tear_down);
  tcase_add_checked_fixture (some, set_up_some, visit_tear_down);
  tcase_add_test (cases, a_void_takes_two_and_is_of_both);
  tcase_add_test (cases, nobody_is_two_people);
  tcase_add_test (cases, two_badges_at_one_screen_are_two_people);
  tcase_add_test (cases, a_request_about_what_has_changed_is_closed);
  tcase_add_test (cases, a_request_can_be_refused_and_taken_back);
  tcase_add_test (cases, what_a_dismissed_supervisor_asked_for_is_refused);
  tcase_add_test (cases, nobody_makes_himself_a_second_supervisor);
  tcase_add_test (cases, an_auditor_reads_and_the_line_goes_on);
  tcase_add_test (cases, what_is_no_ticket_does_not_wait);
  tcase_add_test (cases, an_act_that_fails_says_so_and_is_over);
  tcase_add_test (cases, which_acts_need_two_is_on_record);
  tcase_add_test (some, what_is_not_named_needs_one);
  suite_add_tcase (suite, cases);
  tcase_add_test (some, where_nobody_is_asked_the_station_accepts);
  tcase_set_timeout (ca, 60);
  tcase_add_checked_fixture (ca, set_up_ca, visit_tear_down);
  tcase_add_test (ca, a_new_ca_waits_for_two);
  suite_add_tcase (suite, some);
  suite_add_tcase (suite, ca);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
