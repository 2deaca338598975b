/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See model.h. Structs of the daemon's records are read and freed by record.c's tables.
 */
#include "ui-tui/model.h"

#include <string.h>

#include "ui-tui/record.h"

/* Fewer units, or less time, tell no rate. */
#define FEW_UNITS 3
#define SHORT_TIME G_TIME_SPAN_MINUTE

#define NOTICE_SECONDS 6
#define BAD_NOTICE_SECONDS 12

Model *
model_new (void)
{
  Model *model = g_new0 (Model, 1);

  model->tiles = g_ptr_array_new_with_free_func (tile_table.free);
  model->batches = g_ptr_array_new_with_free_func (batch_table.free);
  model->events = g_ptr_array_new_with_free_func (event_table.free);
  model->attempts = g_ptr_array_new_with_free_func (attempt_table.free);
  model->exports = g_ptr_array_new_with_free_func (export_table.free);
  model->counts = g_ptr_array_new_with_free_func (count_table.free);
  model->operators = g_ptr_array_new_with_free_func (operator_table.free);
  model->profiles = g_ptr_array_new_with_free_func (profile_table.free);
  model->formats = g_ptr_array_new_with_free_func (g_free);
  model->detail.attempts = g_ptr_array_new_with_free_func (attempt_table.free);
  model->export_path = g_string_new (NULL);
  model->scan = g_string_new (NULL);
  model->follow = TRUE;
  model->language = "en";
  return model;
}

static void
free_lists (Model *model)
{
  g_ptr_array_unref (model->tiles);
  g_ptr_array_unref (model->batches);
  g_ptr_array_unref (model->events);
  g_ptr_array_unref (model->attempts);
  g_ptr_array_unref (model->exports);
  g_ptr_array_unref (model->counts);
  g_ptr_array_unref (model->operators);
  g_ptr_array_unref (model->profiles);
  g_ptr_array_unref (model->formats);
}

static void
free_screen (Model *model)
{
  for (guint i = 0; i < N_VIEWS; i++)
    g_free (model->lists[i].filter);
  dialog_clear (&model->dialog);
  g_string_free (model->export_path, TRUE);
  g_string_free (model->scan, TRUE);
  g_free (model->last_scan);
  g_free (model->notice);
}

void
model_free (Model *model)
{
  free_lists (model);
  free_screen (model);
  health_clear (&model->health);
  device_detail_clear (&model->detail);
  g_free (model->run.path);
  g_free (model->run.problem);
  g_free (model->run.sha256);
  g_free (model->disconnected_because);
  g_free (model);
}

void
device_detail_clear (DeviceDetail *detail)
{
  g_clear_pointer (&detail->wanted, g_free);
  g_clear_pointer (&detail->problem, g_free);
  g_clear_pointer (&detail->device, device_line_free);
  g_clear_pointer (&detail->certificate, certificate_line_free);
  g_clear_pointer (&detail->attempts, g_ptr_array_unref);
}

/* A PIN may have stood in it. */
static void
forget_value (GString *value)
{
  explicit_bzero (value->str, value->allocated_len);
  g_string_free (value, TRUE);
}

void
field_free (Field *field)
{
  forget_value (field->value);
  g_free (field);
}

void
dialog_clear (Dialog *dialog)
{
  g_free (dialog->title);
  g_free (dialog->text);
  g_free (dialog->problem);
  g_strfreev (dialog->choices);
  g_clear_pointer (&dialog->fields, g_ptr_array_unref);
  *dialog = (Dialog){ .kind = DIALOG_NONE };
}

/* ---- finding ---- */

Tile *
model_tile (const Model *model, guint number)
{
  for (guint i = 0; i < model->tiles->len; i++) {
    Tile *tile = g_ptr_array_index (model->tiles, i);

    if (tile->number == number)
      return tile;
  }
  return NULL;
}

static BatchLine *
find_batch (const Model *model, const char *name, int (*compare) (const char *one, const char *two))
{
  for (guint i = 0; name != NULL && i < model->batches->len; i++) {
    BatchLine *batch = g_ptr_array_index (model->batches, i);

    if (batch->name != NULL && compare (batch->name, name) == 0)
      return batch;
  }
  return NULL;
}

BatchLine *
model_batch (const Model *model, const char *name)
{
  return find_batch (model, name, strcmp);
}

BatchLine *
model_batch_as_typed (const Model *model, const char *name)
{
  BatchLine *batch = find_batch (model, name, strcmp);

  return batch != NULL ? batch : find_batch (model, name, g_ascii_strcasecmp);
}

gboolean
batch_is_done (const BatchLine *batch)
{
  return batch->target > 0 && batch->passed >= batch->target;
}

BatchLine *
model_running_batch (const Model *model)
{
  for (guint i = 0; i < model->batches->len; i++) {
    BatchLine *batch = g_ptr_array_index (model->batches, i);

    if (g_strcmp0 (batch->state, "running") == 0)
      return batch;
  }
  return NULL;
}

