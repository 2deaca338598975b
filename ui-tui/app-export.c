/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Export: which batch and format, which file. A file that exists is replaced only after a yes.
 */
#include "ui-tui/app-private.h"
#include "ui-tui/export-formats.h"
#include "ui-tui/language.h"

/* ---- the file ---- */

static const char *
suffix_of (const char *name)
{
  const ExportFormat *format = export_format_find (name);

  return format != NULL ? format->suffix : ".txt";
}

/* Files of what is new do not overwrite each other. */
static char *
file_name (const Model *model, const BatchLine *batch, const char *format)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *time = g_date_time_format (now, "-%Y%m%d-%H%M");

  return g_strdup_printf ("%s%s%s", batch->name, model->export_new_only ? time : "",
                          suffix_of (format));
}

void
app_propose_file (App *app)
{
  Model *model = app->model;
  const BatchLine *batch = model_selected_batch (model);
  const char *format = model_chosen_format (model);
  const char *folder = app->preferences->export_folder;

  if (app->path_typed || batch == NULL || format == NULL)
    return;
  g_autofree char *name = file_name (model, batch, format);
  g_autofree char *path =
      g_build_filename (folder != NULL && *folder != '\0' ? folder : g_get_home_dir (), name, NULL);

  g_string_assign (model->export_path, path);
}

static void
accept_file (App *app)
{
  g_autofree char *typed = g_strstrip (g_strdup (app_field (app, 0)));
  const char *folder = app->preferences->export_folder;
  g_autofree char *path = NULL;

  if (*typed == '\0') {
    app_dialog_problem (app, _ ("Type the name of a file."));
    return;
  }
  path = g_canonicalize_filename (typed,
                                  folder != NULL && *folder != '\0' ? folder : g_get_home_dir ());
  g_string_assign (app->model->export_path, path);
  app->path_typed = TRUE;
  app_close_dialog (app);
}

static void
ask_file (App *app)
{
  app_open_dialog (app, DIALOG_INPUT, _ ("File"), _ ("Which file shall be written?"));
  app_add_field (app, N_ ("File"), app->model->export_path->str, FALSE, NULL);
  app->accept = accept_file;
}

/* ---- writing ---- */

static void
write_file (App *app)
{
  const Model *model = app->model;
  const BatchLine *batch = model_selected_batch (model);
  const char *format = model_chosen_format (model);

  app_close_dialog (app);
  if (batch == NULL || format == NULL || app->client == NULL)
    return;
  client_export (app->client, format, batch->name, model->export_new_only, model->export_path->str);
}

static void
ask_overwrite (App *app)
{
  g_autofree char *text =
      g_strdup_printf (_ ("%s is there already. Replace it?"), app->model->export_path->str);

  app_confirm (app, _ ("Replace the file"), text, write_file);
}

static void
run (App *app)
{
  Model *model = app->model;

  if (!app_has_contact (app))
    return;
  if (model->run.running)
    model_notice (model, NOTICE_BAD, "%s", _ ("An export is running: wait until it has ended."));
  else if (model_selected_batch (model) == NULL)
    model_notice (model, NOTICE_BAD, "%s", _ ("No batch is chosen: choose one with F3."));
  else if (model->export_path->len == 0)
    ask_file (app);
  else if (g_file_test (model->export_path->str, G_FILE_TEST_EXISTS))
    ask_overwrite (app);
  else
    write_file (app);
}

/* ---- requests ---- */

static guint
turned (guint now, guint n, int step)
{
  return n == 0 ? 0 : (now + n + (guint)step) % n;
}

static void
turn_format (App *app, int step)
{
  app->model->export_format = turned (app->model->export_format, app->model->formats->len, step);
  app->path_typed = FALSE;
}

static void
turn_batch (App *app, int step)
{
  g_autoptr (GPtrArray) rows = model_batch_rows (app->model);
  ListPlace *place = &app->model->lists[VIEW_BATCH];

  place->selected = turned (place->selected, rows->len, step);
  app->path_typed = FALSE;
}

void
app_export_request (App *app, Request request)
{
  switch ((int)request) {
  case REQUEST_DOWN:
  case REQUEST_NEXT_FIELD:
    turn_format (app, 1);
    break;
  case REQUEST_UP:
    turn_format (app, -1);
    break;
  case REQUEST_RIGHT:
    turn_batch (app, 1);
    break;
  case REQUEST_LEFT:
    turn_batch (app, -1);
    break;
  case REQUEST_RANGE:
    app->model->export_new_only = !app->model->export_new_only;
    break;
  case REQUEST_FILE:
    ask_file (app);
    return;
  case REQUEST_RUN:
  case REQUEST_ENTER:
    run (app);
    return;
  default: /* not for exports */
    return;
  }
  app_propose_file (app);
}
