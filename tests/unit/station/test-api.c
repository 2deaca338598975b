/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The API over its real socket, with a whole station behind it. The station runs on the main
 * loop as in the daemon; the client of each test runs in a thread.
 */
#include <check.h>
#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/names.h"
#include "rig.h"
#include "station/api.h"
#include "station/station-api.h"

static Rig *rig;
static Station *station;
static Api *api;
static char *address;

static Config *
make_config (void)
{
  g_autofree char *path = rig_path (rig, "keycradle.conf");
  g_autofree char *text = g_strdup_printf (
      "[station]\nName=test-line\nMode=demo\nStateFolder=%s/state\nSocket=%s/station.sock\n"
      "ProfileFolder=%s/profiles\nAuditorGroup=nogroup\nOperatorGroup=tty\n"
      "[signer]\nSocket=%s\n[slot 1]\nPort=%s/port\n[slot 2]\n",
      rig->folder, rig->folder, rig->folder, rig->socket, rig->folder);
  g_autoptr (GError) error = NULL;
  Config *config;

  ck_assert (g_file_set_contents (path, text, -1, NULL));
  config = config_load (path, &error);
  ck_assert_msg (config != NULL, "%s", error != NULL ? error->message : "");
  return config;
}

static void
set_up (void)
{
  g_autoptr (GError) error = NULL;

  rig = rig_new (NULL, NULL);
  g_chmod (rig->folder, 0755);
  station = station_new (make_config (), &error);
  ck_assert_msg (station != NULL, "%s", error != NULL ? error->message : "");
  api = api_new (station, &error);
  ck_assert_msg (api != NULL, "%s", error != NULL ? error->message : "");
  address = g_strdup_printf ("unix:path=%s/station.sock", rig->folder);
  station_start (station);
}

static void
quit (gpointer data)
{
  g_main_loop_quit (data);
}

static void
tear_down (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  station_stop (station, quit, loop);
  g_main_loop_run (loop);
  api_free (api);
  station_free (station);
  rig_free (rig);
  g_free (address);
}

/* ---- clients ---- */

typedef void (*Client) (ApiStation1 *proxy);

typedef struct {
  Client client;
  GMainLoop *loop;
} Visit;

static ApiStation1 *
connect_proxy (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) connection = g_dbus_connection_new_for_address_sync (
      address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL, NULL, &error);
  ApiStation1 *proxy;

  ck_assert_msg (connection != NULL, "%s", error != NULL ? error->message : "");
  proxy = api_station1_proxy_new_sync (connection, G_DBUS_PROXY_FLAGS_NONE, NULL,
                                       STATION_OBJECT_PATH, NULL, &error);
  ck_assert_msg (proxy != NULL, "%s", error != NULL ? error->message : "");
  return proxy;
}

static gpointer
visit_main (gpointer data)
{
  Visit *visit = data;
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  {
    g_autoptr (ApiStation1) proxy = connect_proxy ();

    visit->client (proxy);
  }
  while (g_main_context_iteration (context, FALSE)) /* the proxy's last words */
    ;
  g_main_context_pop_thread_default (context);
  g_main_loop_quit (visit->loop);
  return NULL;
}

static void
run_client (Client client)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Visit visit = { client, loop };
  GThread *thread = g_thread_new ("client", visit_main, &visit);

  g_main_loop_run (loop);
  g_thread_join (thread);
}

/* `done` tells that the call succeeded; it must not, and its error must be called `name`. */
static void
assert_error (gboolean done, GError **error, const char *name)
{
  g_autofree char *full = g_strconcat ("org.keycradle.Error.", name, NULL);
  g_autofree char *remote = NULL;

  ck_assert (!done);
  remote = g_dbus_error_get_remote_error (*error);
  ck_assert_msg (g_strcmp0 (remote, full) == 0, "%s: %s", remote, (*error)->message);
  g_clear_error (error);
}

static GVariant *
batch_options (void)
{
  GVariantDict options;

  g_variant_dict_init (&options, NULL);
  g_variant_dict_insert (&options, "profile", "s", "demo");
  g_variant_dict_insert (&options, "product", "s", "Gadget");
  g_variant_dict_insert (&options, "target", "u", 5);
  return g_variant_dict_end (&options);
}

static void
start_batch (ApiStation1 *proxy, const char *name)
{
  ck_assert (api_station1_call_create_batch_sync (proxy, name, batch_options (), NULL, NULL));
  ck_assert (api_station1_call_set_batch_state_sync (proxy, name, "running", NULL, NULL));
}

