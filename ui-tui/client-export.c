/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An export: we open the file, the daemon streams into it, a thread syncs it, and only then it has
 * its name.
 */
#include <gio/gunixfdlist.h>
#include <string.h>

#include "base/names.h"
#include "base/text.h"
#include "ui-tui/client-private.h"
#include "ui-tui/language.h"
#include "ui-tui/refusals.h"

#define MOST_REASON 500

/* What the daemon said is in the operator's language already; what the disk said is not. */
static char *
problem_words (const GError *error)
{
  g_autofree char *safe = text_for_display (error->message, MOST_REASON);

  return error->domain == CLIENT_ERROR ? g_steal_pointer (&safe) : refusal_translated (safe);
}

static void
end_run (Client *client, const GError *error)
{
  ExportRun *run = &client->model->run;

  run->running = FALSE;
  run->ended_at = g_get_real_time ();
  if (error != NULL) {
    run->problem = problem_words (error);
    model_notice (client->model, NOTICE_BAD, "%s", run->problem);
  }
  else
    model_notice (client->model, NOTICE_GOOD, _ ("Written: %s"), run->path);
  output_file_clear (&client->export_file);
  client_changed (client);
}

static void
begin_run (Client *client, const char *path)
{
  ExportRun *run = &client->model->run;

  g_free (run->path);
  g_free (run->problem);
  g_free (run->sha256);
  *run = (ExportRun){ .running = TRUE, .started_at = g_get_real_time () };
  run->path = text_for_display (path, MOST_REASON);
}

/* The file is there: what it holds is not new any more. Where the station does not hear that, the
 * next export of what is new has the same units once more. */
static void
confirmed (Client *client, GVariant *answer, const GError *error, gpointer data)
{
  if (error != NULL)
    model_notice (client->model, NOTICE_BAD,
                  _ ("The file is written, but the station has not noted that: the next export of "
                     "what is new has these units again. %s"),
                  error->message);
  client_fetch_view (client, VIEW_EXPORT); /* what is new is another number now */
}

/* ---- onto the disk, in a thread of its own ---- */

typedef struct {
  OutputFile file;
  char *template;    /* that goes with it, or NULL */
  GBytes *statement; /* what the station signed about it, or NULL */
} Finish;

static void
finish_free (gpointer data)
{
  Finish *finish = data;

  output_file_clear (&finish->file);
  g_free (finish->template);
  g_clear_pointer (&finish->statement, g_bytes_unref);
  g_free (finish);
}

static gboolean
write_template (const Finish *finish, GError **error)
{
  g_autofree char *path = NULL;

  if (finish->template == NULL || finish->file.path == NULL)
    return TRUE;
  path = output_file_write_beside (&finish->file, ".template.json", finish->template,
                                   strlen (finish->template), error);
  return path != NULL;
}

static gboolean
write_statement (const Finish *finish, GError **error)
{
  g_autofree char *path = NULL;

  if (finish->statement == NULL || finish->file.path == NULL)
    return TRUE;
  path =
      output_file_write_beside (&finish->file, ".p7s", g_bytes_get_data (finish->statement, NULL),
                                g_bytes_get_size (finish->statement), error);
  return path != NULL;
}

