/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every view and dialog in terminals of any size, with every kind of content: nothing may crash,
 * and in ASCII nothing else may come out.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/rounds.h"
#include "tests/unit/tui/views-rig.h"

static const View *const views[] = { &view_batch, &view_device, &view_ca,
                                     &view_log,   &view_export, &view_slots };

typedef Model *(*Sample) (guint slots);

static Model *
sample_empty (guint slots)
{
  return model_new ();
}

static Model *
sample_no_batches (guint slots)
{
  return sample_no_batch (slots, NULL);
}

static const Sample samples[] = { sample_line,    sample_unhealthy, sample_wide,
                                  sample_hostile, sample_empty,     sample_no_batches };

static void
must_be_ascii (const Canvas *canvas)
{
  g_autofree char *text = canvas_to_text (canvas);

  for (const char *byte = text; *byte != '\0'; byte++)
    ck_assert_msg ((guchar)*byte < 0x80, "not ASCII in:\n%s", text);
}

static void
draw_view (const View *view, Model *model, int width, int height, gboolean ascii)
{
  g_autoptr (Canvas) canvas = canvas_new (height, width, ascii);

  model->view = view->kind;
  view->draw (model, canvas, canvas_area (canvas));
  view->rows (model);
  if (ascii)
    must_be_ascii (canvas);
}

static void
draw_dialog (DialogKind kind, Model *model, int width, int height, gboolean ascii)
{
  g_autoptr (Canvas) canvas = canvas_new (height, width, ascii);

  model->dialog.kind = kind;
  dialog_draw (model, canvas);
  ck_assert_int_lt (canvas->cursor_row, height);
  ck_assert_int_lt (canvas->cursor_column, width);
  if (ascii)
    must_be_ascii (canvas);
}

static void
fill_dialog (Model *model, guint fields)
{
  static const char *const choices[] = { "English", "中文", "", NULL };

  model->dialog.title = g_strdup ("A title 标题");
  model->dialog.text =
      g_strdup ("Some text that is longer than most.\n\nAnd a second part 第二部分.");
  model->dialog.problem = g_strdup ("There is a problem with this, and it needs words.");
  model->dialog.choices = g_strdupv ((char **)choices);
  model->dialog.fields = g_ptr_array_new_with_free_func ((GDestroyNotify)field_free);
  for (guint i = 0; i < fields; i++) {
    Field *field = g_new0 (Field, 1);

    field->label = "Label";
    field->value = g_string_new (i % 2 == 0 ? "" : "value 值 that is quite long for what it is");
    field->hidden = i % 3 == 0;
    g_ptr_array_add (model->dialog.fields, field);
  }
  model->dialog.field = fields;
}

/* Brief, each size is of every third view, the next size of the next one. */
static guint
one_of (void)
{
  return rounds_of (1, 3);
}

static gsize
first_view (int size)
{
  return (gsize)size % one_of ();
}

START_TEST (views_of_any_size_hold)
{
  const int higher = (int)rounds_of (1, 3);

  for (gsize sample = 0; sample < G_N_ELEMENTS (samples); sample++) {
    g_autoptr (Model) model = samples[sample](9);

    for (int height = 0; height <= 80; height += height < 20 ? higher : 15)
      for (int width = 1; width <= 250; width += width < 20 ? 5 : 37)
        for (gsize view = first_view (height + width); view < G_N_ELEMENTS (views);
             view += one_of ())
          draw_view (views[view], model, width, height, (height + width) % 2 == 0);
  }
}
END_TEST

START_TEST (views_with_filter_transcript_and_selection_hold)
{
  for (gsize sample = 0; sample < G_N_ELEMENTS (samples); sample++) {
    g_autoptr (Model) model = samples[sample](9);

    model->filtering = model->show_transcript = model->log_attempts = TRUE;
    model->focus = 9;
    model->export_format = model->transcript_top = G_MAXUINT;
    model->run.running = TRUE;
    for (guint i = 0; i < N_VIEWS; i++)
      model->lists[i].selected = model->lists[i].top = G_MAXUINT;
    for (int height = 5; height <= 80; height += 15)
      for (int width = 20; width <= 250; width += 46)
        for (gsize view = first_view (height + width); view < G_N_ELEMENTS (views);
             view += one_of ())
          draw_view (views[view], model, width, height, (height + width) % 2 == 0);
  }
}
END_TEST

START_TEST (dialogs_of_any_size_hold)
{
  const int higher = (int)rounds_of (1, 3);
  const int wider = (int)rounds_of (4, 9);

  for (guint fields = 0; fields <= 12; fields += 4) {
    g_autoptr (Model) model = sample_wide (9);

    fill_dialog (model, fields);
    for (DialogKind kind = DIALOG_NONE; kind <= DIALOG_MESSAGE; kind++)
      for (int height = 1; height <= 80; height += height < 20 ? higher : 15)
        for (int width = 1; width <= 250; width += width < 40 ? wider : 42)
          draw_dialog (kind, model, width, height, (height + width) % 2 == 0);
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("tui-screens-sizes");
  TCase *cases = tcase_create ("sizes");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (cases, 60);
  tcase_add_checked_fixture (cases, golden_setup, NULL);
  tcase_add_test (cases, views_of_any_size_hold);
  tcase_add_test (cases, views_with_filter_transcript_and_selection_hold);
  tcase_add_test (cases, dialogs_of_any_size_hold);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
