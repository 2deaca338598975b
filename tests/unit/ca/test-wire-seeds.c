/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The frames that tests/fuzz begins with are of the version that is spoken, and there is one of
 * each kind in each direction: else the fuzzer gets no further than the version. argv[1] is their
 * folder; the first byte of each file is its WireDirection.
 */
#include "ca/wire/wire.h"

#include <check.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *folder;
static gboolean seen[2][WIRE_JWS + 1];

/* The frame in `content`, or NULL. */
static GVariant *
read_seed (const char *content, gsize length, WireDirection direction, WireKind *kind)
{
  GVariant *payload = NULL;
  int fds[2];

  ck_assert_int_eq (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), 0);
  ck_assert_int_eq (send (fds[0], content, length, 0), (gssize)length);
  shutdown (fds[0], SHUT_WR);
  wire_read (fds[1], direction, deadline_in (1000), kind, &payload, NULL);
  close (fds[0]);
  close (fds[1]);
  return payload;
}

static void
look_at (const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *content = NULL;
  g_autoptr (GVariant) payload = NULL;
  WireDirection direction;
  WireKind kind;
  gsize length;

  ck_assert (g_file_get_contents (path, &content, &length, NULL));
  ck_assert_uint_gt (length, 1);
  direction = content[0] & 1 ? WIRE_REPLY : WIRE_REQUEST;
  payload = read_seed (content + 1, length - 1, direction, &kind);
  ck_assert_msg (payload != NULL, "%s is no frame that is spoken", name);
  seen[direction][kind] = TRUE;
}

START_TEST (test_the_fuzzer_begins_with_a_frame_of_each_kind)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  ck_assert_ptr_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    look_at (name);
  for (int kind = WIRE_ERROR; kind <= WIRE_JWS; kind++) {
    ck_assert_msg (seen[WIRE_REPLY][kind], "no reply of kind %d", kind);
    ck_assert_msg (seen[WIRE_REQUEST][kind] == (kind != WIRE_ERROR), "no request of kind %d", kind);
  }
}
END_TEST

/* A frame of another version is none of them. */
START_TEST (test_a_frame_of_an_older_version_is_none)
{
  g_autofree char *path = g_build_filename (folder, "status", NULL);
  g_autofree char *content = NULL;
  g_autoptr (GVariant) now = NULL;
  g_autoptr (GVariant) before = NULL;
  WireKind kind;
  gsize length;

  ck_assert (g_file_get_contents (path, &content, &length, NULL));
  now = read_seed (content + 1, length - 1, WIRE_REQUEST, &kind);
  ck_assert_ptr_nonnull (now);
  ck_assert_int_eq (content[5], WIRE_VERSION);
  content[5]--;
  before = read_seed (content + 1, length - 1, WIRE_REQUEST, &kind);
  ck_assert_ptr_null (before);
}
END_TEST

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("ca wire seeds");
  TCase *tests = tcase_create ("ca wire seeds");
  SRunner *runner = srunner_create (suite);
  int failed;

  folder = argc > 1 ? argv[1] : ".";
  tcase_add_test (tests, test_the_fuzzer_begins_with_a_frame_of_each_kind);
  tcase_add_test (tests, test_a_frame_of_an_older_version_is_none);
  suite_add_tcase (suite, tests);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
