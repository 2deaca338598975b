/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any bytes as the records of a station (a newer one, or a broken one): the model takes what it can
 * read of them, twice, and every view draws it at any size. Nothing that could move a terminal's
 * cursor reaches the canvas, and no wide character stands there half.
 */
#include "ui-tui/record.h"
#include "ui-tui/text.h"
#include "ui-tui/view.h"

#define RECORDS "(aa{sv}aa{sv}aa{sv}aa{sv}aa{sv}aa{sv}aa{sv}a{sv}a{sv}a{sv}a{sv})"
#define N_LISTS 7

/* What the first bytes of the input decide. */
typedef struct {
  guint8 height;
  guint8 width;
  guint8 view;
  guint8 flags;
  guint8 selected;
  guint8 focus;
  guint8 dialog;
  guint8 page;
} Circumstances;

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static GVariant *
part (GVariant *records, gsize i)
{
  return g_variant_get_child_value (records, i);
}

static void
take_list (const RecordTable *table, GVariant *records, gsize i, GPtrArray **list)
{
  g_autoptr (GVariant) value = part (records, i);

  g_ptr_array_unref (*list);
  *list = record_read_list (table, value);
}

static void
take_record (const RecordTable *table, GVariant *records, gsize i, void *target)
{
  g_autoptr (GVariant) value = part (records, i);

  record_read (table, value, target);
}

static void
take_records (Model *model, GVariant *records)
{
  DeviceDetail *detail = &model->detail;

  take_list (&tile_table, records, 0, &model->tiles);
  take_list (&batch_table, records, 1, &model->batches);
  take_list (&event_table, records, 2, &model->events);
  take_list (&attempt_table, records, 3, &model->attempts);
  take_list (&export_table, records, 4, &model->exports);
  take_list (&operator_table, records, 5, &model->operators);
  take_list (&profile_table, records, 6, &model->profiles);
  take_list (&attempt_table, records, 3, &detail->attempts);
  take_record (&health_table, records, N_LISTS, &model->health);
  take_record (&device_table, records, N_LISTS + 1, detail->device);
  take_record (&certificate_table, records, N_LISTS + 2, detail->certificate);
  for (guint i = 0; i < model->tiles->len; i++)
    take_record (&tile_table, records, N_LISTS + 3, g_ptr_array_index (model->tiles, i));
}

static void
take_circumstances (Model *model, const Circumstances *all)
{
  const Dialog dialog = { .kind = all->dialog % (DIALOG_MESSAGE + 1),
                          .title = g_strdup ("Title"),
                          .text = g_strdup ("Text\nof two lines"),
                          .fields = model->dialog.fields,
                          .field = all->page };

  model->now = 1800000000 * G_TIME_SPAN_SECOND;
  model->view = all->view % N_VIEWS;
  model->focus = all->focus;
  model->page = all->page;
  model->connected = (all->flags & 1) != 0;
  model->log_attempts = (all->flags & 2) != 0;
  model->show_transcript = (all->flags & 4) != 0;
  model->locked = (all->flags & 8) != 0;
  model->transcript_top = all->selected;
  for (guint i = 0; i < N_VIEWS; i++)
    model->lists[i] = (ListPlace){ .selected = all->selected, .top = all->page };
  if (dialog.kind != DIALOG_HELP && dialog.kind != DIALOG_CONFIRM && dialog.kind != DIALOG_MESSAGE)
  {
    g_free (dialog.title);
    g_free (dialog.text);
    return;
  }
  model->dialog = dialog;
}

static void
expect_sound (const Canvas *canvas)
{
  for (int row = 0; row < canvas->height; row++)
    for (int column = 0; column < canvas->width; column++) {
      const gunichar glyph = canvas_cell (canvas, row, column).glyph;
      const gunichar before = column > 0 ? canvas_cell (canvas, row, column - 1).glyph : ' ';

      if ((glyph == 0) != (glyph_width (before) == 2))
        g_abort ();
      if (glyph != 0 && (glyph_width (glyph) == 0 || (canvas->ascii && glyph >= 0x7f)))
        g_abort ();
      if (glyph_width (glyph) == 2 && column + 1 == canvas->width)
        g_abort ();
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  const Circumstances *all = (const Circumstances *)data;

  if (size < sizeof *all)
    return 0;
  g_autoptr (Canvas) canvas = canvas_new (all->height % 80, all->width, (all->flags & 16) != 0);
  g_autoptr (GBytes) bytes = g_bytes_new (data + sizeof *all, size - sizeof *all);
  g_autoptr (GVariant) records =
      g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE (RECORDS), bytes, FALSE));
  g_autoptr (Model) model = model_new ();
  model->detail.device = g_new0 (DeviceLine, 1);
  model->detail.certificate = g_new0 (CertificateLine, 1);
  take_records (model, records);
  take_records (model, records);
  take_circumstances (model, all);
  screen_draw (model, canvas);
  expect_sound (canvas);
  return 0;
}
