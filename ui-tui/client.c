/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The connection: made again and again, and its pulse felt, because a daemon may also hang. Then
 * the connection is kept, and is good again as soon as the daemon answers.
 */
#include "ui-tui/client-private.h"

#include "base/names.h"
#include "base/station-socket.h"
#include "ui-tui/export-formats.h"
#include "ui-tui/language.h"

#define RETRY_MILLISECONDS 250
#define CONNECT_MILLISECONDS 800
#define PULSE_MILLISECONDS 300
#define PULSES_MISSED 2
#define PULSES_FOR_STATUS 16 /* every 5 s */

static void start_connecting (Client *client);

void
client_changed (Client *client)
{
  if (client->listener.changed != NULL)
    client->listener.changed (client->listener.data);
}

/* Takes the sentence. What was known stays, to be shown grey. */
static void
be_disconnected (Client *client, char *because)
{
  g_autofree char *sentence = because;
  Model *model = client->model;

  if (!model->connected && g_strcmp0 (model->disconnected_because, sentence) == 0)
    return;
  model->connected = FALSE;
  g_free (model->disconnected_because);
  model->disconnected_because = g_steal_pointer (&sentence);
  client_changed (client);
}

/* ---- the pulse ---- */

static void
pulse_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  Client *client = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer G_GNUC_UNUSED =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      || source != G_OBJECT (client->connection))
    return;
  if (client_error_is_connection (error))
    return;
  client->pulse_asked = FALSE;
  client->pulses_missed = 0;
  if (!client->model->connected)
    client_fetch_all (client);
}

/* The daemon's main loop answers this, and nothing else has to be done for it. */
static void
ask_pulse (Client *client)
{
  client->pulse_asked = TRUE;
  g_dbus_connection_call (client->connection, NULL, STATION_OBJECT_PATH,
                          "org.freedesktop.DBus.Properties", "GetAll",
                          g_variant_new ("(s)", STATION_INTERFACE), NULL, G_DBUS_CALL_FLAGS_NONE,
                          G_MAXINT, client->life, pulse_answered, client);
}

static gboolean
feel_pulse (gpointer data)
{
  Client *client = data;

  if (client->pulse_asked && ++client->pulses_missed >= PULSES_MISSED)
    be_disconnected (client, g_strdup (_ ("The station's daemon hangs: it says nothing. If this "
                                          "stays so, call an engineer.")));
  if (!client->pulse_asked && !client->heard) /* who tells something lives */
    ask_pulse (client);
  client->heard = FALSE;
  if (++client->pulses % PULSES_FOR_STATUS == 0 && client->model->connected)
    client_ask_status (client);
  client_fetch_stale (client);
  return G_SOURCE_CONTINUE;
}

/* ---- the connection's end ---- */

static void
forget_connection (Client *client)
{
  if (client->connection == NULL)
    return;
  g_clear_handle_id (&client->pulse_timer, g_source_remove);
  g_dbus_connection_signal_unsubscribe (client->connection, client->subscription);
  g_signal_handlers_disconnect_by_data (client->connection, client);
  g_dbus_connection_close (client->connection, NULL, NULL, NULL);
  g_clear_object (&client->connection);
  client->pulse_asked = client->status_asked = FALSE;
  client->pulses_missed = 0;
}

static void
connection_closed (GDBusConnection *connection, gboolean remote_vanished, GError *error,
                   Client *client)
{
  forget_connection (client);
  be_disconnected (client, g_strdup (_ ("The station's daemon has stopped. The screen comes back "
                                        "by itself when it runs again.")));
  start_connecting (client);
}

static void
signal_came (GDBusConnection *connection, const char *sender, const char *path,
             const char *interface, const char *name, GVariant *parameters, gpointer data)
{
  Client *client = data;
  g_autoptr (GVariant) value = NULL;

  client->heard = TRUE;
  if (g_variant_n_children (parameters) != 1)
    return;
  value = g_variant_get_child_value (parameters, 0);
  client_take_signal (client, name, value);
}

/* ---- the connection's begin ---- */

