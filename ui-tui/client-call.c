/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Calls, and what their failures mean in words. A client that ends cancels them all; an answer that
 * comes after that touches nothing.
 */
#include <string.h>

#include "base/names.h"
#include "base/text.h"
#include "ui-tui/client-private.h"
#include "ui-tui/language.h"
#include "ui-tui/refusals.h"

#define MOST_SENTENCE 1000

typedef struct {
  Client *client;
  const char *method; /* interned */
  ClientDone done;
  gpointer data;
  ClientTake take;
  void (*refused) (Client *client, const char *sentence);
} Call;

G_DEFINE_QUARK (keycradle - client - error, client_error)

/* ---- errors ---- */

static ClientError
code_of_remote (const char *name)
{
  static const struct {
    const char *name;
    ClientError code;
  } codes[] = {
    { "org.keycradle.Error.NotPermitted", CLIENT_ERROR_NOT_PERMITTED },
    { "org.freedesktop.DBus.Error.AccessDenied", CLIENT_ERROR_NOT_PERMITTED },
    { "org.keycradle.Error.NeedsApproval", CLIENT_ERROR_NEEDS_APPROVAL },
    { "org.keycradle.Error.NotFound", CLIENT_ERROR_NOT_FOUND },
    { "org.keycradle.Error.State", CLIENT_ERROR_STATE },
    { "org.freedesktop.DBus.Error.UnknownMethod", CLIENT_ERROR_NOT_KNOWN },
    { "org.freedesktop.DBus.Error.UnknownInterface", CLIENT_ERROR_NOT_KNOWN },
    { "org.freedesktop.DBus.Error.NotSupported", CLIENT_ERROR_NOT_KNOWN },
  };

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    if (g_strcmp0 (name, codes[i].name) == 0)
      return codes[i].code;
  return CLIENT_ERROR_FAILED;
}

static ClientError
code_of (const GError *error)
{
  g_autofree char *name = NULL;

  if (error->domain == CLIENT_ERROR)
    return (ClientError)error->code;
  if (error->domain == G_IO_ERROR && !g_dbus_error_is_remote_error (error))
    return CLIENT_ERROR_CONNECTION;
  name = g_dbus_error_get_remote_error (error);
  return code_of_remote (name);
}

/* "the batch is closed" becomes a sentence in the operator's language. */
static char *
sentence_of (const char *message)
{
  g_autofree char *english = text_for_display (message, MOST_SENTENCE);
  g_autofree char *safe = refusal_translated (english);
  GString *sentence = g_string_new (NULL);
  const gsize length = strlen (safe);

  if (length == 0)
    return g_string_free (sentence, FALSE);
  g_string_append_unichar (sentence, g_unichar_toupper (g_utf8_get_char (safe)));
  g_string_append (sentence, g_utf8_next_char (safe));
  if (strchr (".!?", safe[length - 1]) == NULL)
    g_string_append_c (sentence, '.');
  return g_string_free (sentence, FALSE);
}

GError *
client_error_new (const GError *error, const char *method)
{
  const ClientError code = code_of (error);
  g_autoptr (GError) copy = g_error_copy (error);
  g_autofree char *sentence = NULL;

  g_dbus_error_strip_remote_error (copy);
  if (code == CLIENT_ERROR_NOT_KNOWN)
    return g_error_new (CLIENT_ERROR, (int)code,
                        _ ("The station's daemon is older than this screen and does not know %s: "
                           "install the same version of both."),
                        method);
  if (code == CLIENT_ERROR_CONNECTION)
    return g_error_new_literal (CLIENT_ERROR, (int)code,
                                _ ("No contact with the station: whether it was done is not "
                                   "known. Wait until the screen is back, and look."));
  sentence = sentence_of (copy->message);
  return g_error_new_literal (CLIENT_ERROR, (int)code, sentence);
}

gboolean
client_error_is_not_permitted (const GError *error)
{
  return error != NULL && code_of (error) == CLIENT_ERROR_NOT_PERMITTED;
}

gboolean
client_error_needs_approval (const GError *error)
{
  return error != NULL && code_of (error) == CLIENT_ERROR_NEEDS_APPROVAL;
}

