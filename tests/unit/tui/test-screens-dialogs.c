/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What stands in front of the views: every kind of dialog, and the help.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/tui/views-rig.h"
#include "ui-tui/keys.h"

static const char *const serial_choices[] = { "chip", "range", "scan", NULL };

static Model *
dialog_model (DialogKind kind, const char *title, const char *text)
{
  Model *model = sample_line (8);

  model->dialog.kind = kind;
  model->dialog.title = g_strdup (title);
  model->dialog.text = g_strdup (text);
  return model;
}

static Field *
add_field (Model *model, const char *label, const char *value)
{
  Field *field = g_new0 (Field, 1);

  if (model->dialog.fields == NULL)
    model->dialog.fields = g_ptr_array_new_with_free_func ((GDestroyNotify)field_free);
  field->label = label;
  field->value = g_string_new (value);
  g_ptr_array_add (model->dialog.fields, field);
  return field;
}

START_TEST (a_question)
{
  check_dialog ("dialog-confirm", dialog_model (DIALOG_CONFIRM, "Close batch",
                                                "Batch 240917-B has 405 of 500 units. Close it for "
                                                "good? It can't be opened again."));
}
END_TEST

START_TEST (one_field)
{
  Model *model = dialog_model (DIALOG_INPUT, "Slot off", "Why is slot 8 taken out of service?");

  add_field (model, "Reason", "pogo pin");
  check_dialog ("dialog-input", model);
}
END_TEST

START_TEST (a_text_longer_than_its_field)
{
  Model *model = dialog_model (DIALOG_INPUT, "File", "Where to?");

  add_field (model, "File",
             "/media/usb-stick-of-wang/2026/november/line-3/exports/for-the-cloud/240917-B.ndjson");
  check_dialog ("dialog-input-long", model);
}
END_TEST

START_TEST (a_supervisor_is_asked)
{
  Model *model = dialog_model (DIALOG_SUPERVISOR, "Supervisor",
                               "Pausing batch 240917-B needs the supervisor.");

  add_field (model, "Badge", "4711")->hidden = TRUE;
  add_field (model, "PIN", "12")->hidden = TRUE;
  model->dialog.field = 1;
  model->dialog.problem = g_strdup ("The badge or the PIN is wrong.");
  check_dialog ("dialog-supervisor", model);
}
END_TEST

#define FINGERPRINT "5b0f7c3e9a1d24680bdf13579ace02468bdf13579ace02468bdf13579ace0246"

START_TEST (a_second_supervisor_is_asked)
{
  Model *model = dialog_model (
      DIALOG_SUPERVISOR, "Second supervisor",
      "Request 7 waits: void device AC24-00117, certificate " FINGERPRINT
      ": fell off the bench. Another supervisor grants it within 24 hours, at the screen or with "
      "`keycradle approval grant 7`.");

  add_field (model, "Badge", "")->hidden = TRUE;
  add_field (model, "PIN", "")->hidden = TRUE;
  check_dialog ("dialog-second", model);
}
END_TEST

START_TEST (requests_are_chosen)
{
  static const char *const choices[] = { "9  accept the CA factory 2026, SHA-256 5b0f7c3e9a1d2468~",
                                         "7  void device AC24-00117, certificate 5b0f7c3e9a1d24~",
                                         NULL };
  Model *model = dialog_model (DIALOG_CHOICE, "Requests", "These wait for a second supervisor.");

  model->dialog.choices = g_strdupv ((char **)choices);
  model->dialog.field = 1;
  check_dialog ("dialog-requests", model);
}
END_TEST

START_TEST (a_secret_is_never_drawn)
{
  g_autoptr (Model) model = dialog_model (DIALOG_SUPERVISOR, "Supervisor", "Who?");
  g_autoptr (Canvas) canvas = canvas_new (24, 80, FALSE);
  g_autofree char *drawn = NULL;

  add_field (model, "Badge", "secret-badge")->hidden = TRUE;
  add_field (model, "PIN", "secret-pin")->hidden = TRUE;
  dialog_draw (model, canvas);
  drawn = canvas_to_text (canvas);
  ck_assert_ptr_null (g_strrstr (drawn, "secret"));
  ck_assert_ptr_nonnull (g_strrstr (drawn, "************"));
}
END_TEST