/* Calls ListSlots until the first slot is in `state`; Check's timeout ends a wait in vain. */
static void
wait_for_state (ApiStation1 *proxy, const char *state)
{
  for (gboolean there = FALSE; !there;) {
    g_autoptr (GVariant) slots = NULL;
    g_autoptr (GVariant) slot = NULL;
    const char *now;

    ck_assert (api_station1_call_list_slots_sync (proxy, &slots, NULL, NULL));
    slot = g_variant_get_child_value (slots, 0);
    ck_assert (g_variant_lookup (slot, "state", "&s", &now));
    there = g_str_equal (now, state);
  }
}

static GVariant *
no_filter (void)
{
  return g_variant_new ("a{sv}", NULL);
}

/* ---- tests ---- */

static void
ask_status (ApiStation1 *proxy)
{
  g_autoptr (GVariant) status = NULL;
  g_autoptr (GVariant) ca = NULL;
  const char *name;
  gboolean reachable, demo;
  guint slots;

  ck_assert (api_station1_call_get_status_sync (proxy, &status, NULL, NULL));
  ck_assert (g_variant_lookup (status, "station", "&s", &name));
  ck_assert_str_eq (name, "test-line");
  ck_assert (g_variant_lookup (status, "slots", "u", &slots));
  ck_assert_uint_eq (slots, 2);
  ck_assert (g_variant_lookup (status, "ca", "@a{sv}", &ca));
  ck_assert (g_variant_lookup (ca, "reachable", "b", &reachable) && reachable);
  ck_assert (g_variant_lookup (ca, "demo", "b", &demo) && demo);
}

START_TEST (the_status_tells_of_station_and_ca)
{
  run_client (ask_status);
}
END_TEST

static void
make_mistakes (ApiStation1 *proxy)
{
  GError *error = NULL;
  GVariantDict options;
  g_autoptr (GVariant) record = NULL;

  assert_error (api_station1_call_get_batch_sync (proxy, "none", &record, NULL, &error), &error,
                "NotFound");
  assert_error (api_station1_call_start_slot_sync (proxy, 9, NULL, &error), &error, "NotFound");
  assert_error (api_station1_call_start_slot_sync (proxy, 1, NULL, &error), &error, "State");
  g_variant_dict_init (&options, NULL);
  g_variant_dict_insert (&options, "profile", "s", "no-such");
  assert_error (
      api_station1_call_create_batch_sync (proxy, "X", g_variant_dict_end (&options), NULL, &error),
      &error, "Invalid");
  g_variant_dict_init (&options, NULL);
  g_variant_dict_insert (&options, "profile", "s", "demo");
  g_variant_dict_insert (&options, "traget", "u", 5);
  assert_error (
      api_station1_call_create_batch_sync (proxy, "X", g_variant_dict_end (&options), NULL, &error),
      &error, "Invalid");
  assert_error (api_station1_call_set_batch_state_sync (proxy, "X", "begun", NULL, &error), &error,
                "Invalid");
  assert_error (api_station1_call_get_device_sync (proxy, "X", &record, NULL, &error), &error,
                "NotFound");
}

START_TEST (each_mistake_has_its_error)
{
  run_client (make_mistakes);
}
END_TEST

static void
start_two_batches (ApiStation1 *proxy)
{
  GError *error = NULL;

  start_batch (proxy, "FIRST");
  ck_assert (api_station1_call_create_batch_sync (proxy, "SECOND", batch_options (), NULL, NULL));
  assert_error (api_station1_call_set_batch_state_sync (proxy, "SECOND", "running", NULL, &error),
                &error, "State");
  ck_assert (api_station1_call_set_batch_state_sync (proxy, "FIRST", "paused", NULL, NULL));
  ck_assert (api_station1_call_set_batch_state_sync (proxy, "SECOND", "running", NULL, NULL));
}

START_TEST (one_batch_runs_at_a_time)
{
  run_client (start_two_batches);
}
END_TEST

static void
count_signal (ApiStation1 *proxy, GVariant *record, gpointer data)
{
  ++*(guint *)data;
}

/* Appends the state that a SlotChanged tells, where it is another than the one before. */
static void
note_state (ApiStation1 *proxy, GVariant *record, GString *states)
{
  const char *state;

  ck_assert (g_variant_lookup (record, "state", "&s", &state));
  if (!g_str_has_suffix (states->str, state))
    g_string_append_printf (states, " %s", state);
}