static void
finish_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Finish *finish = data;
  GError *error = NULL;

  if (write_template (finish, &error) && write_statement (finish, &error)
      && output_file_finish (&finish->file, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
finished (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  Client *client = data;

  g_task_propagate_boolean (G_TASK (result), &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (error == NULL && client->export_id != 0)
    client_call (client, "ConfirmExport", g_variant_new ("(x)", client->export_id), confirmed,
                 NULL);
  end_run (client, error);
}

static void
start_to_finish (Client *client, const char *template, GVariant *statement)
{
  g_autoptr (GTask) task = g_task_new (NULL, client->life, finished, client);
  Finish *finish = g_new0 (Finish, 1);

  finish->file = client->export_file;
  finish->template = g_strdup (template);
  if (statement != NULL)
    finish->statement = g_variant_get_data_as_bytes (statement);
  client->export_file = (OutputFile)OUTPUT_FILE_INIT;
  g_task_set_task_data (task, finish, finish_free);
  g_task_run_in_thread (task, finish_in_thread);
}

/* ---- the daemon's part ---- */

static void
take_summary (Client *client, GVariant *summary)
{
  ExportRun *run = &client->model->run;
  g_autoptr (GVariant) omitted =
      g_variant_lookup_value (summary, "omitted", G_VARIANT_TYPE ("aa{sv}"));
  g_autoptr (GVariant) statement =
      g_variant_lookup_value (summary, "statement", G_VARIANT_TYPE_BYTESTRING);
  const char *template = NULL;
  const char *sha256 = NULL;

  client->export_id = 0;
  g_variant_lookup (summary, "id", "x", &client->export_id);
  g_variant_lookup (summary, "rows", "t", &run->rows);
  g_variant_lookup (summary, "bytes", "t", &run->bytes);
  if (g_variant_lookup (summary, "sha256", "&s", &sha256))
    run->sha256 = text_for_display (sha256, MOST_REASON);
  run->omitted = omitted != NULL ? g_variant_n_children (omitted) : 0;
  run->total = MAX (run->total, run->rows + run->omitted);
  g_variant_lookup (summary, "template", "&s", &template);
  start_to_finish (client, template, statement);
}

static void
exported (GObject *source, GAsyncResult *result, gpointer data)
{
  Client *client = data;
  g_autoptr (GError) problem = NULL;
  g_autoptr (GVariant) summary = NULL;
  g_autoptr (GVariant) answer = g_dbus_connection_call_with_unix_fd_list_finish (
      G_DBUS_CONNECTION (source), NULL, result, &problem);

  if (g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (problem != NULL) {
    g_autoptr (GError) error = client_error_new (problem, "Export");

    end_run (client, error);
    return;
  }
  summary = g_variant_get_child_value (answer, 0);
  take_summary (client, summary);
  client_changed (client);
}

static void
call_export (Client *client, const char *format, const char *batch, gboolean new_only,
             GUnixFDList *files)
{
  GVariantDict options;

  g_variant_dict_init (&options, NULL);
  if (new_only)
    g_variant_dict_insert (&options, "new-only", "b", TRUE);
  g_dbus_connection_call_with_unix_fd_list (
      client->connection, NULL, STATION_OBJECT_PATH, STATION_INTERFACE, "Export",
      g_variant_new ("(ss@a{sv}h)", format, batch, g_variant_dict_end (&options), 0),
      G_VARIANT_TYPE ("(a{sv})"), G_DBUS_CALL_FLAGS_NONE, G_MAXINT, files, client->life, exported,
      client);
}

void
client_export (Client *client, const char *format, const char *batch, gboolean new_only,
               const char *path)
{
  g_autoptr (GUnixFDList) files = g_unix_fd_list_new ();
  g_autoptr (GError) error = NULL;

  if (client->model->run.running) {
    model_notice (client->model, NOTICE_BAD, "%s",
                  _ ("An export is running: wait until it has ended."));
    return;
  }
  begin_run (client, path);
  g_free (client->export_batch);
  client->export_batch = g_strdup (batch);
  g_free (client->export_format);
  client->export_format = g_strdup (format);
  if (client->connection == NULL || !client->model->connected)
    error = g_error_new_literal (CLIENT_ERROR, CLIENT_ERROR_CONNECTION,
                                 _ ("Nothing was written: there is no contact with the station."));
  else if (output_file_open (&client->export_file, path, &error)
           && g_unix_fd_list_append (files, client->export_file.fd, &error) >= 0)
    call_export (client, format, batch, new_only, files);
  if (error != NULL)
    end_run (client, error);
}

void
client_take_export_progress (Client *client, GVariant *record)
{
  ExportRun *run = &client->model->run;
  const char *batch = NULL, *format = NULL;

  /* other screens export too */
  if (!run->running || !g_variant_lookup (record, "batch", "&s", &batch)
      || !g_variant_lookup (record, "format", "&s", &format)
      || g_strcmp0 (batch, client->export_batch) != 0
      || g_strcmp0 (format, client->export_format) != 0)
    return;
  g_variant_lookup (record, "rows", "t", &run->rows);
  g_variant_lookup (record, "total", "t", &run->total);
}
