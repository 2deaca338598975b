/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is asked of the log itself: its bytes in pieces that fit into a frame, and that a later log
 * goes on from an earlier one.
 */
#include "ca/proof/merkle.h"
#include "ca/signer/answer.h"
#include "tests/unit/ca/make-entry.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <string.h>

#define ENTRIES 300 /* more bytes than a frame takes */

static char *folder;
static char *path;
static Signer *signer;

static void
make_log (void)
{
  g_autoptr (EntryMaker) maker = entry_maker_new (folder, FALSE);
  g_autoptr (IssuanceLog) log =
      issuance_log_open (path, entry_maker_origin (maker), LOG_OPEN_WRITE, NULL);

  for (guint64 i = 0; i < ENTRIES; i++) {
    LogEntry entry;
    guint64 index;

    entry_make (maker, i, &entry);
    ck_assert (issuance_log_append (log, &entry, &index, NULL));
  }
}

static void
setup (void)
{
  g_autofree char *config_path = NULL;
  g_autoptr (SignerConfig) config = NULL;

  folder = folder_make ();
  folder_fill (folder, "p-256");
  path = g_build_filename (folder, "state", "issuance.log", NULL);
  make_log ();
  config_path = g_build_filename (folder, "signer.conf", NULL);
  config = signer_config_load (config_path, NULL);
  signer = signer_open (config, LOG_OPEN_WRITE, NULL);
  ck_assert_ptr_nonnull (signer);
}

static void
teardown (void)
{
  signer_close (signer);
  g_free (path);
  folder_remove (folder);
}

static GVariant *
ask (WireKind kind, GVariant *request)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (request);
  WireKind reply_kind;
  GVariant *reply = g_variant_ref_sink (answer (signer, kind, owned, &reply_kind));

  ck_assert (reply_kind == kind || reply_kind == WIRE_ERROR);
  if (reply_kind == kind)
    return reply;
  g_variant_unref (reply);
  return NULL;
}

/* The bytes from `from` on, and in `end` where the log ends. */
static GBytes *
ask_bytes (guint64 from, guint32 most, guint64 *end)
{
  g_autoptr (GVariant) reply = ask (WIRE_LOG, g_variant_new (WIRE_LOG_REQUEST, from, most));
  g_autoptr (GVariant) bytes = NULL;

  ck_assert (g_variant_is_of_type (reply, G_VARIANT_TYPE (WIRE_LOG_REPLY)));
  ck_assert_uint_lt (g_variant_get_size (reply), WIRE_MOST - 64);
  g_variant_get (reply, "(t@ay)", end, &bytes);
  return wire_bytes_of (bytes);
}

static void
expect_whole_file (guint32 most)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();
  g_autofree char *content = NULL;
  gsize length;
  guint64 end = 1;

  while (all->len < end) {
    g_autoptr (GBytes) part = ask_bytes (all->len, most, &end);

    ck_assert (g_bytes_get_size (part) > 0 && g_bytes_get_size (part) <= most);
    g_byte_array_append (all, g_bytes_get_data (part, NULL), (guint)g_bytes_get_size (part));
  }
  ck_assert (g_file_get_contents (path, &content, &length, NULL));
  ck_assert_uint_eq (all->len, length);
  ck_assert_mem_eq (all->data, content, length);
}

START_TEST (test_the_log_comes_as_it_is_in_pieces_that_fit)
{
  guint64 end;
  g_autoptr (GBytes) nothing = NULL;

  expect_whole_file (999);
  expect_whole_file (G_MAXUINT32);
  nothing = ask_bytes (G_MAXUINT64, 999, &end);
  ck_assert_uint_eq (g_bytes_get_size (nothing), 0);
}
END_TEST

static void
expect_consistent (guint64 from, guint64 to)
{
  g_autoptr (GVariant) reply =
      ask (WIRE_CONSISTENCY, g_variant_new (WIRE_CONSISTENCY_REQUEST, from, to));
  g_autoptr (GVariant) path_value = NULL;
  g_autoptr (GBytes) bytes = NULL;
  guint8 from_root[LOG_HASH], to_root[LOG_HASH];
  const guint64 size = to == 0 ? ENTRIES : to;

  ck_assert_ptr_nonnull (reply);
  path_value = g_variant_get_child_value (reply, 0);
  bytes = wire_bytes_of (path_value);
  ck_assert (issuance_log_root (signer_log (signer), from, from_root, NULL));
  ck_assert (issuance_log_root (signer_log (signer), size, to_root, NULL));
  ck_assert (merkle_verify_consistency (from, from_root, size, to_root,
                                        g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)));
}

START_TEST (test_the_log_goes_on_from_an_earlier_one)
{
  expect_consistent (1, ENTRIES);
  expect_consistent (77, 200);
  expect_consistent (200, 0);
  ck_assert_ptr_null (ask (WIRE_CONSISTENCY, g_variant_new (WIRE_CONSISTENCY_REQUEST, (guint64)1,
                                                            (guint64)(ENTRIES + 1))));
  ck_assert_ptr_null (
      ask (WIRE_CONSISTENCY, g_variant_new (WIRE_CONSISTENCY_REQUEST, (guint64)2, (guint64)1)));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca answer log");
  TCase *tests = tcase_create ("answer log");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (tests, 60);
  tcase_add_checked_fixture (tests, setup, teardown);
  tcase_add_test (tests, test_the_log_comes_as_it_is_in_pieces_that_fit);
  tcase_add_test (tests, test_the_log_goes_on_from_an_earlier_one);
  suite_add_tcase (suite, tests);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
