/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * People at the line, over the real socket: badges, roles that are given up and lent, and whose
 * name is on what was done.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "people.h"
#include "station/roles.h"

#define MEI_BADGE "BADGE-MEI-58291"
#define SVEN_BADGE "BADGE-SVEN-77120"
#define SVEN_PIN "40375912"
#define REFUSAL "This badge is not known here, or it may not do this."

/* ---- words ---- */

/* Something that only a supervisor may. */
static gboolean
act (ApiStation1 *proxy, const char *reason, GError **error)
{
  return api_station1_call_set_slot_enabled_sync (proxy, 2, FALSE, reason, NULL, error);
}

/* A text of the status, or NULL. Free with g_free(). */
static char *
status_text (ApiStation1 *proxy, const char *key)
{
  g_autoptr (GVariant) status = NULL;
  char *text = NULL;

  ck_assert (api_station1_call_get_status_sync (proxy, &status, NULL, NULL));
  g_variant_lookup (status, key, "s", &text);
  return text;
}

static void
assert_status (ApiStation1 *proxy, const char *key, const char *expected)
{
  g_autofree char *text = status_text (proxy, key);

  ck_assert_msg (g_strcmp0 (text, expected) == 0, "%s: %s, not %s", key, text, expected);
}

/* ---- badges ---- */

static gboolean
file_holds (const char *path, const char *secret)
{
  g_autofree char *data = NULL;
  gsize length;

  return g_file_get_contents (path, &data, &length, NULL)
         && memmem (data, length, secret, strlen (secret)) != NULL;
}