static void
provision_one (ApiStation1 *proxy)
{
  GSubprocess *device = rig_plug (rig, "API-1", NULL);
  guint attempt_signals = 0;
  g_autoptr (GString) states = g_string_new (NULL);
  g_autoptr (GVariant) attempts = NULL;
  g_autoptr (GVariant) attempt = NULL;
  g_autoptr (GVariant) shown = NULL;
  g_autoptr (GVariant) certificate = NULL;
  const char *text;
  gint64 id;

  wait_for_state (proxy, "waiting");
  g_signal_connect (proxy, "slot-changed", G_CALLBACK (note_state), states);
  g_signal_connect (proxy, "attempt-ended", G_CALLBACK (count_signal), &attempt_signals);
  start_batch (proxy, "WORK");
  while (!g_str_has_suffix (states->str, "pass"))
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
  ck_assert_uint_eq (attempt_signals, 1);
  ck_assert (g_str_has_suffix (states->str, " working pass"));

  ck_assert (api_station1_call_list_attempts_sync (proxy, no_filter (), &attempts, NULL, NULL));
  ck_assert_uint_eq (g_variant_n_children (attempts), 1);
  attempt = g_variant_get_child_value (attempts, 0);
  ck_assert (g_variant_lookup (attempt, "result", "&s", &text));
  ck_assert_str_eq (text, "passed");
  ck_assert (g_variant_lookup (attempt, "id", "x", &id));
  ck_assert (api_station1_call_get_attempt_sync (proxy, id, &shown, NULL, NULL));
  ck_assert (g_variant_lookup (shown, "transcript", "&s", &text));
  ck_assert (strstr (text, "# nonce ") != NULL);
  ck_assert (api_station1_call_get_certificate_sync (proxy, "API-1", &certificate, NULL, NULL));
  ck_assert (g_variant_lookup (certificate, "pem", "&s", &text));
  ck_assert (g_str_has_prefix (text, "-----BEGIN CERTIFICATE-----\n"));
  rig_unplug (device);
  wait_for_state (proxy, "empty");
}

START_TEST (a_device_that_waits_is_provisioned_when_its_batch_starts)
{
  run_client (provision_one);
}
END_TEST

static void
export_and_verify (ApiStation1 *proxy)
{
  GSubprocess *device = rig_plug (rig, "API-2", NULL);
  g_autofree char *path = rig_path (rig, "manifest.jsonl");
  g_autoptr (GUnixFDList) files = g_unix_fd_list_new ();
  g_autoptr (GVariant) summary = NULL;
  g_autoptr (GVariant) verdict = NULL;
  g_autoptr (GError) error = NULL;
  guint64 rows, bytes;
  gboolean genuine;
  int file = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), handle;

  start_batch (proxy, "OUT");
  wait_for_state (proxy, "pass");
  handle = g_unix_fd_list_append (files, file, NULL);
  ck_assert_msg (api_station1_call_export_sync (
                     proxy, "jsonl", "OUT", g_variant_new ("a{sv}", NULL),
                     g_variant_new_handle (handle), files, &summary, NULL, NULL, &error),
                 "%s", error != NULL ? error->message : "");
  ck_assert (g_variant_lookup (summary, "rows", "t", &rows) && rows == 1);
  ck_assert (g_variant_lookup (summary, "bytes", "t", &bytes));
  ck_assert_uint_eq (bytes, (guint64)lseek (file, 0, SEEK_END));
  ck_assert_int_eq (lseek (file, 0, SEEK_SET), 0);
  ck_assert (api_station1_call_verify_manifest_sync (proxy, g_variant_new_handle (handle), files,
                                                     &verdict, NULL, NULL, NULL));
  ck_assert (g_variant_lookup (verdict, "genuine", "b", &genuine) && genuine);
  close (file);
  rig_unplug (device);
}

START_TEST (a_manifest_flows_into_the_clients_file)
{
  run_client (export_and_verify);
}
END_TEST

static void
disable_and_enable (ApiStation1 *proxy)
{
  GError *error = NULL;
  g_autoptr (GVariant) events = NULL;
  g_autoptr (GVariant) event = NULL;
  const char *kind;

  ck_assert (api_station1_call_set_slot_enabled_sync (proxy, 1, FALSE, "bent pin", NULL, NULL));
  wait_for_state (proxy, "disabled");
  assert_error (api_station1_call_start_slot_sync (proxy, 1, NULL, &error), &error, "State");
  ck_assert (api_station1_call_list_events_sync (proxy, 1, &events, NULL, NULL));
  event = g_variant_get_child_value (events, 0);
  ck_assert (g_variant_lookup (event, "kind", "&s", &kind));
  ck_assert_str_eq (kind, "slot-disable");
  ck_assert (api_station1_call_set_slot_enabled_sync (proxy, 1, TRUE, "", NULL, NULL));
  wait_for_state (proxy, "empty");
}

