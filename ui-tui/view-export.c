/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The file with which a batch is registered: which batch, in which format, which units, into which
 * file; how the writing goes; and what to type next on the engineer's PC.
 */
#include "ui-tui/export-formats.h"
#include "ui-tui/language.h"
#include "ui-tui/parts.h"
#include "ui-tui/text.h"
#include "ui-tui/view.h"

#define NAME_COLUMNS 13
#define BAR_COLUMNS 30
#define FORMAT_ROWS 5

static const Column export_columns[] = {
  { N_ ("When"), 16, FALSE, 0, FALSE },  { N_ ("Batch"), 0, FALSE, 0, FALSE },
  { N_ ("Format"), 8, FALSE, 0, FALSE }, { N_ ("Range"), 8, FALSE, 60, FALSE },
  { N_ ("Rows"), 7, TRUE, 0, FALSE },    { N_ ("Size"), 9, TRUE, 90, FALSE },
  { N_ ("By"), 10, FALSE, 100, FALSE },  { N_ ("SHA-256"), 19, FALSE, 120, FALSE },
  { NULL, 0, FALSE, 0, FALSE },
};

static const char *
use_of_format (const char *name)
{
  const ExportFormat *format = export_format_find (name);

  return format != NULL ? _ (format->use) : "";
}

/* ---- what will be written ---- */

/* A few of them stand there, the chosen one among them. */
static guint
first_format (const Model *model)
{
  const guint most = model->formats->len - MIN (model->formats->len, FORMAT_ROWS);
  const guint before = FORMAT_ROWS / 2;

  return MIN (model->export_format - MIN (model->export_format, before), most);
}

static guint
end_of_formats (const Model *model)
{
  return MIN (first_format (model) + FORMAT_ROWS, model->formats->len);
}

static int
draw_formats (Canvas *canvas, Area area, int row, const Model *model)
{
  canvas_printf (canvas, area, row++, 1, -1, STYLE_QUIET, _ ("Format (%s and %s choose)"),
                 key_name (REQUEST_UP), key_name (REQUEST_DOWN));
  for (guint i = first_format (model); i < end_of_formats (model); i++, row++) {
    const char *format = g_ptr_array_index (model->formats, i);
    const gboolean chosen = i == model->export_format;

    canvas_text (canvas, area, row, 2, -1, STYLE_NORMAL, chosen ? "(*)" : "( )");
    canvas_text (canvas, area, row, 6, NAME_COLUMNS, STYLE_STRONG, format);
    canvas_text (canvas, area, row, 6 + NAME_COLUMNS, -1, STYLE_NORMAL, use_of_format (format));
    if (chosen && row < area.height)
      canvas_paint (canvas, (Area){ area.row + row, area.column, 1, area.width }, STYLE_SELECTED);
  }
  return row;
}

/* What the station counted for this batch and format; NULL until it has. */
static const FormatCount *
find_count (const Model *model, const BatchLine *batch)
{
  const char *format = model_chosen_format (model);

  for (guint i = 0; i < model->counts->len; i++) {
    const FormatCount *count = g_ptr_array_index (model->counts, i);

    if (g_strcmp0 (count->batch, batch->name) == 0 && g_strcmp0 (count->format, format) == 0)
      return count;
  }
  return NULL;
}

static char *
range_words (const Model *model, const BatchLine *batch)
{
  const FormatCount *count = find_count (model, batch);
  const guint units = count != NULL ? (guint)count->units : batch->passed;

  if (!model->export_new_only)
    return g_strdup_printf (
        ngettext ("all: %u unit with a certificate", "all: %u units with a certificate", units),
        units);
  if (count == NULL)
    return g_strdup (_ ("only what no export in this format had"));
  return g_strdup_printf (ngettext ("only what no export in this format had: %u unit",
                                    "only what no export in this format had: %u units",
                                    (gulong)count->new_units),
                          (guint)count->new_units);
}

