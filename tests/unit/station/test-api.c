/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The API over its real socket, with a whole station behind it.
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
#include "station/roles.h"
#include "visit.h"

/* ---- tests ---- */

static void
assert_health (GVariant *status)
{
  g_autofree char *user = peer_name (getuid ());
  const char *text;
  guint64 available, size;
  guint operators;

  ck_assert (g_variant_lookup (status, "user", "&s", &text));
  ck_assert_str_eq (text, user);
  ck_assert (g_variant_lookup (status, "role", "&s", &text));
  ck_assert_str_eq (text, "supervisor");
  ck_assert (g_variant_lookup (status, "operators", "u", &operators));
  ck_assert_uint_eq (operators, 0);
  ck_assert (g_variant_lookup (status, "disk-free", "t", &available));
  ck_assert (g_variant_lookup (status, "disk-size", "t", &size));
  ck_assert (available > 0 && available <= size);
  ck_assert (g_variant_lookup (status, "clock", "&s", &text));
}

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
  assert_health (status);
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

/* Every step once, in its order, and time goes on. */
static void
assert_steps (GVariant *attempt)
{
  g_autoptr (GVariant) steps = g_variant_lookup_value (attempt, "steps", NULL);
  gint64 before = 0;

  ck_assert_ptr_nonnull (steps);
  ck_assert_uint_eq (g_variant_n_children (steps), N_STEPS - 1); /* the profile locks nothing */
  for (gsize i = 0; i < g_variant_n_children (steps); i++) {
    g_autoptr (GVariant) step = g_variant_get_child_value (steps, i);
    const char *word;
    gint64 at;

    ck_assert (g_variant_lookup (step, "step", "&s", &word));
    ck_assert (g_variant_lookup (step, "at", "x", &at));
    ck_assert_str_eq (word, step_word ((Step)(i < STEP_LOCK ? i : STEP_RECORD)));
    ck_assert_int_ge (at, before);
    ck_assert_int_lt (g_get_real_time () - at, 60 * G_TIME_SPAN_SECOND);
    before = at;
  }
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
  assert_steps (shown);
  ck_assert (api_station1_call_get_certificate_sync (proxy, "API-1", &certificate, NULL, NULL));
  ck_assert (g_variant_lookup (certificate, "pem", "&s", &text));
  ck_assert (g_str_has_prefix (text, "-----BEGIN CERTIFICATE-----\n"));
  ck_assert (g_variant_lookup (certificate, "issuer", "&s", &text));
  ck_assert (strstr (text, "NOT FOR PRODUCTION") != NULL);
  ck_assert (g_variant_lookup (certificate, "key", "&s", &text));
  ck_assert_str_eq (text, "EC P-256");
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

static guint64
export_rows (ApiStation1 *proxy, gboolean new_only, gboolean confirmed)
{
  g_autofree char *path = rig_path (rig, "rows.jsonl");
  g_autoptr (GUnixFDList) files = g_unix_fd_list_new ();
  g_autoptr (GVariant) summary = NULL;
  g_autoptr (GError) error = NULL;
  GVariantDict options;
  guint64 rows;
  gint64 id;
  int file = open (path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  int handle = g_unix_fd_list_append (files, file, NULL);

  close (file);
  g_variant_dict_init (&options, NULL);
  g_variant_dict_insert (&options, "new-only", "b", new_only);
  ck_assert_msg (api_station1_call_export_sync (
                     proxy, "jsonl", "NEW", g_variant_dict_end (&options),
                     g_variant_new_handle (handle), files, &summary, NULL, NULL, &error),
                 "%s", error != NULL ? error->message : "");
  ck_assert (g_variant_lookup (summary, "rows", "t", &rows));
  ck_assert (g_variant_lookup (summary, "id", "x", &id));
  if (confirmed)
    ck_assert (api_station1_call_confirm_export_sync (proxy, id, NULL, NULL));
  return rows;
}

static void
note_progress (ApiStation1 *proxy, GVariant *progress, gpointer data)
{
  guint64 rows, total;

  ck_assert (g_variant_lookup (progress, "rows", "t", &rows));
  ck_assert (g_variant_lookup (progress, "total", "t", &total));
  *(gboolean *)data |= rows == total && total == 2;
}

static void
assert_newest_export (ApiStation1 *proxy)
{
  g_autoptr (GVariant) exports = NULL;
  g_autoptr (GVariant) newest = NULL;
  g_autoptr (GVariant) status = NULL;
  g_autoptr (GVariant) shown = NULL;
  gboolean new_only;
  guint64 rows;

  ck_assert (api_station1_call_list_exports_sync (proxy, no_filter (), &exports, NULL, NULL));
  ck_assert_uint_eq (g_variant_n_children (exports), 5);
  newest = g_variant_get_child_value (exports, 0);
  ck_assert (g_variant_lookup (newest, "new-only", "b", &new_only) && !new_only);
  ck_assert (g_variant_lookup (newest, "rows", "t", &rows) && rows == 2);
  ck_assert (api_station1_call_get_status_sync (proxy, &status, NULL, NULL));
  shown = g_variant_lookup_value (status, "last-export", NULL);
  ck_assert (g_variant_equal (shown, newest));
}

static void
assert_units (ApiStation1 *proxy, guint64 units, guint64 fresh)
{
  g_autoptr (GVariant) formats = NULL;
  g_autoptr (GVariant) last = NULL;
  GVariantDict filter;
  guint64 all, new;
  const char *text;

  g_variant_dict_init (&filter, NULL);
  g_variant_dict_insert (&filter, "batch", "s", "NEW");
  ck_assert (api_station1_call_list_formats_sync (proxy, g_variant_dict_end (&filter), &formats,
                                                  NULL, NULL));
  for (gsize i = 0; last == NULL && i < g_variant_n_children (formats); i++) {
    last = g_variant_get_child_value (formats, i);
    ck_assert (g_variant_lookup (last, "name", "&s", &text));
    if (!g_str_equal (text, "jsonl"))
      g_clear_pointer (&last, g_variant_unref);
  }
  ck_assert_ptr_nonnull (last);
  ck_assert (g_variant_lookup (last, "suffix", "&s", &text) && g_str_equal (text, ".jsonl"));
  ck_assert (g_variant_lookup (last, "use", "&s", &text) && *text != '\0');
  ck_assert (g_variant_lookup (last, "next", "&s", &text) && strstr (text, "{file}") != NULL);
  ck_assert (g_variant_lookup (last, "batch", "&s", &text) && g_str_equal (text, "NEW"));
  ck_assert (g_variant_lookup (last, "units", "t", &all) && all == units);
  ck_assert (g_variant_lookup (last, "new-units", "t", &new) && new == fresh);
}

static void
export_what_is_new (ApiStation1 *proxy)
{
  gboolean all_told = FALSE;
  g_autoptr (GUnixFDList) files = g_unix_fd_list_new ();
  g_autoptr (GVariant) summary = NULL;
  GError *error = NULL;
  GVariantDict options;

  g_signal_connect (proxy, "export-progress", G_CALLBACK (note_progress), &all_told);
  start_batch (proxy, "NEW");
  pass_one (proxy, "NEW-1");
  ck_assert_uint_eq (export_rows (proxy, TRUE, FALSE), 1); /* a client that died */
  assert_units (proxy, 1, 1);
  ck_assert_uint_eq (export_rows (proxy, TRUE, TRUE), 1);
  pass_one (proxy, "NEW-2");
  assert_units (proxy, 2, 1);
  ck_assert_uint_eq (export_rows (proxy, TRUE, TRUE), 1);
  ck_assert_uint_eq (export_rows (proxy, TRUE, TRUE), 0);
  ck_assert_uint_eq (export_rows (proxy, FALSE, TRUE), 2);
  assert_error (api_station1_call_confirm_export_sync (proxy, 99, NULL, &error), &error,
                "NotFound");
  while (!all_told)
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
  assert_newest_export (proxy);
  g_variant_dict_init (&options, NULL);
  g_variant_dict_insert (&options, "only-new", "b", TRUE);
  assert_error (api_station1_call_export_sync (proxy, "jsonl", "NEW", g_variant_dict_end (&options),
                                               g_variant_new_handle (0), files, &summary, NULL,
                                               NULL, &error),
                &error, "Invalid");
}

START_TEST (an_export_can_leave_out_what_was_exported)
{
  run_client (export_what_is_new);
}
END_TEST

static void
void_one (ApiStation1 *proxy)
{
  g_autoptr (GVariant) certificate = NULL;
  GError *error = NULL;
  const char *text;

  start_batch (proxy, "VOID");
  assert_error (api_station1_call_void_device_sync (proxy, "VOID-1", "x", NULL, &error), &error,
                "NotFound");
  pass_one (proxy, "VOID-1");
  assert_error (api_station1_call_void_device_sync (proxy, "VOID-1", "", NULL, &error), &error,
                "Invalid");
  ck_assert (
      api_station1_call_void_device_sync (proxy, "VOID-1", "fell off the table", NULL, NULL));
  ck_assert (api_station1_call_get_certificate_sync (proxy, "VOID-1", &certificate, NULL, NULL));
  ck_assert (g_variant_lookup (certificate, "state", "&s", &text));
  ck_assert_str_eq (text, "void");
  ck_assert (g_variant_lookup (certificate, "void-reason", "&s", &text));
  ck_assert_str_eq (text, "fell off the table");
  assert_error (api_station1_call_void_device_sync (proxy, "VOID-1", "again", NULL, &error), &error,
                "NotFound");
}

START_TEST (a_supervisor_voids_a_device_once_with_a_reason)
{
  run_client (void_one);
}
END_TEST

static void
void_at_work (ApiStation1 *proxy)
{
  static const char *const slow[] = { "--latency", "300", NULL };
  GSubprocess *device;
  GError *error = NULL;

  start_batch (proxy, "BUSY");
  device = rig_plug (rig, "BUSY-1", slow);
  while (TRUE) {
    g_autoptr (GVariant) record = NULL;

    if (api_station1_call_get_device_sync (proxy, "BUSY-1", &record, NULL, NULL))
      break;
  }
  assert_error (api_station1_call_void_device_sync (proxy, "BUSY-1", "now", NULL, &error), &error,
                "State");
  rig_unplug (device);
  wait_for_state (proxy, "fail");
}

START_TEST (a_device_at_work_is_not_voided)
{
  run_client (void_at_work);
}
END_TEST

/* ---- what is told ---- */

typedef struct {
  gint64 at;
  GString *kinds;
} Heard;

static void
note_event (ApiStation1 *proxy, GVariant *event, gpointer data)
{
  Heard *heard = data;
  const char *kind;

  ck_assert (g_variant_lookup (event, "kind", "&s", &kind));
  if (g_str_equal (kind, "ca-accept")) /* the station's own, when it first hears of its signer */
    return;
  g_string_append_printf (heard->kinds, "%s ", kind);
  heard->at = g_get_monotonic_time ();
}

static void
hear_events (ApiStation1 *proxy)
{
  g_autoptr (GString) kinds = g_string_new (NULL);
  Heard heard = { .kinds = kinds };
  gint64 done;

  g_signal_connect (proxy, "event-recorded", G_CALLBACK (note_event), &heard);
  ck_assert (api_station1_call_create_batch_sync (proxy, "TOLD", batch_options (), NULL, NULL));
  ck_assert (api_station1_call_set_batch_state_sync (proxy, "TOLD", "running", NULL, NULL));
  ck_assert (api_station1_call_set_batch_state_sync (proxy, "TOLD", "paused", NULL, NULL));
  done = g_get_monotonic_time ();
  while (strstr (kinds->str, "batch-pause") == NULL)
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
  ck_assert_str_eq (kinds->str, "batch-create batch-start batch-pause ");
  ck_assert_int_lt (heard.at - done, 100 * G_TIME_SPAN_MILLISECOND);
}

START_TEST (each_event_is_told_at_once_and_once)
{
  run_client (hear_events);
}
END_TEST

typedef struct {
  guint signals;
  char *state;
} BatchHeard;

static void
note_batch (ApiStation1 *proxy, GVariant *batch, gpointer data)
{
  BatchHeard *heard = data;

  heard->signals++;
  g_clear_pointer (&heard->state, g_free);
  ck_assert (g_variant_lookup (batch, "state", "s", &heard->state));
  ck_assert (g_variant_lookup (batch, "failures", "aa{sv}", NULL));
}

static void
change_often (ApiStation1 *proxy)
{
  BatchHeard heard = { 0 };

  start_batch (proxy, "OFTEN");
  g_signal_connect (proxy, "batch-changed", G_CALLBACK (note_batch), &heard);
  for (guint i = 0; i < 100; i++)
    ck_assert (api_station1_call_set_batch_state_sync (
        proxy, "OFTEN", i % 2 == 0 ? "paused" : "running", NULL, NULL));
  ck_assert (api_station1_call_set_batch_state_sync (proxy, "OFTEN", "closed", NULL, NULL));
  while (g_strcmp0 (heard.state, "closed") != 0)
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
  ck_assert_uint_le (heard.signals, 50);
  g_free (heard.state);
}

START_TEST (changes_of_a_batch_are_told_together_and_the_last_for_sure)
{
  run_client (change_often);
}
END_TEST

static void
note_warnings (ApiStation1 *proxy, GVariant *status, gpointer data)
{
  g_autofree const char **warnings = NULL;
  g_autofree const char **alarms = NULL;

  ck_assert (g_variant_lookup (status, "warnings", "^a&s", &warnings));
  ck_assert (g_variant_lookup (status, "alarms", "^a&s", &alarms));
  ck_assert_uint_le (g_strv_length ((char **)alarms), g_strv_length ((char **)warnings));
  *(gint *)data = (gint)g_strv_length ((char **)alarms);
}

static void
wait_for_warnings (const gint *warnings, gint count)
{
  const gint64 begin = g_get_monotonic_time ();

  while (*warnings != count)
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
  ck_assert_int_lt (g_get_monotonic_time () - begin, 5 * G_TIME_SPAN_SECOND);
}

static void
lose_signer (ApiStation1 *proxy)
{
  g_autofree char *away = rig_path (rig, "signer.away");
  gint warnings = -1;

  g_signal_connect (proxy, "status-changed", G_CALLBACK (note_warnings), &warnings);
  wait_for_warnings (&warnings, 0);
  ck_assert_int_eq (g_rename (rig->socket, away), 0);
  wait_for_warnings (&warnings, 1);
  ck_assert_int_eq (g_rename (away, rig->socket), 0);
  wait_for_warnings (&warnings, 0);
}

START_TEST (a_lost_signer_is_told_before_a_device_needs_it)
{
  run_client (lose_signer);
}
END_TEST

static void
disable_and_enable (ApiStation1 *proxy)
{
  GError *error = NULL;
  g_autoptr (GVariant) events = NULL;
  const char *kind = "";

  ck_assert (api_station1_call_set_slot_enabled_sync (proxy, 1, FALSE, "bent pin", NULL, NULL));
  wait_for_state (proxy, "disabled");
  assert_error (api_station1_call_start_slot_sync (proxy, 1, NULL, &error), &error, "State");
  ck_assert (api_station1_call_list_events_sync (proxy, 5, &events, NULL, NULL));
  /* The station may have had something to record meanwhile. */
  for (gsize i = 0; !g_str_equal (kind, "slot-disable"); i++) {
    g_autoptr (GVariant) event = NULL;
    ck_assert_uint_lt (i, g_variant_n_children (events));
    event = g_variant_get_child_value (events, i);
    ck_assert (g_variant_lookup (event, "kind", "&s", &kind));
    kind = g_intern_string (kind);
  }
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
  g_autoptr (Station) second = station_new (visit_config (), &error);

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
  tcase_add_checked_fixture (cases, visit_set_up, visit_tear_down);
  tcase_add_test (cases, the_status_tells_of_station_and_ca);
  tcase_add_test (cases, each_mistake_has_its_error);
  tcase_add_test (cases, one_batch_runs_at_a_time);
  tcase_add_test (cases, a_device_that_waits_is_provisioned_when_its_batch_starts);
  tcase_add_test (cases, a_manifest_flows_into_the_clients_file);
  tcase_add_test (cases, an_export_can_leave_out_what_was_exported);
  tcase_add_test (cases, a_supervisor_voids_a_device_once_with_a_reason);
  tcase_add_test (cases, a_device_at_work_is_not_voided);
  tcase_add_test (cases, each_event_is_told_at_once_and_once);
  tcase_add_test (cases, changes_of_a_batch_are_told_together_and_the_last_for_sure);
  tcase_add_test (cases, a_lost_signer_is_told_before_a_device_needs_it);
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
