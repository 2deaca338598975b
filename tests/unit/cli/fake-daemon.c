/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See fake-daemon.h.
 */
#include "fake-daemon.h"

#include <check.h>
#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/names.h"
#include "station-api.h"

static struct {
  FakeAnswers answers;
  char *folder;
  GThread *thread;
  GMainContext *context;
  GMainLoop *loop;
  GDBusServer *server;
  ApiStation1 *skeleton;
  gboolean hung_up;
  char *heard;
} fake;

const char *
fake_daemon_heard (void)
{
  return fake.heard == NULL ? "" : fake.heard;
}

const char *
fake_daemon_folder (void)
{
  return fake.folder;
}

static GVariant *
parse (const char *type, const char *text)
{
  GError *error = NULL;
  GVariant *value =
      g_variant_parse (G_VARIANT_TYPE (type), text == NULL ? "@" : text, NULL, NULL, &error);

  if (text == NULL) {
    g_clear_error (&error);
    return g_variant_new_array (G_VARIANT_TYPE (type + 1), NULL, 0);
  }
  g_assert_no_error (error);
  return value;
}

static gboolean
refuse (GDBusMethodInvocation *invocation)
{
  if (fake.answers.error == NULL)
    return FALSE;
  g_autofree char *name = g_strconcat ("org.keycradle.Error.", fake.answers.error, NULL);
  g_dbus_method_invocation_return_dbus_error (invocation, name, "It is so; type this.");
  return TRUE;
}

static gboolean
list_slots (ApiStation1 *api, GDBusMethodInvocation *invocation)
{
  GDBusConnection *connection = g_dbus_method_invocation_get_connection (invocation);

  if (refuse (invocation))
    return TRUE;
  api_station1_complete_list_slots (api, invocation, parse ("aa{sv}", fake.answers.slots));
  if (fake.answers.signalled != NULL)
    api_station1_emit_slot_changed (api, parse ("a{sv}", fake.answers.signalled));
  if (fake.answers.hang_up_once && !fake.hung_up) {
    fake.hung_up = TRUE;
    g_dbus_connection_flush_sync (connection, NULL, NULL);
    g_dbus_connection_close (connection, NULL, NULL, NULL);
  }
  return TRUE;
}

static gboolean
list_batches (ApiStation1 *api, GDBusMethodInvocation *invocation)
{
  if (!refuse (invocation))
    api_station1_complete_list_batches (api, invocation, parse ("aa{sv}", fake.answers.batches));
  return TRUE;
}

static gboolean
get_ca_status (ApiStation1 *api, GDBusMethodInvocation *invocation)
{
  if (!refuse (invocation))
    api_station1_complete_get_ca_status (api, invocation, parse ("a{sv}", fake.answers.ca));
  return TRUE;
}

static gboolean
export_manifest (ApiStation1 *api, GDBusMethodInvocation *invocation, GUnixFDList *files,
                 const char *format, const char *batch, GVariant *options, GVariant *output)
{
  int fd = g_unix_fd_list_get (files, g_variant_get_handle (output), NULL);
  const char *text = fake.answers.exported;

  /* the bytes first: a failure half way must leave nothing behind */
  g_assert_true (write (fd, text, strlen (text)) == (ssize_t)strlen (text));
  close (fd);
  if (!refuse (invocation))
    api_station1_complete_export (api, invocation, NULL, parse ("a{sv}", fake.answers.summary));
  return TRUE;
}

static gboolean
verify_manifest (ApiStation1 *api, GDBusMethodInvocation *invocation, GUnixFDList *files,
                 GVariant *input)
{
  if (!refuse (invocation))
    api_station1_complete_verify_manifest (api, invocation, NULL,
                                           parse ("a{sv}", fake.answers.verdict));
  return TRUE;
}

static GVariant *
parse_answer (GDBusMethodInvocation *invocation, const char *text)
{
  const GDBusMethodInfo *method = g_dbus_method_invocation_get_method_info (invocation);
  g_autoptr (GString) type = g_string_new ("(");

  for (GDBusArgInfo **out = method->out_args; out != NULL && *out != NULL; out++)
    g_string_append (type, (*out)->signature);
  g_string_append_c (type, ')');
  return parse (type->str, text);
}

/* Every call comes by here first, in a thread of its own; FALSE: it is answered. */
static gboolean
answer_call (GDBusInterfaceSkeleton *skeleton, GDBusMethodInvocation *invocation)
{
  const char *method = g_dbus_method_invocation_get_method_name (invocation);

  for (const FakeCall *call = fake.answers.calls; call != NULL && call->method != NULL; call++) {
    if (!g_str_equal (call->method, method))
      continue;
    g_autofree char *arguments =
        g_variant_print (g_dbus_method_invocation_get_parameters (invocation), TRUE);
    g_free (fake.heard);
    fake.heard = g_strdup_printf ("%s %s", method, arguments);
    if (!refuse (invocation))
      g_dbus_method_invocation_return_value (invocation, parse_answer (invocation, call->answer));
    return FALSE;
  }
  return TRUE;
}