gboolean
client_error_is_connection (const GError *error)
{
  return error != NULL && code_of (error) == CLIENT_ERROR_CONNECTION;
}

/* ---- calls ---- */

static void
start (Call *call, GVariant *parameters, GCancellable *cancellable, GAsyncReadyCallback answered)
{
  g_dbus_connection_call (call->client->connection, NULL, STATION_OBJECT_PATH, STATION_INTERFACE,
                          call->method, parameters, NULL, G_DBUS_CALL_FLAGS_NONE, G_MAXINT,
                          cancellable, answered, call);
}

static Call *
call_new (Client *client, const char *method)
{
  Call *call = g_new0 (Call, 1);

  call->client = client;
  call->method = g_intern_string (method);
  return call;
}

static void
tell (Client *client, GVariant *answer, const GError *error, ClientDone done, gpointer data)
{
  if (done != NULL)
    done (client, answer, error, data);
  else if (error != NULL)
    model_notice (client->model, NOTICE_BAD, "%s", error->message);
  client_changed (client);
}

static void
call_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Call *call = data;
  g_autoptr (GError) problem = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &problem);

  if (g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (problem != NULL)
    error = client_error_new (problem, call->method);
  tell (call->client, answer, error, call->done, call->data);
}

void
client_call (Client *client, const char *method, GVariant *parameters, ClientDone done,
             gpointer data)
{
  g_autoptr (GVariant) owned = parameters != NULL ? g_variant_ref_sink (parameters) : NULL;
  g_autoptr (GError) error = NULL;

  if (client->connection == NULL || !client->model->connected) {
    error = g_error_new_literal (CLIENT_ERROR, CLIENT_ERROR_CONNECTION,
                                 _ ("Nothing was done: there is no contact with the station. Wait "
                                    "until the screen is back."));
    tell (client, NULL, error, done, data);
    return;
  }
  Call *call = call_new (client, method);

  call->done = done;
  call->data = data;
  start (call, owned, client->life, call_answered);
}

/* ---- asking for the model ---- */

static void
say_once (Client *client, const char *method, const GError *error)
{
  if (code_of (error) == CLIENT_ERROR_NOT_KNOWN
      && !g_hash_table_add (client->not_known, (gpointer)method))
    return;
  model_notice (client->model, NOTICE_BAD, "%s", error->message);
}

static void
ask_failed (Call *call, const GError *problem)
{
  g_autoptr (GError) error = NULL;

  if (client_error_is_connection (problem))
    return;
  error = client_error_new (problem, call->method);
  if (call->refused != NULL)
    call->refused (call->client, error->message);
  else
    say_once (call->client, call->method, error);
}

static void
ask_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Call *call = data;
  g_autoptr (GError) problem = NULL;
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &problem);

  if (g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (problem != NULL) {
    ask_failed (call, problem);
  }
  else if (call->take != NULL && g_variant_n_children (answer) > 0) {
    value = g_variant_get_child_value (answer, 0);
    call->take (call->client, value);
  }
  client_changed (call->client);
}

void
client_ask (Client *client, const char *method, GVariant *parameters, ClientTake take)
{
  g_autoptr (GVariant) owned = parameters != NULL ? g_variant_ref_sink (parameters) : NULL;

  if (client->connection == NULL)
    return;
  Call *call = call_new (client, method);

  call->take = take;
  start (call, owned, client->life, ask_answered);
}

void
client_ask_device (Client *client, const char *method, GVariant *parameters, ClientTake take,
                   void (*refused) (Client *client, const char *sentence))
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (parameters);

  if (client->connection == NULL)
    return;
  Call *call = call_new (client, method);

  call->take = take;
  call->refused = refused;
  start (call, owned, client->device, ask_answered);
}

static void
status_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  Call *call = data;
  Client *client = call->client;

  if (!g_cancellable_is_cancelled (g_task_get_cancellable (G_TASK (result)))
      && source == G_OBJECT (client->connection))
    client->status_asked = FALSE;
  ask_answered (source, result, data);
}

void
client_ask_status (Client *client)
{
  if (client->connection == NULL || client->status_asked)
    return;
  Call *call = call_new (client, "GetStatus");

  call->take = client_take_status;
  client->status_asked = TRUE;
  start (call, NULL, client->life, status_answered);
}