START_TEST (a_slot_is_disabled_on_record)
{
  run_client (disable_and_enable);
}
END_TEST

static void
greet_bus (ApiStation1 *proxy)
{
  GDBusConnection *connection = g_dbus_proxy_get_connection (G_DBUS_PROXY (proxy));
  g_autoptr (GVariant) answer = g_dbus_connection_call_sync (
      connection, NULL, "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello", NULL,
      G_VARIANT_TYPE ("(s)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);

  ck_assert_ptr_nonnull (answer);
}

START_TEST (tools_made_for_a_bus_are_greeted)
{
  run_client (greet_bus);
}
END_TEST

/* In a child that is somebody else: 0 where all went as it must. */
static int
visit_as (uid_t uid, gid_t gid, gboolean let_in)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) connection = NULL;
  g_autoptr (GVariant) answer = NULL;
  g_autofree char *remote = NULL;

  if (setgroups (0, NULL) != 0 || setgid (gid) != 0 || setuid (uid) != 0)
    return 1;
  connection = g_dbus_connection_new_for_address_sync (
      address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL, NULL, &error);
  if (!let_in)
    return connection == NULL ? 0 : 2;
  if (connection == NULL)
    return 3;
  answer =
      g_dbus_connection_call_sync (connection, NULL, STATION_OBJECT_PATH, "org.keycradle.Station1",
                                   "ListSlots", NULL, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
  if (answer == NULL)
    return 4;
  g_clear_pointer (&answer, g_variant_unref);
  answer = g_dbus_connection_call_sync (
      connection, NULL, STATION_OBJECT_PATH, "org.keycradle.Station1", "SetBatchState",
      g_variant_new ("(ss)", "B", "paused"), NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  if (answer != NULL)
    return 5;
  remote = g_dbus_error_get_remote_error (error);
  if (g_strcmp0 (remote, "org.keycradle.Error.NotPermitted") != 0)
    return 6;
  return strstr (error->message, "supervisor (group keycradle-supervisor)") != NULL ? 0 : 7;
}

static void
handle_exit (GPid pid, int status, gpointer data)
{
  *(int *)data = status;
}

/* Forked before there is a client thread; the station answers meanwhile. */
static void
assert_visit (uid_t uid, gid_t gid, gboolean let_in)
{
  int status = -1;
  pid_t pid = fork ();

  if (pid == 0)
    _exit (visit_as (uid, gid, let_in));
  g_child_watch_add (pid, handle_exit, &status);
  while (status == -1)
    g_main_context_iteration (NULL, TRUE);
  ck_assert_msg (status == 0, "the visitor ended with %d", WEXITSTATUS (status));
}

START_TEST (an_auditor_reads_and_is_told_who_may_do_more)
{
  if (getuid () == 0)
    assert_visit (65534, 65534, TRUE);
}
END_TEST

START_TEST (a_stranger_is_turned_away)
{
  if (getuid () == 0)
    assert_visit (54321, 54321, FALSE);
}
END_TEST

START_TEST (a_second_daemon_leaves_the_first_alone)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Station) second = station_new (make_config (), &error);

  ck_assert_ptr_null (second);
  ck_assert (strstr (error->message, "another keycradled") != NULL);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("station-api");
  TCase *cases = tcase_create ("all");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (cases, 60);
  tcase_add_checked_fixture (cases, set_up, tear_down);
  tcase_add_test (cases, the_status_tells_of_station_and_ca);
  tcase_add_test (cases, each_mistake_has_its_error);
  tcase_add_test (cases, one_batch_runs_at_a_time);
  tcase_add_test (cases, a_device_that_waits_is_provisioned_when_its_batch_starts);
  tcase_add_test (cases, a_manifest_flows_into_the_clients_file);
  tcase_add_test (cases, a_slot_is_disabled_on_record);
  tcase_add_test (cases, tools_made_for_a_bus_are_greeted);
  tcase_add_test (cases, an_auditor_reads_and_is_told_who_may_do_more);
  tcase_add_test (cases, a_stranger_is_turned_away);
  tcase_add_test (cases, a_second_daemon_leaves_the_first_alone);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