static gpointer
nth (GPtrArray *rows, guint index)
{
  return rows != NULL && index < rows->len ? g_ptr_array_index (rows, index) : NULL;
}

const char *
model_chosen_format (const Model *model)
{
  return model->export_format < model->formats->len
             ? g_ptr_array_index (model->formats, model->export_format)
             : NULL;
}

guint
batch_units_per_hour (const BatchLine *batch, gint64 now)
{
  const gint64 measured = now - batch->pace_since;

  if (batch->pace_since == 0 || batch->pace_passed < FEW_UNITS || measured < SHORT_TIME)
    return 0;
  return (guint)MIN ((double)batch->pace_passed * G_TIME_SPAN_HOUR / (double)measured + 0.5,
                     (double)G_MAXUINT);
}

BatchLine *
model_selected_batch (const Model *model)
{
  g_autoptr (GPtrArray) rows = model_batch_rows (model);

  return nth (rows, model->lists[VIEW_BATCH].selected);
}

AttemptLine *
model_selected_attempt (const Model *model)
{
  return nth (model->detail.attempts, model->lists[VIEW_DEVICE].selected);
}

/* ---- lists and their filters ---- */

static const char *
or_empty (const char *text)
{
  return text != NULL ? text : "";
}

static gboolean
word_is_in (const char *folded_word, const char *const *texts)
{
  for (; *texts != NULL; texts++) {
    g_autofree char *folded = g_utf8_casefold (*texts, -1);

    if (strstr (folded, folded_word) != NULL)
      return TRUE;
  }
  return FALSE;
}

gboolean
filter_matches (const char *filter, const char *const *texts)
{
  if (filter == NULL || *filter == '\0')
    return TRUE;

  g_autofree char *folded = g_utf8_casefold (filter, -1);
  g_auto (GStrv) words = g_strsplit_set (folded, " \t", -1);

  for (char **word = words; *word != NULL; word++)
    if (!word_is_in (*word, texts))
      return FALSE;
  return TRUE;
}

gboolean
model_has_filter (const Model *model)
{
  const char *filter = model->lists[model->view].filter;

  return model->filtering || (filter != NULL && *filter != '\0');
}

static gboolean
batch_passes (const BatchLine *batch, const char *filter)
{
  const char *const texts[] = { or_empty (batch->name), or_empty (batch->product),
                                or_empty (batch->profile), or_empty (batch->state), NULL };

  return filter_matches (filter, texts);
}

GPtrArray *
model_batch_rows (const Model *model)
{
  GPtrArray *rows = g_ptr_array_new ();

  for (guint i = 0; i < model->batches->len; i++) {
    BatchLine *batch = g_ptr_array_index (model->batches, i);

    if (batch_passes (batch, model->lists[VIEW_BATCH].filter))
      g_ptr_array_add (rows, batch);
  }
  return rows;
}

static gboolean
event_passes (const EventLine *event, const char *filter)
{
  const char *const texts[] = { or_empty (event->actor), or_empty (event->kind),
                                or_empty (event->subject), or_empty (event->detail), NULL };

  return filter_matches (filter, texts);
}

static gboolean
attempt_passes (const AttemptLine *attempt, const char *filter)
{
  const char *const texts[] = { or_empty (attempt->device), or_empty (attempt->batch),
                                or_empty (attempt->slot),   or_empty (attempt->driver),
                                or_empty (attempt->result), or_empty (attempt->reason),
                                or_empty (attempt->step),   or_empty (attempt->operator_name),
                                or_empty (attempt->detail), NULL };

  return filter_matches (filter, texts);
}

GPtrArray *
model_log_rows (const Model *model)
{
  GPtrArray *rows = g_ptr_array_new ();
  GPtrArray *all = model->log_attempts ? model->attempts : model->events;
  const char *filter = model->lists[VIEW_LOG].filter;

  for (guint i = 0; i < all->len; i++) {
    gpointer row = g_ptr_array_index (all, i);

    if (model->log_attempts ? attempt_passes (row, filter) : event_passes (row, filter))
      g_ptr_array_add (rows, row);
  }
  return rows;
}

void
list_keep_in_sight (ListPlace *place, guint rows, guint visible)
{
  if (rows == 0 || visible == 0) {
    place->selected = place->top = 0;
    return;
  }
  place->selected = MIN (place->selected, rows - 1);
  if (place->selected < place->top)
    place->top = place->selected;
  if (place->selected >= place->top + visible)
    place->top = place->selected - visible + 1;
  place->top = MIN (place->top, rows > visible ? rows - visible : 0);
}

void
model_notice (Model *model, NoticeKind kind, const char *format, ...)
{
  const int seconds = kind == NOTICE_BAD ? BAD_NOTICE_SECONDS : NOTICE_SECONDS;
  va_list arguments;

  g_free (model->notice);
  va_start (arguments, format);
  model->notice = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  model->notice_kind = kind;
  model->notices++;
  model->notice_until = model->now + seconds * G_USEC_PER_SEC;
}
