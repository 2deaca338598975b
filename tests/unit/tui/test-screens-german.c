/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The screen in German: words longer than the English ones, and umlauts where there are none.
 */
#include <check.h>
#include <stdlib.h>

#include "tests/unit/tui/golden.h"
#include "tests/unit/tui/samples.h"
#include "ui-tui/language.h"

static void
begin (void)
{
  golden_setup ();
  language_init (LOCALE_FOLDER);
  ck_assert_str_eq (language_use ("de", FALSE), "de");
}

/* On a line's terminal, with and without umlauts. */
static void
check_screen (const char *name, Model *model)
{
  g_autofree char *with = g_strconcat (name, "-80x24", NULL);
  g_autofree char *without = g_strconcat (name, "-80x24-ascii", NULL);

  language_use ("de", FALSE);
  golden_check (with, model, 80, 24, GOLDEN_UTF8);
  language_use ("de", TRUE);
  golden_check (without, model, 80, 24, GOLDEN_ASCII);
  model_free (model);
}

START_TEST (a_line_at_work)
{
  check_screen ("german-line-4", sample_line (4));
  check_screen ("german-line-8", sample_line (8));
  check_screen ("german-line-16", sample_line (16));
}
END_TEST

START_TEST (a_line_that_waits_for_somebody)
{
  check_screen ("german-done-8", sample_batch_done (8));
  check_screen ("german-no-batch-8", sample_no_batch (8, "created"));
  check_screen ("german-locked-8", sample_locked (8));
  check_screen ("german-gone-8", sample_disconnected (8));
  check_screen ("german-unhealthy-8", sample_unhealthy (8));
}
END_TEST

static void
check_view_in_german (const char *name, ViewKind view)
{
  Model *model = sample_line (8);

  model->view = view;
  check_screen (name, model);
}

START_TEST (batch_and_export)
{
  check_view_in_german ("german-batch", VIEW_BATCH);
  check_view_in_german ("german-export", VIEW_EXPORT);
}
END_TEST

START_TEST (the_help)
{
  for (guint page = 0; page < 2; page++) {
    g_autofree char *name = g_strdup_printf ("german-help-%u", page + 1);
    Model *model = sample_line (8);

    model->dialog.kind = DIALOG_HELP;
    model->dialog.field = page;
    check_screen (name, model);
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("tui-screens-german");
  TCase *cases = tcase_create ("german");
  SRunner *runner;
  int failed;

  tcase_add_checked_fixture (cases, begin, NULL);
  tcase_add_test (cases, a_line_at_work);
  tcase_add_test (cases, a_line_that_waits_for_somebody);
  tcase_add_test (cases, batch_and_export);
  tcase_add_test (cases, the_help);
  suite_add_tcase (suite, cases);
  runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
