/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the station says, in every language of the screen: an error without a translation, or one
 * that is too long for its tile, fails here.
 */
#include <check.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "ca/error.h"
#include "db/ledger.h"
#include "drivers/driver.h"
#include "station/error.h"
#include "station/reason.h"
#include "station/step.h"
#include "ui-tui/language.h"
#include "ui-tui/refusals.h"
#include "ui-tui/text.h"
#include "ui-tui/view.h"

static void
begin (void)
{
  setlocale (LC_ALL, "C.UTF-8");
  language_init (LOCALE_FOLDER);
}

/* Every word that reason_word() can give. */
static GPtrArray *
all_reasons (void)
{
  GPtrArray *words = g_ptr_array_new ();

  for (guint code = 0; code <= DRIVER_ERROR_INTERNAL; code++)
    g_ptr_array_add (words, (gpointer)driver_error_word ((DriverError)code));
  for (guint code = 0; code < N_STATION_ERRORS; code++)
    g_ptr_array_add (words, (gpointer)station_error_word ((StationError)code));
  for (guint code = 0; code <= CA_ERROR_INTERNAL; code++)
    g_ptr_array_add (words, (gpointer)ca_error_word ((CaError)code));
  for (guint code = 0; code <= LEDGER_ERROR_INVALID; code++)
    g_ptr_array_add (words, (gpointer)ledger_error_word ((LedgerError)code));
  return words;
}

START_TEST (what_to_do_with_a_unit_is_said_in_every_language)
{
  g_autoptr (GPtrArray) reasons = all_reasons ();

  for (const Language *language = languages + 1; language->code != NULL; language++) {
    language_use (language->code, FALSE);
    for (guint i = 0; i < reasons->len; i++) {
      const char *text = reason_operator_text (reasons->pdata[i]);

      ck_assert_msg (!g_str_equal (_ (text), text), "po/%s.po: '%s' is not translated (reason %s)",
                     language->code, text, (const char *)reasons->pdata[i]);
    }
  }
}
END_TEST

START_TEST (what_is_wrong_fits_into_a_tile_of_sixteen_in_every_language)
{
  g_autoptr (GPtrArray) reasons = all_reasons ();

  for (const Language *language = languages + 1; language->code != NULL; language++) {
    language_use ("en", FALSE);
    g_autoptr (GPtrArray) english = g_ptr_array_new_with_free_func (g_free);

    for (guint i = 0; i < reasons->len; i++)
      g_ptr_array_add (english, g_strdup (reason_label (reasons->pdata[i], NULL)));
    language_use (language->code, FALSE);
    for (guint i = 0; i < reasons->len; i++) {
      const char *label = reason_label (reasons->pdata[i], NULL);

      ck_assert_msg (!g_str_equal (label, english->pdata[i]), "po/%s.po: '%s' is not translated",
                     language->code, label);
      ck_assert_msg (text_width (label) <= 18, "po/%s.po: '%s' has more than 18 columns",
                     language->code, label);
    }
  }
}
END_TEST

START_TEST (a_step_fits_into_a_tile_of_forty_in_every_language)
{
  for (const Language *language = languages + 1; language->code != NULL; language++) {
    language_use (language->code, FALSE);
    for (guint step = 0; step < N_STEPS; step++) {
      g_autofree char *text =
          g_strdup_printf ("%s %u/%u", step_label (step_word ((Step)step)), step + 1, N_STEPS);

      ck_assert_msg (text_width (text) <= 15, "po/%s.po: '%s' has more than 15 columns",
                     language->code, text);
    }
  }
}
END_TEST

START_TEST (pass_and_fail_are_short_enough_to_be_large_in_a_tile_of_sixteen)
{
  for (const Language *language = languages; language->code != NULL; language++) {
    language_use (language->code, FALSE);
    ck_assert_int_le (text_width (tile_state_label (TILE_PASS)), 4);
    ck_assert_int_le (text_width (tile_state_label (TILE_FAIL)), 4);
  }
}
END_TEST

/* ---- refusals ---- */

static void
must_become (const char *language, const char *english, const char *expected)
{
  language_use (language, FALSE);
  g_autofree char *words = refusal_translated (english);

  ck_assert_str_eq (words, expected);
}

START_TEST (a_refusal_keeps_its_names_in_another_language)
{
  must_become ("de", "slot 12 is working already", "Platz 12 arbeitet schon");
  must_become ("de",
               "serial A is it the 1 does not fit the batch's pattern AC-[0-9]+: is it the "
               "right label, and the right batch?",
               "Seriennummer A is it the 1 passt nicht zum Muster AC-[0-9]+ des Auftrags: ist es "
               "das richtige Etikett und der richtige Auftrag?");
  must_become ("de", "there is no batch %s $1 \\1 .*", "es gibt keinen Auftrag %s $1 \\1 .*");
}
END_TEST

START_TEST (a_refusal_translates_the_words_in_it)
{
  must_become ("de",
               "VoidDevice needs the role supervisor (group keycradle-supervisor); you are "
               "operator. Ask one of that group to do it, or have a supervisor's badge allow it "
               "here.",
               "VoidDevice verlangt die Rolle Aufsicht (Gruppe keycradle-supervisor); angemeldet "
               "ist: Bediener. Jemanden aus dieser Gruppe darum bitten oder hier den Ausweis der "
               "Aufsicht scannen.");
}
END_TEST

START_TEST (a_refusal_that_is_not_known_stays_english_and_says_so)
{
  must_become ("de", "the moon is in the wrong house",
               "Die Station sagt (englisch): the moon is in the wrong house");
  must_become ("en", "the moon is in the wrong house", "the moon is in the wrong house");
}
END_TEST

START_TEST (english_stays_as_the_daemon_said_it)
{
  must_become ("en", "slot 12 is working already", "slot 12 is working already");
  must_become ("en", "/tmp/a: b can't be written: No space left on device.",
               "/tmp/a: b can't be written: No space left on device.");
  must_become ("en", "", "");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("tui-translations");
  TCase *cases = tcase_create ("translations");
  SRunner *runner;
  int failed;

  tcase_add_checked_fixture (cases, begin, NULL);
  tcase_add_test (cases, what_to_do_with_a_unit_is_said_in_every_language);
  tcase_add_test (cases, what_is_wrong_fits_into_a_tile_of_sixteen_in_every_language);
  tcase_add_test (cases, a_step_fits_into_a_tile_of_forty_in_every_language);
  tcase_add_test (cases, pass_and_fail_are_short_enough_to_be_large_in_a_tile_of_sixteen);
  tcase_add_test (cases, a_refusal_keeps_its_names_in_another_language);
  tcase_add_test (cases, a_refusal_translates_the_words_in_it);
  tcase_add_test (cases, a_refusal_that_is_not_known_stays_english_and_says_so);
  tcase_add_test (cases, english_stays_as_the_daemon_said_it);
  suite_add_tcase (suite, cases);
  runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
