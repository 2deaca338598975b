/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a console says, by tables.
 */
#include <check.h>
#include <string.h>

#include "base/encode.h"
#include "drivers/linux/proto.h"
#include "drivers/linux/tpm-wire.h"

START_TEST (messages_are_taken_out_of_what_they_broke_into)
{
  static const struct {
    const char *raw;
    const char *clean;
  } cases[] = {
    { "abc[   12.345678] usb 1-1: x\r\ndef\r\n", "abcdef\n" },
    { "[12345.000001] x\r\nboard login: ", "board login: " },
    { "\x1b[1;32m[\x1b[0m  OK  \x1b[1m] \x1b[0mStarted x.\r\n# ", "# " },
    { "[12.34] no stamp\r\n", "[12.34] no stamp\n" },
    { "a\x1b]0;title\a\x1b(Bb\r\n", "ab\n" },
    { "caf\xc3\xa9 \xff", "caf\xc3\xa9 \xef\xbf\xbd" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *clean = linux_clean ((const guint8 *)cases[i].raw, strlen (cases[i].raw));

    ck_assert_str_eq (clean, cases[i].clean);
  }
}
END_TEST

START_TEST (what_a_console_waits_for)
{
  static const struct {
    const char *text;
    LinuxWait wait;
  } cases[] = {
    { "board login: ", LINUX_LOGIN },
    { "Last login:", LINUX_BUSY },
    { "Password: ", LINUX_PASSWORD },
    { "x\nroot@b:/# ", LINUX_SHELL },
    { "user@b:~$ ", LINUX_SHELL },
    { "keycradle# ", LINUX_OWN_SHELL },
    { "> > keycradle# ", LINUX_OWN_SHELL },
    { "=> ", LINUX_BOOT_LOADER },
    { "Please press Enter to activate this console. ", LINUX_PRESS_ENTER },
    { "Give root password for maintenance\n(or press Control-D to continue): ", LINUX_BUSY },
    { "Press Enter for maintenance", LINUX_MAINTENANCE },
    { "root@b:/# \n", LINUX_BUSY },
    { "", LINUX_BUSY },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    ck_assert_msg (linux_waits_for (cases[i].text) == cases[i].wait, "%s", cases[i].text);
}
END_TEST

START_TEST (only_whole_answers_count)
{
  g_autofree char *answer = NULL, *none = NULL;
  g_autoptr (GBytes) good = linux_bytes ("x\nF<\nTUlJ\nQg==\n>F\n", "F");
  int status = 0;

  ck_assert (linux_find_answer ("# __BEGIN:a.1\nx\n__END:a.1:3\n", "a.1", &answer, &status));
  ck_assert_str_eq (answer, "x\n");
  ck_assert_int_eq (status, 3);
  ck_assert (!linux_find_answer ("__BEGIN:a.1\nx\n__END:a.1:3", "a.1", &none, &status));
  ck_assert (!linux_find_answer ("__BEGIN:a.2\nx\n__END:a.2:3\n", "a.1", &none, &status));
  ck_assert_uint_eq (g_bytes_get_size (good), 4);
  ck_assert_ptr_null (linux_bytes ("F<\nTUlJ!\n>F\n", "F"));
  ck_assert_ptr_null (linux_bytes ("F<\nTUlJ\n", "F"));
  ck_assert (linux_is_placeholder ("0000000") && linux_is_placeholder ("Default string ")
             && !linux_is_placeholder ("00000001"));
}
END_TEST

START_TEST (only_a_whole_certification_is_taken)
{
  static const char *const bad[] = {
    "80020000000e00000000",                         /* cut off */
    "80010000001600000000000000070003616263010203", /* no sessions */
    "80020000001600000101000000070003616263010203", /* an error of the TPM */
    "80020000001600000000000000ff0003616263010203", /* more than came */
    "800200000016000000000000000700ff616263010203", /* more than counted */
    "80020000001600000000000000050003616263010203", /* no signature */
    "80020000001700000000000000070003616263010203", /* another length */
  };
  g_autoptr (GBytes) good = hex_decode ("80020000001700000000000000080003616263010203aa");
  g_autoptr (GBytes) attest = NULL, signature = NULL, none = NULL;

  ck_assert (tpm_certify_response (good, &attest, &signature));
  ck_assert_uint_eq (g_bytes_get_size (attest), 3);
  ck_assert_uint_eq (g_bytes_get_size (signature), 3);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GBytes) response = hex_decode (bad[i]);

    ck_assert_msg (!tpm_certify_response (response, &none, &none), "%s", bad[i]);
  }
}
END_TEST

START_TEST (a_public_area_has_its_length_before_it)
{
  g_autoptr (GBytes) good = hex_decode ("0003010203"), longer = hex_decode ("000301020304"),
                     empty = hex_decode ("0000");
  g_autoptr (GBytes) area = tpm_public_area (good);

  ck_assert_uint_eq (g_bytes_get_size (area), 3);
  ck_assert_ptr_null (tpm_public_area (longer));
  ck_assert_ptr_null (tpm_public_area (empty));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("drivers-linux-proto");
  TCase *tcase = tcase_create ("tables");

  tcase_add_test (tcase, messages_are_taken_out_of_what_they_broke_into);
  tcase_add_test (tcase, what_a_console_waits_for);
  tcase_add_test (tcase, only_whole_answers_count);
  tcase_add_test (tcase, only_a_whole_certification_is_taken);
  tcase_add_test (tcase, a_public_area_has_its_length_before_it);
  suite_add_tcase (suite, tcase);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}
