/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Text is text however it is cut; what can't be text is noticed at once.
 */
#include <check.h>

#include "drivers/console.h"
#include "drivers/driver.h"
#include "tests/unit/drivers/scripted.h"

#define SOON deadline_in (20000)

static char *
read_line (const char *text, gsize piece, GError **error)
{
  const Step steps[] = { { "?", text }, { 0 } };
  g_autoptr (Transport) transport = scripted_transport (steps, piece);

  ck_assert (transport_write_text (transport, "?", SOON, NULL));
  return console_read_line (transport, SOON, error);
}

START_TEST (a_line_is_the_same_however_it_is_cut)
{
  static const char text[] = "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x94\x91 end\r\nnext\n";

  for (gsize piece = 1; piece <= sizeof text; piece++) {
    g_autoptr (GError) error = NULL;
    g_autofree char *line = read_line (text, piece, &error);

    ck_assert_str_eq (line, "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x94\x91 end");
  }
}
END_TEST

START_TEST (noise_is_noticed_before_its_line_ends)
{
  static const char *const noises[] = {
    "\xff", "a\x80", "\xc3(", "OK\xe2\x82(", "\xf0\x9f\x94\x91\xfe", "\xed\xa0\x80"
  };

  for (gsize i = 0; i < G_N_ELEMENTS (noises); i++)
    for (gsize piece = 1; piece < 8; piece++) {
      g_autoptr (GError) error = NULL;

      ck_assert_ptr_null (read_line (noises[i], piece, &error));
      ck_assert (g_error_matches (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED));
    }
}
END_TEST

START_TEST (a_character_that_is_only_begun_is_waited_for)
{
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (read_line ("OK\xe2\x82", 8, &error));
  ck_assert (g_error_matches (error, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER));
}
END_TEST

START_TEST (the_bytes_behind_a_line_stay_for_the_next)
{
  static const Step steps[] = { { "?", "one\r\ntwo\nthree" }, { 0 } };
  g_autoptr (Transport) transport = scripted_transport (steps, 100);

  ck_assert (transport_write_text (transport, "?", SOON, NULL));
  g_autofree char *one = console_read_line (transport, SOON, NULL);
  g_autofree char *two = console_read_line (transport, SOON, NULL);
  ck_assert_str_eq (one, "one");
  ck_assert_str_eq (two, "two");
  ck_assert_ptr_null (console_read_line (transport, SOON, NULL));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("drivers-console");
  TCase *tcase = tcase_create ("console");

  tcase_add_test (tcase, a_line_is_the_same_however_it_is_cut);
  tcase_add_test (tcase, noise_is_noticed_before_its_line_ends);
  tcase_add_test (tcase, a_character_that_is_only_begun_is_waited_for);
  tcase_add_test (tcase, the_bytes_behind_a_line_stay_for_the_next);
  suite_add_tcase (suite, tcase);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}
