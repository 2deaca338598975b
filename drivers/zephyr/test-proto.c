/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The screen that answers are read from, and the words on it.
 */
#include <check.h>

#include "drivers/zephyr/proto.h"
#include "drivers/zephyr/screen.h"

#define PROMPT "\x1b[1;32muart:~$ \x1b[m"
#define LOG "[00:00:01.234,567] \x1b[0m<err> net: Error: CSR: none\x1b[0m\r\n"

/* ---- the screen ---- */

static ZephyrScreen *
screen_of (const char *text, gsize piece)
{
  ZephyrScreen *screen = zephyr_screen_new ();
  gsize length = strlen (text);

  for (gsize at = 0; at < length; at += piece)
    zephyr_screen_feed (screen, (const guint8 *)text + at, MIN (piece, length - at));
  return screen;
}

START_TEST (only_a_fresh_prompt_is_one)
{
  static const struct {
    const char *text;
    gboolean prompt;
    gboolean other;
  } cases[] = {
    { "uart:~$ ", TRUE, FALSE },
    { "\r\n" PROMPT, TRUE, FALSE },
    { "\r\nmosh:~$ ", TRUE, FALSE },
    { "uart:~$ \x1b", FALSE, FALSE },
    { "uart:~$ \x1b[", FALSE, FALSE },
    { "uart:~$ cred", FALSE, FALSE },
    { "uart:~$", FALSE, FALSE },
    { "told you: uart:~$ ", FALSE, TRUE },
    { ":~$ ", FALSE, TRUE },
    { "root@board:~$ ", FALSE, TRUE },
    { "\r\n> ", FALSE, TRUE },
    { "board login: ", FALSE, TRUE },
    { "", FALSE, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (ZephyrScreen) screen = screen_of (cases[i].text, 1);

    ck_assert_msg (zephyr_screen_at_prompt (screen) == cases[i].prompt, "%s", cases[i].text);
    ck_assert_msg (zephyr_screen_at_other_prompt (screen) == cases[i].other, "%s", cases[i].text);
  }
}
END_TEST

/* 80 columns: "uart:~$ " and 72 characters. */
#define FIRST_ROW "nrf_cloud_cred csr 16842753 CN=abcd0000000000000000000000000000000000000"
#define SECOND_ROW "00000000000000000000000"

START_TEST (answers_are_found_in_what_is_left_on_the_screen)
{
  static const struct {
    const char *text;
    const char *command;
    const char *answer; /* NULL: none */
  } cases[] = {
    { "a b\r\nyes\r\n" PROMPT, "a b", "yes\n" },
    { "\x1b[m" PROMPT "a b\r\nyes\r\n" PROMPT, "a b", "yes\n" },
    { PROMPT "\r\n" PROMPT "a b\r\n" PROMPT, "a b", "" },
    { "a c\r\nyes\r\n" PROMPT, "a b", NULL },
    { "a bc\r\nyes\r\n" PROMPT, "a b", NULL },
    /* The log takes the line away while it is typed, and when it is not typed yet. */
    { "\x1b[8D\x1b[J" LOG PROMPT "a\x1b[9D\x1b[J" LOG PROMPT "a b\r\nyes\r\n" PROMPT, "a b",
      "yes\n" },
    /* The log comes in the middle of an answer, and of one of its lines. */
    { "a b\r\none\r\n" LOG "two\r\n" PROMPT, "a b", "one\ntwo\n" },
    { "a b\r\no" LOG "ne\r\n" PROMPT, "a b", "one\n" },
    /* A line of 95 characters is broken at 80 columns, and redrawn over two rows. */
    { PROMPT FIRST_ROW "\r\n" SECOND_ROW "\r\nyes\r\n" PROMPT, FIRST_ROW SECOND_ROW, "yes\n" },
    { PROMPT FIRST_ROW "\r\n000\x1b[3D\x1b[1A\x1b[J" LOG PROMPT FIRST_ROW "\r\n" SECOND_ROW
                       "\r\nyes\r\n" PROMPT,
      FIRST_ROW SECOND_ROW, "yes\n" },
    /* Backspace, and a line that fills its row exactly. */
    { "a c\b \bb\r\nyes\r\n" PROMPT, "a b", "yes\n" },
    { PROMPT FIRST_ROW "\r\nyes\r\n" PROMPT, FIRST_ROW, "yes\n" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (gsize piece = 1; piece < 200; piece += 66) {
      g_autoptr (ZephyrScreen) screen = screen_of (cases[i].text, piece);
      g_autofree char *answer = NULL;

      ck_assert_msg (zephyr_screen_at_prompt (screen), "case %zu", i);
      ck_assert_int_eq (zephyr_screen_find_answer (screen, cases[i].command, &answer),
                        cases[i].answer == NULL ? ZEPHYR_OTHER_ECHO : ZEPHYR_ECHO_ANSWERED);
      ck_assert_msg (g_strcmp0 (answer, cases[i].answer) == 0, "case %zu: %s", i, answer);
    }
}
END_TEST

START_TEST (a_half_typed_line_is_seen_on_the_screen)
{
  g_autoptr (ZephyrScreen) plain = screen_of ("ab", 1);
  g_autoptr (ZephyrScreen) redrawn = screen_of ("ab\x1b[10D\x1b[J" LOG PROMPT "ab", 1);
  g_autoptr (ZephyrScreen) wrapped = screen_of (PROMPT FIRST_ROW "\r\n", 1);

  ck_assert (zephyr_screen_shows (plain, "ab"));
  ck_assert (!zephyr_screen_shows (plain, "abc"));
  ck_assert (!zephyr_screen_shows (plain, "a"));
  ck_assert (zephyr_screen_shows (redrawn, "ab"));
  ck_assert (zephyr_screen_shows (wrapped, FIRST_ROW));
  ck_assert (!zephyr_screen_shows (wrapped, FIRST_ROW "0"));
}
END_TEST

START_TEST (a_hostile_cursor_stays_where_it_can)
{
  g_autoptr (ZephyrScreen) screen =
      screen_of ("a\x1b[99999999D\x1b[512C\x1b[512Cx\x1b[9A\x1b[9B\x1b[\x1b[0D"
                 "\x1b[;;;;;;;;;;;;;;;;;;;;;;;;\x80\xff",
                 3);

  ck_assert_int_eq (zephyr_screen_at_prompt (screen), FALSE);
}
END_TEST

/* ---- words ---- */

START_TEST (chip_ids_are_checked)
{
  static const struct {
    const char *answer;
    const char *id;
  } cases[] = {
    { "Length: 8\nID: 0x00E1c0de00000001\n", "00e1c0de00000001" },
    { "ID: 0x01\n", "01" },
    { "ID: 0x\n", NULL },
    { "ID: 0x0\n", NULL },
    { "ID: 0x0000000000000000\n", NULL },
    { "ID: 0xffffffffffffffff\n", NULL },
    { "ID: 0x../../..\n", NULL },
    { "ID: 0x0102030405060708090a0b0c0d0e0f1011\n", NULL },
    { "Not supported by hardware\n", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *id = zephyr_chip_id (cases[i].answer);

    ck_assert_msg (g_strcmp0 (id, cases[i].id) == 0, "%s gave %s", cases[i].answer, id);
  }
}
END_TEST

START_TEST (nothing_but_base64_is_base64)
{
  g_autoptr (GBytes) one = zephyr_base64_line ("x\nCSR: YWJj\ny\n", "CSR: ");
  g_autoptr (GBytes) lines = zephyr_shown_bytes ("YWJj\nZGU=\nCredential buffer cleared.\n");
  static const char *const wrong[] = { "",       "CSR: \n",      "CSR: YWJ\n", "CSR: YW Jj\n",
                                       "YWJj\n", "CSR: YWJj!\n", "CSR: YWK=\n" };

  ck_assert_mem_eq (g_bytes_get_data (one, NULL), "abc", 3);
  ck_assert_uint_eq (g_bytes_get_size (lines), 5);
  ck_assert_ptr_null (zephyr_shown_bytes ("YWJj\nthere is none\n"));
  ck_assert_ptr_null (zephyr_shown_bytes ("Credential buffer cleared.\n"));
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    ck_assert_msg (zephyr_base64_line (wrong[i], "CSR: ") == NULL, "%s", wrong[i]);
}
END_TEST

START_TEST (what_is_kept_gives_the_certificate_back)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  g_ptr_array_add (list, g_bytes_new_static ("\x30\x03\x02\x01\x01", 5));
  g_autoptr (GBytes) der = zephyr_keep (list, ZEPHYR_DER);
  g_autoptr (GBytes) pem = zephyr_keep (list, ZEPHYR_PEM);
  g_autoptr (GBytes) from_der = zephyr_kept (der);
  g_autoptr (GBytes) from_pem = zephyr_kept (pem);
  g_autofree char *digest = zephyr_digest (pem);

  ck_assert (g_bytes_equal (from_der, list->pdata[0]) && g_bytes_equal (from_pem, list->pdata[0]));
  ck_assert_uint_eq (g_bytes_get_size (pem), 64);
  ck_assert_uint_eq (zephyr_base64_length (pem, ZEPHYR_PEM), 84);
  /* openssl: SHA-256 of the PEM and a NUL, in base64. */
  ck_assert_str_eq (digest, "ISdielXD9Tt1FRMs2zKgXr/HyQn8TJAlPwnb81/4LNI=");
  ck_assert (zephyr_lists ("7,SERV,AbC=,0\n", "7", "SERV", "AbC="));
  ck_assert (!zephyr_lists ("7,SERV,AbC=,-22\n7,CA,AbC=,0\n", "7", "SERV", "AbC="));
  ck_assert (!zephyr_lists ("17,SERV,AbC=,0\n7,SERV,AbC=,01\n", "7", "SERV", "AbC="));

  /* Something behind the PEM, or no NUL, is not what was written. */
  g_autoptr (GBytes) cut = g_bytes_new_from_bytes (pem, 0, g_bytes_get_size (pem) - 1);
  g_ptr_array_add (list, g_bytes_new_static ("\x30\x03\x02\x01\x02", 5));
  g_autoptr (GBytes) two = zephyr_keep (list, ZEPHYR_PEM);
  ck_assert_ptr_null (zephyr_kept (cut));
  ck_assert_ptr_null (zephyr_kept (two));
  ck_assert_ptr_null (zephyr_keep (list, ZEPHYR_DER));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("drivers-zephyr-proto");
  TCase *words = tcase_create ("screen and words");

  tcase_add_test (words, only_a_fresh_prompt_is_one);
  tcase_add_test (words, answers_are_found_in_what_is_left_on_the_screen);
  tcase_add_test (words, a_half_typed_line_is_seen_on_the_screen);
  tcase_add_test (words, a_hostile_cursor_stays_where_it_can);
  tcase_add_test (words, chip_ids_are_checked);
  tcase_add_test (words, nothing_but_base64_is_base64);
  tcase_add_test (words, what_is_kept_gives_the_certificate_back);
  suite_add_tcase (suite, words);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}
