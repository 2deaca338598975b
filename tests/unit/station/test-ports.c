/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Ports that come, go and are replaced, on real ptys and links.
 */
#include <check.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "station/ports.h"

static char *folder;
static char *link_path;
static GString *seen; /* "+" came, "-" left, in order */

static void
handle_port (guint number, gboolean present, gpointer data)
{
  ck_assert_uint_eq (number, 7);
  g_string_append_c (seen, present ? '+' : '-');
}

static void
set_up (void)
{
  folder = g_dir_make_tmp ("keycradle-ports-XXXXXX", NULL);
  link_path = g_build_filename (folder, "slot7", NULL);
  seen = g_string_new (NULL);
}

static void
tear_down (void)
{
  g_unlink (link_path);
  g_rmdir (folder);
  g_free (link_path);
  g_free (folder);
  g_string_free (seen, TRUE);
}

/* The master of a new pty; its slave's path goes to `path`. */
static int
open_pty (char path[64])
{
  int master = posix_openpt (O_RDWR | O_NOCTTY | O_CLOEXEC);

  ck_assert_int_ge (master, 0);
  ck_assert_int_eq (grantpt (master), 0);
  ck_assert_int_eq (unlockpt (master), 0);
  ck_assert_int_eq (ptsname_r (master, path, 64), 0);
  return master;
}

static void
replace_link (const char *target)
{
  g_autofree char *beside = g_strconcat (link_path, ".new", NULL);

  ck_assert_int_eq (symlink (target, beside), 0);
  ck_assert_int_eq (rename (beside, link_path), 0);
}

/* Runs the main loop until as much as `wanted` has been seen; Check's own timeout ends a wait in
 * vain. */
static void
wait_for_as_much (const char *wanted)
{
  while (seen->len < strlen (wanted))
    g_main_context_iteration (NULL, TRUE);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
expect_seen (const char *wanted)
{
  wait_for_as_much (wanted);
  ck_assert_str_eq (seen->str, wanted);
}

static Ports *
watch (const char *path)
{
  Ports *ports = ports_new (handle_port, NULL, NULL);

  ck_assert_ptr_nonnull (ports);
  ports_add (ports, 7, path);
  ports_check (ports);
  return ports;
}

START_TEST (what_is_there_at_the_start_is_seen)
{
  char path[64];
  int master = open_pty (path);
  g_autoptr (Ports) ports = NULL;

  replace_link (path);
  ports = watch (link_path);
  ck_assert_str_eq (seen->str, "+");
  close (master);
}
END_TEST

START_TEST (a_link_comes_and_goes)
{
  char path[64];
  int master = open_pty (path);
  g_autoptr (Ports) ports G_GNUC_UNUSED = watch (link_path);

  ck_assert_str_eq (seen->str, "");
  replace_link (path);
  expect_seen ("+");
  g_unlink (link_path);
  expect_seen ("+-");
  close (master);
}
END_TEST

START_TEST (a_link_replaced_by_rename_is_one_replug)
{
  char first[64], second[64];
  int masters[2] = { open_pty (first), open_pty (second) };
  g_autoptr (Ports) ports = NULL;

  replace_link (first);
  ports = watch (link_path);
  replace_link (second);
  expect_seen ("+-+");
  close (masters[0]);
  close (masters[1]);
}
END_TEST

/* udev does so when it is told to look again; character devices stand for ttys here. */
START_TEST (a_link_made_anew_to_the_same_tty_is_no_replug)
{
  g_autoptr (Ports) ports = NULL;

  replace_link ("/dev/null");
  ports = watch (link_path);
  replace_link ("/dev/null");
  ports_check (ports);
  ck_assert_str_eq (seen->str, "+");
  replace_link ("/dev/zero");
  expect_seen ("+-+");
}
END_TEST

START_TEST (a_pty_that_vanishes_behind_its_link_is_noticed)
{
  char path[64];
  int master = open_pty (path);
  g_autoptr (Ports) ports = NULL;

  replace_link (path);
  ports = watch (link_path);
  close (master);
  wait_for_as_much ("+-");
  /* What comes after is somebody else's pty that got its number. */
  ck_assert_msg (g_str_has_prefix (seen->str, "+-"), "%s", seen->str);
}
END_TEST

START_TEST (the_use_of_a_port_is_no_replug)
{
  char path[64];
  int master = open_pty (path), slave;
  g_autoptr (Ports) ports = NULL;

  replace_link (path);
  ports = watch (link_path);
  slave = open (path, O_RDWR | O_NOCTTY);
  ck_assert_int_eq (write (slave, "x", 1), 1);
  close (slave);
  ports_check (ports);
  expect_seen ("+");
  close (master);
}
END_TEST

START_TEST (a_folder_may_come_later)
{
  g_autofree char *below = g_build_filename (folder, "by-id", NULL);
  g_autofree char *inner = g_build_filename (below, "device", NULL);
  char path[64];
  int master = open_pty (path);
  g_autoptr (Ports) ports G_GNUC_UNUSED = watch (inner);

  for (guint round = 1; round <= 2; round++) {
    ck_assert_int_eq (g_mkdir (below, 0700), 0);
    ck_assert_int_eq (symlink (path, inner), 0);
    expect_seen (round == 1 ? "+" : "+-+");
    g_unlink (inner);
    g_rmdir (below);
    expect_seen (round == 1 ? "+-" : "+-+-");
  }
  close (master);
}
END_TEST

START_TEST (a_file_is_no_port)
{
  g_autoptr (Ports) ports G_GNUC_UNUSED = watch (link_path);

  ck_assert (g_file_set_contents (link_path, "x", 1, NULL));
  ports_check (ports);
  ck_assert_str_eq (seen->str, "");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("station-ports");
  TCase *cases = tcase_create ("all");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_checked_fixture (cases, set_up, tear_down);
  tcase_add_test (cases, what_is_there_at_the_start_is_seen);
  tcase_add_test (cases, a_link_comes_and_goes);
  tcase_add_test (cases, a_link_replaced_by_rename_is_one_replug);
  tcase_add_test (cases, a_link_made_anew_to_the_same_tty_is_no_replug);
  tcase_add_test (cases, a_pty_that_vanishes_behind_its_link_is_noticed);
  tcase_add_test (cases, the_use_of_a_port_is_no_replug);
  tcase_add_test (cases, a_folder_may_come_later);
  tcase_add_test (cases, a_file_is_no_port);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