static int
draw_order (Canvas *canvas, Area area, int row, const Model *model, const BatchLine *batch)
{
  g_autofree char *range = range_words (model, batch);
  g_autofree char *range_key =
      g_strdup_printf (_ ("%s (%s changes it)"), range, key_name (REQUEST_RANGE));
  const char *path = model->export_path->len > 0 ? model->export_path->str : _ ("no file yet");
  g_autofree char *file_key =
      g_strdup_printf (_ ("%s (%s changes it)"), path, key_name (REQUEST_FILE));
  const Fact facts[] = {
    { _ ("Range"), range_key },
    { _ ("File"), file_key },
    { NULL, NULL },
  };

  return row + facts_draw (canvas, area, row, facts);
}

/* ---- how it goes ---- */

static char *
running_words (const Model *model)
{
  const ExportRun *run = &model->run;
  const gint64 taken = MAX (model->now - run->started_at, 1);
  const guint64 rate = (guint64)((double)run->rows * G_USEC_PER_SEC / (double)taken);
  const guint64 left = run->total > run->rows ? run->total - run->rows : 0;
  g_autofree char *rows_text = g_strdup_printf ("%" G_GUINT64_FORMAT, run->rows);
  g_autofree char *total = g_strdup_printf ("%" G_GUINT64_FORMAT, run->total);
  g_autofree char *rate_text = g_strdup_printf ("%" G_GUINT64_FORMAT, rate);
  g_autofree char *time = duration_words (rate > 0 ? (gint64)(left * G_USEC_PER_SEC / rate) : 0);

  if (run->rows == 0 || rate == 0)
    return g_strdup_printf (_ ("%s of %s rows"), rows_text, total);
  return g_strdup_printf (_ ("%s of %s rows, %s a second, %s left"), rows_text, total, rate_text,
                          time);
}

static void
draw_running (Canvas *canvas, Area area, int row, const Model *model)
{
  g_autofree char *words = running_words (model);
  const int width = CLAMP (area.width - text_width (words) - 4, 0, BAR_COLUMNS);

  if (width >= 8)
    canvas_bar (canvas, area, row, 1, width, model->run.rows, model->run.total, STYLE_WORKING);
  canvas_text (canvas, area, row, width >= 8 ? width + 2 : 1, -1, STYLE_STRONG, words);
}

static char *
omitted_words (const ExportRun *run)
{
  const guint omitted = (guint)MIN (run->omitted, G_MAXINT);

  if (omitted == 0)
    return NULL;
  return g_strdup_printf (
      ngettext ("%u unit, because the cloud would refuse it; 'keycradle export' names it",
                "%u units, because the cloud would refuse them; 'keycradle export' names them",
                omitted),
      omitted);
}

static int
draw_result (Canvas *canvas, Area area, int row, const Model *model)
{
  const ExportRun *run = &model->run;
  const guint written = (guint)MIN (run->rows, G_MAXINT);
  g_autofree char *size = bytes_words (run->bytes);
  g_autofree char *took = duration_words (run->ended_at - run->started_at);
  g_autofree char *rows_text = g_strdup_printf (
      ngettext ("%u row, %s, in %s", "%u rows, %s, in %s", written), written, size, took);
  g_autofree char *omitted = omitted_words (run);
  const Fact facts[] = {
    { _ ("DONE"), run->path },
    { _ ("Written"), rows_text },
    { _ ("Left out"), omitted },
    { _ ("SHA-256"), run->sha256 },
    { NULL, NULL },
  };

  return row + facts_draw (canvas, area, row, facts);
}

/* Returns the row behind it. */
static int
draw_run (Canvas *canvas, Area area, int row, const Model *model)
{
  const ExportRun *run = &model->run;

  if (run->running) {
    draw_running (canvas, area, row, model);
    return row + 1;
  }
  if (run->problem != NULL) {
    canvas_text (canvas, area, row, 1, -1, STYLE_ALARM, _ ("NOT WRITTEN"));
    return row + 1
           + canvas_paragraph (canvas, area_right (area, 1), row + 1, STYLE_NORMAL, run->problem);
  }
  if (run->ended_at != 0)
    return draw_result (canvas, area, row, model);
  canvas_printf (canvas, area, row, 1, -1, STYLE_ATTENTION, _ ("%s writes the file."),
                 key_name (REQUEST_RUN));
  return row + 1;
}