START_TEST (a_new_batch)
{
  Model *model = dialog_model (DIALOG_FORM, "New batch", NULL);

  add_field (model, "Name", "240918-A");
  add_field (model, "Product", "AC-24 rev C");
  add_field (model, "Profile", "aws-iot");
  add_field (model, "How many units", "500");
  add_field (model, "Serials come from", "range")->choices = serial_choices;
  add_field (model, "Prefix", "AC24-");
  add_field (model, "First", "1");
  add_field (model, "Last", "");
  add_field (model, "Pattern", "");
  model->dialog.field = 4;
  check_dialog ("dialog-form", model);
}
END_TEST

START_TEST (a_form_with_a_problem)
{
  Model *model = dialog_model (DIALOG_FORM, "New batch", "What the work order says:");

  add_field (model, "Name", "240917-B");
  add_field (model, "Product", "");
  model->dialog.problem = g_strdup ("There is a batch 240917-B already. Choose another name.");
  check_dialog ("dialog-form-problem", model);
}
END_TEST

START_TEST (a_choice)
{
  static const char *const choices[] = { "English", "Deutsch", "中文", NULL };
  Model *model = dialog_model (DIALOG_CHOICE, "Language", "Which language?");

  model->dialog.choices = g_strdupv ((char **)choices);
  model->dialog.field = 2;
  check_dialog ("dialog-choice", model);
}
END_TEST

START_TEST (waiting_for_a_device)
{
  check_dialog ("dialog-wait",
                dialog_model (DIALOG_WAIT, "Learn slot 3", "Plug a device into slot 3 now."));
}
END_TEST

START_TEST (a_message)
{
  check_dialog ("dialog-message",
                dialog_model (DIALOG_MESSAGE, "Batch done",
                              "All 500 units of batch 240917-B are done.\nTake the last units out. "
                              "The supervisor closes the batch with F3, C."));
}
END_TEST

static void
check_help (const char *name, ViewKind view, guint page)
{
  Model *model = dialog_model (DIALOG_HELP, NULL, NULL);

  model->view = view;
  model->dialog.field = page;
  check_dialog (name, model);
}

START_TEST (help_of_the_line)
{
  check_help ("help-line", VIEW_LINE, 0);
  check_help ("help-line-second", VIEW_LINE, 1);
  check_help ("help-line-third", VIEW_LINE, 2);
}
END_TEST

START_TEST (help_of_other_views)
{
  check_help ("help-batch", VIEW_BATCH, 0);
  check_help ("help-log-third", VIEW_LOG, 2);
}
END_TEST

/* The whole help, page after page, with all blanks and line ends as one blank each. */
static char *
all_pages (ViewKind view)
{
  g_autoptr (Model) model = dialog_model (DIALOG_HELP, NULL, NULL);
  g_autoptr (Canvas) canvas = canvas_new (24, 80, TRUE);
  g_autoptr (GString) pages = g_string_new (NULL);

  model->view = view;
  for (; model->dialog.field < 5; model->dialog.field++) {
    g_autofree char *page = NULL;

    canvas_clear (canvas);
    dialog_draw (model, canvas);
    page = canvas_to_text (canvas);
    g_string_append (pages, page);
  }

  g_autoptr (GRegex) blanks = g_regex_new ("[|#=\\s]+", 0, 0, NULL);
  return g_regex_replace_literal (blanks, pages->str, -1, 0, " ", 0, NULL);
}

START_TEST (every_key_is_in_the_help_of_its_view)
{
  for (ViewKind view = VIEW_LINE; view < N_VIEWS; view++) {
    g_autofree char *pages = all_pages (view);

    for (const Key *key = key_table; key->request != REQUEST_NONE; key++)
      if (key->help != NULL && (key->views & IN_VIEW (view)) != 0)
        ck_assert_msg (strstr (pages, key->help) != NULL, "view %u: no help for %s: %s", view,
                       key->key_name, key->help);
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("tui-screens-dialogs");
  TCase *cases = tcase_create ("dialogs");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_checked_fixture (cases, golden_setup, NULL);
  tcase_add_test (cases, a_question);
  tcase_add_test (cases, one_field);
  tcase_add_test (cases, a_text_longer_than_its_field);
  tcase_add_test (cases, a_supervisor_is_asked);
  tcase_add_test (cases, a_second_supervisor_is_asked);
  tcase_add_test (cases, requests_are_chosen);
  tcase_add_test (cases, a_secret_is_never_drawn);
  tcase_add_test (cases, a_new_batch);
  tcase_add_test (cases, a_form_with_a_problem);
  tcase_add_test (cases, a_choice);
  tcase_add_test (cases, waiting_for_a_device);
  tcase_add_test (cases, a_message);
  tcase_add_test (cases, help_of_the_line);
  tcase_add_test (cases, help_of_other_views);
  tcase_add_test (cases, every_key_is_in_the_help_of_its_view);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
