/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See line-rig.h.
 */
#include "line-rig.h"

#include <check.h>
#include <signal.h>

#include "base/names.h"

LineRig *
line_rig_new (void)
{
  LineRig *line = g_new0 (LineRig, 1);
  g_autofree char *text = NULL;

  line->rig = rig_new (NULL, NULL);
  line->config = rig_path (line->rig, "keycradle.conf");
  line->socket = rig_path (line->rig, "station.sock");
  text = g_strdup_printf (
      "[station]\nName=test-line\nMode=demo\nStateFolder=%s/state\nSocket=%s\n"
      "ProfileFolder=%s/profiles\n[signer]\nSocket=%s\n[slot 1]\nPort=%s/port\n[slot 2]\n",
      line->rig->folder, line->socket, line->rig->folder, line->rig->socket, line->rig->folder);
  ck_assert (g_file_set_contents (line->config, text, -1, NULL));
  return line;
}

void
line_rig_free (LineRig *line)
{
  if (line->daemon != NULL)
    line_rig_stop (line, SIGKILL);
  rig_free (line->rig);
  g_free (line->config);
  g_free (line->socket);
  g_free (line);
}

static GDBusConnection *
connect_to_daemon (const LineRig *line)
{
  g_autofree char *address = g_strdup_printf ("unix:path=%s", line->socket);

  return g_dbus_connection_new_for_address_sync (
      address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL, NULL, NULL);
}

void
line_rig_start (LineRig *line)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) connection = NULL;

  line->daemon =
      g_subprocess_new (G_SUBPROCESS_FLAGS_STDERR_SILENCE | G_SUBPROCESS_FLAGS_STDOUT_SILENCE,
                        &error, DAEMON, "--config", line->config, NULL);
  ck_assert_msg (line->daemon != NULL, "%s", error != NULL ? error->message : "");
  for (int i = 0; i < 1000 && (connection = connect_to_daemon (line)) == NULL; i++)
    g_usleep (10000);
  ck_assert_msg (connection != NULL, "the daemon did not start");
}

void
line_rig_signal (LineRig *line, int signal_number)
{
  g_subprocess_send_signal (line->daemon, signal_number);
}

void
line_rig_stop (LineRig *line, int signal_number)
{
  g_subprocess_send_signal (line->daemon, signal_number);
  g_subprocess_wait (line->daemon, NULL, NULL);
  g_clear_object (&line->daemon);
}

GVariant *
line_rig_call (LineRig *line, const char *method, GVariant *parameters, GError **error)
{
  g_autoptr (GDBusConnection) connection = connect_to_daemon (line);
  g_autoptr (GVariant) answer = NULL;

  ck_assert_ptr_nonnull (connection);
  answer =
      g_dbus_connection_call_sync (connection, NULL, STATION_OBJECT_PATH, STATION_INTERFACE, method,
                                   parameters, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, error);
  if (answer == NULL)
    return NULL;
  return g_variant_n_children (answer) > 0 ? g_variant_get_child_value (answer, 0)
                                           : g_variant_ref (answer);
}

void
line_rig_batch (LineRig *line, const char *name, guint target, const char *state)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = NULL;
  GVariantDict options;

  g_variant_dict_init (&options, NULL);
  g_variant_dict_insert (&options, "product", "s", "Gadget");
  g_variant_dict_insert (&options, "profile", "s", "demo");
  g_variant_dict_insert (&options, "target", "u", target);
  answer = line_rig_call (line, "CreateBatch",
                          g_variant_new ("(s@a{sv})", name, g_variant_dict_end (&options)), &error);
  ck_assert_msg (error == NULL, "%s", error != NULL ? error->message : "");
  if (state == NULL)
    return;
  g_clear_pointer (&answer, g_variant_unref);
  answer = line_rig_call (line, "SetBatchState", g_variant_new ("(ss)", name, state), &error);
  ck_assert_msg (error == NULL, "%s", error != NULL ? error->message : "");
}

static gboolean
time_is_over (gpointer data)
{
  gboolean *over = data;

  *over = TRUE;
  return G_SOURCE_CONTINUE;
}

gboolean
wait_until (gboolean (*is_so) (void), guint seconds)
{
  gboolean over = FALSE;
  const guint timer = g_timeout_add_seconds (seconds, time_is_over, &over);

  while (!is_so () && !over)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timer);
  return is_so ();
}