/* ---- afterwards ---- */

static char *
next_command (const Model *model)
{
  const char *path = model->export_path->len > 0 ? model->export_path->str : "FILE";
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *name = g_shell_quote (base);
  g_autofree char *uri = g_strdup_printf ("file://%s.template.json", base);
  g_autofree char *template = g_shell_quote (uri);

  if (g_strcmp0 (model_chosen_format (model), "aws") == 0)
    return g_strdup_printf ("aws s3 cp %s s3://BUCKET/ && aws iot start-thing-registration-task "
                            "--template-body %s --input-file-bucket BUCKET --input-file-key %s "
                            "--role-arn arn:aws:iam::ACCOUNT:role/ROLE",
                            name, template, name);
  return g_strdup_printf ("keycradle manifest verify %s", name);
}

static int
draw_next (Canvas *canvas, Area area, int row, const Model *model)
{
  const gboolean aws = g_strcmp0 (model_chosen_format (model), "aws") == 0;
  g_autofree char *command = next_command (model);

  heading_draw (canvas, area, row++, _ ("Next"), NULL);
  row += canvas_paragraph (canvas, area_right (area, 1), row, STYLE_QUIET,
                           aws ? _ ("On the engineer's PC, with BUCKET, ACCOUNT and ROLE your own:")
                               : _ ("Whoever gets the file can have it checked at this station:"));
  return row + canvas_paragraph (canvas, area_right (area, 1), row, STYLE_STRONG, command);
}

static void
draw_exports (Canvas *canvas, Area area, const Model *model)
{
  if (area.height < 3)
    return;
  heading_draw (canvas, area, 0, _ ("Earlier exports"), NULL);
  if (model->exports->len == 0) {
    canvas_text (canvas, area, 1, 1, -1, STYLE_QUIET, _ ("Nothing was exported yet."));
    return;
  }
  table_head (canvas, area, 1, export_columns);
  for (guint i = 0; i < model->exports->len && 2 + (int)i < area.height; i++) {
    const ExportLine *line = g_ptr_array_index (model->exports, i);
    g_autofree char *when = when_words (line->at, model->now);
    g_autofree char *rows_text = g_strdup_printf ("%" G_GUINT64_FORMAT, line->rows);
    g_autofree char *size = bytes_words (line->bytes);
    const char *const texts[] = {
      when,      line->batch, line->format,          line->new_only ? _ ("new") : _ ("all"),
      rows_text, size,        or_dash (line->actor), line->sha256,
    };

    table_row (canvas, area, 2 + (int)i, export_columns, FALSE, texts);
  }
}

static void
draw (Model *model, Canvas *canvas, Area area)
{
  const BatchLine *batch = model_selected_batch (model);
  g_autofree char *title = NULL;
  g_autofree char *change =
      g_strdup_printf (_ ("%s chooses another batch"), key_name (REQUEST_BATCH));
  int row;

  if (batch == NULL) {
    canvas_printf (canvas, area, 1, 1, -1, STYLE_ATTENTION,
                   _ ("There is no batch to export. %s shows the batches."),
                   key_name (REQUEST_BATCH));
    draw_exports (canvas, area_below (area, 3), model);
    return;
  }
  title =
      g_strdup_printf (_ ("Export batch %s (%s)"), batch->name, batch_state_label (batch->state));
  heading_draw (canvas, area, 0, title, change);
  row = draw_formats (canvas, area, 1, model);
  row = draw_order (canvas, area, row, model, batch);
  row = draw_run (canvas, area, row, model);
  row = draw_next (canvas, area, row, model);
  draw_exports (canvas, area_below (area, row), model);
}

static guint
rows (const Model *model)
{
  return model->formats->len;
}

const View view_export = { VIEW_EXPORT, "export", draw, rows };