static gboolean
new_connection (GDBusServer *server, GDBusConnection *connection)
{
  GError *error = NULL;

  g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (fake.skeleton), connection,
                                    STATION_OBJECT_PATH, &error);
  g_assert_no_error (error);
  g_object_ref (connection); /* lives as long as the test */
  return TRUE;
}

static gboolean
say_started (gpointer started)
{
  g_async_queue_push (started, GINT_TO_POINTER (1));
  return G_SOURCE_REMOVE;
}

static gpointer
serve (gpointer data)
{
  g_autofree char *address = g_strdup_printf ("unix:path=%s/station.sock", fake.folder);
  g_autofree char *guid = g_dbus_generate_guid ();
  GError *error = NULL;

  g_main_context_push_thread_default (fake.context);
  fake.skeleton = api_station1_skeleton_new ();
  g_signal_connect (fake.skeleton, "handle-list-slots", G_CALLBACK (list_slots), NULL);
  g_signal_connect (fake.skeleton, "handle-list-batches", G_CALLBACK (list_batches), NULL);
  g_signal_connect (fake.skeleton, "handle-get-ca-status", G_CALLBACK (get_ca_status), NULL);
  g_signal_connect (fake.skeleton, "handle-export", G_CALLBACK (export_manifest), NULL);
  g_signal_connect (fake.skeleton, "handle-verify-manifest", G_CALLBACK (verify_manifest), NULL);
  g_signal_connect (fake.skeleton, "g-authorize-method", G_CALLBACK (answer_call), NULL);
  fake.server =
      g_dbus_server_new_sync (address, G_DBUS_SERVER_FLAGS_NONE, guid, NULL, NULL, &error);
  g_assert_no_error (error);
  g_signal_connect (fake.server, "new-connection", G_CALLBACK (new_connection), NULL);
  g_dbus_server_start (fake.server);
  g_autoptr (GSource) idle = g_idle_source_new (); /* when the loop really runs */
  g_source_set_callback (idle, say_started, data, NULL);
  g_source_attach (idle, fake.context);
  g_main_loop_run (fake.loop);
  g_main_context_pop_thread_default (fake.context);
  return NULL;
}

void
fake_daemon_start (const FakeAnswers *answers)
{
  g_autoptr (GAsyncQueue) started = g_async_queue_new ();

  fake.answers = *answers;
  g_clear_pointer (&fake.heard, g_free);
  g_free (fake.folder); /* of an earlier one: its name may be asked for after the stop */
  fake.folder = g_dir_make_tmp ("keycradle-XXXXXX", NULL);
  ck_assert_ptr_nonnull (fake.folder);
  fake.context = g_main_context_new ();
  fake.loop = g_main_loop_new (fake.context, FALSE);
  fake.thread = g_thread_new ("fake-daemon", serve, started);
  g_async_queue_pop (started);
}

void
fake_daemon_stop (void)
{
  g_autoptr (GDir) directory = g_dir_open (fake.folder, 0, NULL);
  const char *name;

  g_main_loop_quit (fake.loop);
  g_thread_join (fake.thread);
  g_dbus_server_stop (fake.server);
  g_clear_object (&fake.server);
  g_clear_object (&fake.skeleton);
  g_clear_pointer (&fake.loop, g_main_loop_unref);
  while ((name = g_dir_read_name (directory)) != NULL) {
    g_autofree char *path = g_build_filename (fake.folder, name, NULL);
    g_unlink (path);
  }
  g_rmdir (fake.folder);
}

int
fake_daemon_feed_client (const char *line, const char *input, char **output, char **problem)
{
  g_auto (GStrv) folders = g_strsplit (line, "%s", -1);
  g_autofree char *filled = g_strjoinv (fake.folder, folders);
  g_autofree char *command = g_strdup_printf ("%s --socket %s/station.sock %s",
                                              g_getenv ("KEYCRADLE_PROGRAM"), fake.folder, filled);
  g_auto (GStrv) argv = g_strsplit (command, " ", -1);
  g_autoptr (GSubprocess) client =
      g_subprocess_newv ((const char *const *)argv,
                         G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE
                             | G_SUBPROCESS_FLAGS_STDERR_PIPE,
                         NULL);

  ck_assert_ptr_nonnull (client);
  g_subprocess_communicate_utf8 (client, input, NULL, output, problem, NULL);
  ck_assert_msg (g_subprocess_get_if_exited (client), "%s ended by a signal: %s", command,
                 *problem);
  return g_subprocess_get_exit_status (client);
}

int
fake_daemon_run_client (const char *line, char **output, char **problem)
{
  return fake_daemon_feed_client (line, "", output, problem);
}