static void
use_connection (Client *client, GDBusConnection *connection)
{
  client->connection = connection;
  g_signal_connect (connection, "closed", G_CALLBACK (connection_closed), client);
  client->subscription = g_dbus_connection_signal_subscribe (
      connection, NULL, STATION_INTERFACE, NULL, STATION_OBJECT_PATH, NULL,
      G_DBUS_SIGNAL_FLAGS_NONE, signal_came, client, NULL);
  client->pulse_timer = g_timeout_add (PULSE_MILLISECONDS, feel_pulse, client);
  g_hash_table_remove_all (client->not_known);
  ask_pulse (client);
  client_ask (client, "LimitRole", g_variant_new ("(s)", "operator"), NULL);
  client_fetch_all (client);
}

static char *
why_not (const Client *client, const GError *error)
{
  switch (station_silence (error)) {
  case STATION_REFUSES:
    return g_strdup_printf (_ ("You may not talk to the station's daemon at %s: your user must be "
                               "in one of the groups keycradle-operator or -supervisor."),
                            client->socket);
  case STATION_ABSENT:
    return g_strdup_printf (_ ("The station's daemon is not running: there is no %s."),
                            client->socket);
  case STATION_STOPPED:
    return g_strdup_printf (_ ("The station's daemon has stopped: nobody answers at %s."),
                            client->socket);
  case STATION_HANGS:
    return g_strdup_printf (_ ("The station's daemon hangs: it took the call at %s and says "
                               "nothing. Call an engineer."),
                            client->socket);
  case STATION_SILENT:
    break;
  }
  return g_strdup_printf (_ ("The station's daemon does not answer at %s: %s."), client->socket,
                          error->message);
}

static gboolean
try_again (gpointer data)
{
  Client *client = data;

  client->connect_timer = 0;
  start_connecting (client);
  return G_SOURCE_REMOVE;
}

static gboolean
give_up (gpointer data)
{
  Client *client = data;

  client->connect_timer = 0;
  g_cancellable_cancel (client->connecting);
  return G_SOURCE_REMOVE;
}

/* A try outlives the client where the client ended first. */
typedef struct {
  Client *client;
  GCancellable *life;
} Try;

static void
connected (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Try *attempt = data;
  g_autoptr (GCancellable) life = attempt->life;
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection = g_dbus_connection_new_for_address_finish (result, &error);
  Client *client = attempt->client;

  if (g_cancellable_is_cancelled (life)) {
    g_clear_object (&connection);
    return;
  }
  g_clear_handle_id (&client->connect_timer, g_source_remove);
  g_clear_object (&client->connecting);
  if (connection != NULL) {
    use_connection (client, connection);
    return;
  }
  be_disconnected (client, why_not (client, error));
  client->connect_timer = g_timeout_add (RETRY_MILLISECONDS, try_again, client);
}

static void
start_connecting (Client *client)
{
  g_autofree char *address = station_socket_address (client->socket);
  Try *attempt = g_new0 (Try, 1);

  attempt->client = client;
  attempt->life = g_object_ref (client->life);
  client->connecting = g_cancellable_new ();
  client->connect_timer = g_timeout_add (CONNECT_MILLISECONDS, give_up, client);
  g_dbus_connection_new_for_address (address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL,
                                     client->connecting, connected, attempt);
}

/* ---- the client ---- */

static void
name_formats (Model *model)
{
  g_ptr_array_set_size (model->formats, 0);
  for (const ExportFormat *format = export_formats; format->name != NULL; format++)
    g_ptr_array_add (model->formats, g_strdup (format->name));
}

Client *
client_new (const char *socket, Model *model, const ClientListener *listener)
{
  Client *client = g_new0 (Client, 1);

  client->socket = g_strdup (socket);
  client->model = model;
  client->listener = *listener;
  client->life = g_cancellable_new ();
  client->device = g_cancellable_new ();
  client->not_known = g_hash_table_new (g_str_hash, g_str_equal);
  client->export_file = (OutputFile)OUTPUT_FILE_INIT;
  name_formats (model);
  be_disconnected (client, g_strdup (_ ("The screen looks for the station's daemon.")));
  start_connecting (client);
  return client;
}

void
client_free (Client *client)
{
  g_cancellable_cancel (client->life);
  g_cancellable_cancel (client->device);
  if (client->connecting != NULL)
    g_cancellable_cancel (client->connecting);
  g_clear_handle_id (&client->connect_timer, g_source_remove);
  forget_connection (client);
  g_clear_object (&client->connecting);
  g_object_unref (client->life);
  g_object_unref (client->device);
  g_hash_table_unref (client->not_known);
  output_file_clear (&client->export_file);
  g_free (client->export_batch);
  g_free (client->export_format);
  g_free (client->socket);
  g_free (client);
}