static void
keep_digests (ApiStation1 *proxy)
{
  static const char *const files[] = { "state/station.db", "state/station.db-wal" };
  static const char *const secrets[] = { MEI_BADGE, SVEN_BADGE, SVEN_PIN };
  gboolean name_found = FALSE;

  people_add (proxy, "mei", "operator", MEI_BADGE, NULL);
  people_add (proxy, "sven", "supervisor", SVEN_BADGE, SVEN_PIN);
  ck_assert (people_sign_in (proxy, MEI_BADGE, NULL));
  ck_assert (people_authorize (proxy, SVEN_BADGE, SVEN_PIN, 5, NULL));
  ck_assert (!people_authorize (proxy, SVEN_BADGE, "wrong" SVEN_PIN, 5, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autofree char *path = rig_path (rig, files[i]);

    name_found |= file_holds (path, "sven");
    for (guint s = 0; s < G_N_ELEMENTS (secrets); s++)
      ck_assert_msg (!file_holds (path, secrets[s]), "%s is in %s", secrets[s], path);
  }
  ck_assert (name_found);
}

START_TEST (neither_badge_nor_pin_is_in_the_ledger)
{
  run_client (keep_digests);
}
END_TEST

static void
refuse_additions (ApiStation1 *proxy)
{
  g_autofree char *long_badge = g_strnfill (65, 'x');
  g_autofree char *longest_badge = g_strnfill (64, 'x');
  GError *error = NULL;

  assert_error (people_try_add (proxy, "a", "boss", "B1", NULL, &error), &error, "Invalid");
  assert_error (people_try_add (proxy, "a", "operator", NULL, NULL, &error), &error, "Invalid");
  assert_error (people_try_add (proxy, "a", "operator", "", NULL, &error), &error, "Invalid");
  assert_error (people_try_add (proxy, "a", "operator", long_badge, NULL, &error), &error,
                "Invalid");
  assert_error (people_try_add (proxy, "a", "operator", "B1", "123", &error), &error, "Invalid");
  assert_error (people_try_add (proxy, "no name", "operator", "B1", NULL, &error), &error,
                "Invalid");
  people_add (proxy, "a", "operator", longest_badge, "1234");
  assert_error (people_try_add (proxy, "a", "operator", "B2", NULL, &error), &error, "Invalid");
  assert_error (people_try_add (proxy, "b", "operator", longest_badge, NULL, &error), &error,
                "Invalid");
  assert_error (api_station1_call_set_operator_enabled_sync (proxy, "c", FALSE, NULL, &error),
                &error, "NotFound");
}

START_TEST (operators_that_can_not_be_are_refused)
{
  run_client (refuse_additions);
}
END_TEST

static void
list_operators (ApiStation1 *proxy)
{
  g_autoptr (GVariant) list = NULL;
  g_autoptr (GVariant) first = NULL;
  g_autofree char *text = NULL;
  const char *name, *role, *language;
  gboolean enabled, pin;

  people_add (proxy, "sven", "supervisor", SVEN_BADGE, SVEN_PIN);
  people_add (proxy, "mei", "operator", MEI_BADGE, NULL);
  ck_assert (api_station1_call_list_operators_sync (proxy, &list, NULL, NULL));
  ck_assert_uint_eq (g_variant_n_children (list), 2);
  first = g_variant_get_child_value (list, 1);
  ck_assert (g_variant_lookup (first, "name", "&s", &name));
  ck_assert (g_variant_lookup (first, "role", "&s", &role));
  ck_assert (g_variant_lookup (first, "language", "&s", &language));
  ck_assert (g_variant_lookup (first, "enabled", "b", &enabled) && enabled);
  ck_assert (g_variant_lookup (first, "pin", "b", &pin) && pin);
  ck_assert_str_eq (name, "sven");
  ck_assert_str_eq (role, "supervisor");
  ck_assert_str_eq (language, "de");
  text = g_variant_print (list, FALSE); /* no digest either */
  ck_assert (strstr (text, "digest") == NULL && strstr (text, MEI_BADGE) == NULL);
}

START_TEST (operators_are_listed_without_their_secrets)
{
  run_client (list_operators);
}
END_TEST

static void
assert_refusal (gboolean done, GError **error)
{
  ck_assert (!done);
  ck_assert_msg (strstr ((*error)->message, REFUSAL) != NULL, "%s", (*error)->message);
  assert_error (done, error, "NotPermitted");
}

static void
read_the_same (ApiStation1 *proxy)
{
  GError *error = NULL;

  people_add (proxy, "mei", "operator", MEI_BADGE, NULL);
  people_add (proxy, "sven", "supervisor", SVEN_BADGE, SVEN_PIN);
  assert_refusal (people_sign_in (proxy, "UNKNOWN-BADGE", &error), &error);
  ck_assert (api_station1_call_set_operator_enabled_sync (proxy, "mei", FALSE, NULL, NULL));
  assert_refusal (people_sign_in (proxy, MEI_BADGE, &error), &error);
  assert_refusal (people_authorize (proxy, SVEN_BADGE, "0000", 5, &error), &error);
  assert_refusal (people_authorize (proxy, MEI_BADGE, "", 5, &error), &error);
  assert_refusal (people_authorize (proxy, "", "", 5, &error), &error);
}

START_TEST (unknown_disabled_and_wrong_read_the_same)
{
  run_client (read_the_same);
}
END_TEST

static gint64
time_of_refusal (ApiStation1 *proxy)
{
  const gint64 begin = g_get_monotonic_time ();
  GError *error = NULL;

  assert_refusal (people_sign_in (proxy, "GUESSED-BADGE", &error), &error);
  return g_get_monotonic_time () - begin;
}

static void
guess (ApiStation1 *proxy)
{
  g_autofree char *path = rig_path (rig, "state/station.db-wal");
  g_autofree char *mei = people_name_here ("mei");
  gint64 begin;

  people_add (proxy, "mei", "operator", MEI_BADGE, NULL);
  for (guint i = 0; i < 3; i++)
    time_of_refusal (proxy);
  ck_assert_int_ge (time_of_refusal (proxy), 900 * G_TIME_SPAN_MILLISECOND);
  begin = g_get_monotonic_time ();
  ck_assert (people_sign_in (proxy, MEI_BADGE, NULL)); /* slowed down too, but not refused */
  ck_assert_int_ge (g_get_monotonic_time () - begin, 1500 * G_TIME_SPAN_MILLISECOND);
  ck_assert_int_ge (time_of_refusal (proxy), 0);
  ck_assert_int_ge (time_of_refusal (proxy), 2500 * G_TIME_SPAN_MILLISECOND);
  people_assert_event (proxy, "sign-in-refused", mei, "sign-in", "");
  ck_assert (!file_holds (path, "GUESSED-BADGE"));
}

START_TEST (who_guesses_is_slowed_down_and_on_record)
{
  run_client (guess);
}
END_TEST

/* ---- who works at the line ---- */

static void
note_operator (ApiStation1 *proxy, GVariant *status, gpointer data)
{
  char **told = data;

  ck_assert (!g_variant_lookup (status, "role", "s", NULL)); /* is of one connection */
  g_clear_pointer (told, g_free);
  if (!g_variant_lookup (status, "operator", "s", told))
    *told = g_strdup ("nobody");
}

static void
wait_for_operator (char **told, const char *name)
{
  while (g_strcmp0 (*told, name) != 0)
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
}

static void
work_at_the_line (ApiStation1 *proxy)
{
  g_autofree char *told = NULL;
  g_autofree char *mei = people_name_here ("mei");
  g_autofree char *user = peer_name (getuid ());

  g_signal_connect (proxy, "status-changed", G_CALLBACK (note_operator), &told);
  people_add (proxy, "mei", "operator", MEI_BADGE, NULL);
  assert_status (proxy, "operator", NULL);
  ck_assert (people_sign_in (proxy, MEI_BADGE, NULL));
  wait_for_operator (&told, "mei");
  assert_status (proxy, "operator", "mei");
  assert_status (proxy, "operator-language", "de");
  people_assert_event (proxy, "sign-in", user, "mei", "");
  ck_assert (api_station1_call_sign_out_sync (proxy, NULL, NULL));
  wait_for_operator (&told, "nobody");
  assert_status (proxy, "operator", NULL);
  people_assert_event (proxy, "sign-out", mei, "mei", "");
}

START_TEST (a_sign_in_is_shown_told_and_on_record)
{
  run_client (work_at_the_line);
}
END_TEST

static void
assert_attempt (ApiStation1 *proxy, const char *who)
{
  g_autoptr (GVariant) attempts = NULL;
  g_autoptr (GVariant) attempt = NULL;
  g_autofree char *name = NULL;

  ck_assert (api_station1_call_list_attempts_sync (proxy, no_filter (), &attempts, NULL, NULL));
  attempt = g_variant_get_child_value (attempts, 0);
  g_variant_lookup (attempt, "operator", "s", &name);
  ck_assert_msg (g_strcmp0 (name, who) == 0, "%s, not %s", name, who);
}

static void
attribute (ApiStation1 *proxy)
{
  g_autoptr (ApiStation1) other = visit_connect ();
  g_autofree char *mei = people_name_here ("mei");
  g_autofree char *user = peer_name (getuid ());
  GSubprocess *device;

  people_add (proxy, "mei", "operator", MEI_BADGE, NULL);
  start_batch (proxy, "B1");
  device = rig_plug (rig, "OP-1", NULL);
  wait_for_state (proxy, "pass");
  assert_attempt (proxy, NULL);
  rig_unplug (device);
  wait_for_state (proxy, "empty");

  ck_assert (people_sign_in (proxy, MEI_BADGE, NULL));
  device = rig_plug (rig, "OP-2", NULL);
  wait_for_state (proxy, "pass");
  assert_attempt (proxy, "mei");
  rig_unplug (device);

  ck_assert (act (proxy, "by mei", NULL));
  people_assert_event (proxy, "slot-disable", mei, "slot 2", "by mei");
  ck_assert (act (other, "by another", NULL));
  people_assert_event (proxy, "slot-disable", user, "slot 2", "by another");
}

START_TEST (attempts_and_acts_carry_the_operator)
{
  run_client (attribute);
}
END_TEST

/* ---- roles ---- */

static void
lend_a_role (ApiStation1 *proxy)
{
  g_autoptr (ApiStation1) screen = visit_connect ();
  g_autofree char *sven = people_name_here ("sven");
  g_autofree char *user = peer_name (getuid ());
  GError *error = NULL;

  people_add (proxy, "sven", "supervisor", SVEN_BADGE, SVEN_PIN);
  people_limit (screen);
  assert_status (screen, "role", "operator");
  assert_status (proxy, "role", "supervisor");
  assert_error (act (screen, "no", &error), &error, "NotPermitted");
  ck_assert (act (proxy, "the other connection may", NULL));
  ck_assert (api_station1_call_limit_role_sync (screen, "auditor", NULL, NULL));
  people_limit (screen); /* raises nothing */
  assert_status (screen, "role", "auditor");
  ck_assert (people_authorize (screen, SVEN_BADGE, SVEN_PIN, 300, NULL));
  assert_status (screen, "role", "supervisor");
  assert_status (screen, "authorized", "sven");
  assert_status (proxy, "authorized", NULL);
  people_assert_event (proxy, "authorize", user, "sven", "for 300 s");
  ck_assert (act (screen, "lent", NULL));
  people_assert_event (proxy, "slot-disable", sven, "slot 2", "lent");
  ck_assert (api_station1_call_deauthorize_sync (screen, NULL, NULL));
  assert_error (act (screen, "no", &error), &error, "NotPermitted");
}

START_TEST (a_supervisor_lends_a_role_to_one_connection)
{
  run_client (lend_a_role);
}
END_TEST

static void
expire (ApiStation1 *proxy)
{
  GError *error = NULL;
  gint64 until;
  g_autoptr (GVariant) status = NULL;

  people_add (proxy, "sven", "supervisor", SVEN_BADGE, NULL);
  people_limit (proxy);
  assert_error (people_authorize (proxy, SVEN_BADGE, "", 0, &error), &error, "Invalid");
  assert_error (people_authorize (proxy, SVEN_BADGE, "", 301, &error), &error, "Invalid");
  ck_assert (people_authorize (proxy, SVEN_BADGE, "", 2, NULL));
  ck_assert (act (proxy, "in time", NULL));
  ck_assert (api_station1_call_get_status_sync (proxy, &status, NULL, NULL));
  ck_assert (g_variant_lookup (status, "authorized-until", "x", &until));
  ck_assert_int_le (until, g_get_real_time () + 2 * G_TIME_SPAN_SECOND);
  ck_assert_int_gt (until, g_get_real_time () - 2 * G_TIME_SPAN_SECOND);
  g_usleep (2100 * 1000);
  assert_status (proxy, "role", "operator");
  assert_error (act (proxy, "too late", &error), &error, "NotPermitted");
}

START_TEST (a_role_that_was_lent_expires)
{
  run_client (expire);
}
END_TEST

static void
dismiss_supervisor (ApiStation1 *proxy)
{
  g_autoptr (ApiStation1) screen = visit_connect ();
  GError *error = NULL;

  people_add (proxy, "sven", "supervisor", SVEN_BADGE, NULL);
  people_limit (screen);
  ck_assert (people_sign_in (screen, SVEN_BADGE, NULL));
  ck_assert (people_authorize (screen, SVEN_BADGE, "", 300, NULL));
  ck_assert (api_station1_call_set_operator_enabled_sync (proxy, "sven", FALSE, NULL, NULL));
  assert_status (screen, "operator", NULL);
  assert_error (act (screen, "no", &error), &error, "NotPermitted");
}

START_TEST (who_is_disabled_is_signed_out_and_lends_nothing)
{
  run_client (dismiss_supervisor);
}
END_TEST

static void
begin_without_badges (ApiStation1 *proxy)
{
  GError *error = NULL;

  people_limit (proxy);
  assert_error (act (proxy, "no", &error), &error, "NotPermitted");
  ck_assert (people_authorize (proxy, "", "", 5, NULL)); /* nobody has a badge, and this user may */
  people_add (proxy, "mei", "operator", MEI_BADGE, NULL);
  ck_assert (people_authorize (proxy, "", "", 5, NULL));
  people_add (proxy, "sven", "supervisor", SVEN_BADGE, NULL);
  assert_refusal (people_authorize (proxy, "", "", 5, &error), &error);
}

START_TEST (without_badges_a_supervisor_needs_none)
{
  run_client (begin_without_badges);
}
END_TEST

static void
start_but_not_pause (ApiStation1 *proxy)
{
  GError *error = NULL;

  ck_assert (api_station1_call_create_batch_sync (proxy, "B1", batch_options (), NULL, NULL));
  people_limit (proxy);
  ck_assert (api_station1_call_set_batch_state_sync (proxy, "B1", "running", NULL, NULL));
  assert_error (api_station1_call_set_batch_state_sync (proxy, "B1", "paused", NULL, &error),
                &error, "NotPermitted");
  assert_error (api_station1_call_set_batch_state_sync (proxy, "B1", "closed", NULL, &error),
                &error, "NotPermitted");
  assert_error (api_station1_call_create_batch_sync (proxy, "B2", batch_options (), NULL, &error),
                &error, "NotPermitted");
  assert_error (api_station1_call_void_device_sync (proxy, "X", "why", NULL, &error), &error,
                "NotPermitted");
}

START_TEST (an_operator_starts_a_batch_and_pauses_none)
{
  run_client (start_but_not_pause);
}
END_TEST

static gpointer
hammer (gpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  for (guint i = 0; i < 200; i++) {
    g_autoptr (GError) error = NULL;

    if (!act (data, "hammered", &error))
      ck_assert (strstr (error->message, "needs the role") != NULL);
  }
  g_main_context_pop_thread_default (context);
  return NULL;
}

/* Roles are judged in another thread while they change; a thread sanitizer looks at this. */
static void
change_while_judged (ApiStation1 *proxy)
{
  g_autoptr (ApiStation1) admin = visit_connect ();
  GThread *thread;
  GError *error = NULL;

  people_add (admin, "sven", "supervisor", SVEN_BADGE, NULL);
  people_limit (proxy);
  thread = g_thread_new ("hammer", hammer, proxy);
  for (guint i = 0; i < 5; i++) {
    ck_assert (people_authorize (proxy, SVEN_BADGE, "", 5, NULL));
    ck_assert (api_station1_call_deauthorize_sync (proxy, NULL, NULL));
  }
  g_thread_join (thread);
  assert_error (act (proxy, "no", &error), &error, "NotPermitted");
}

START_TEST (roles_change_while_calls_are_judged)
{
  run_client (change_while_judged);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("station-operators");
  TCase *cases = tcase_create ("all");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (cases, 60);
  tcase_add_checked_fixture (cases, visit_set_up, visit_tear_down);
  tcase_add_test (cases, neither_badge_nor_pin_is_in_the_ledger);
  tcase_add_test (cases, operators_that_can_not_be_are_refused);
  tcase_add_test (cases, operators_are_listed_without_their_secrets);
  tcase_add_test (cases, unknown_disabled_and_wrong_read_the_same);
  tcase_add_test (cases, who_guesses_is_slowed_down_and_on_record);
  tcase_add_test (cases, a_sign_in_is_shown_told_and_on_record);
  tcase_add_test (cases, attempts_and_acts_carry_the_operator);
  tcase_add_test (cases, a_supervisor_lends_a_role_to_one_connection);
  tcase_add_test (cases, a_role_that_was_lent_expires);
  tcase_add_test (cases, who_is_disabled_is_signed_out_and_lends_nothing);
  tcase_add_test (cases, without_badges_a_supervisor_needs_none);
  tcase_add_test (cases, an_operator_starts_a_batch_and_pauses_none);
  tcase_add_test (cases, roles_change_while_calls_are_judged);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
