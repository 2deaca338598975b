/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lists of known keys in all three forms, made for keys that are made here: what is on a list is
 * refused and the list named, its near twin passes. A list that can't be understood is refused
 * whole: half a list protects from nothing.
 */
#include "ca/judge/known-keys.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <glib/gstdio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <string.h>

static char *folder;
static GBytes *rsa;
static GBytes *rsa_twin;
static GBytes *p256;
static GBytes *p256_twin;
static GBytes *p521;

static void
setup (void)
{
  folder = folder_make ();
  rsa = make_good_request ("rsa-2048", "SHA256");
  rsa_twin = make_good_request ("rsa-2048", "SHA256");
  p256 = make_good_request ("P-256", "SHA256");
  p256_twin = make_good_request ("P-256", "SHA256");
  p521 = make_good_request ("P-521", "SHA256");
}

static void
teardown (void)
{
  g_bytes_unref (rsa);
  g_bytes_unref (rsa_twin);
  g_bytes_unref (p256);
  g_bytes_unref (p256_twin);
  g_bytes_unref (p521);
  folder_remove (folder);
}

static Csr
csr_of (GBytes *request)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (request, &length);
  Csr csr;

  ck_assert (csr_judge (data, length, NULL, &csr, NULL, NULL));
  return csr;
}

static char *
write_list (const char *name, const void *bytes, gsize length)
{
  char *path = g_build_filename (folder, name, NULL);

  ck_assert (g_file_set_contents (path, bytes, (gssize)length, NULL));
  return path;
}

static KnownKeys *
load (const char *first, const char *second)
{
  const char *const paths[] = { first, second, NULL };
  g_autoptr (GError) problem = NULL;
  KnownKeys *known = known_keys_load (paths, &problem);

  ck_assert_msg (known != NULL, "%s", problem != NULL ? problem->message : "");
  return known;
}

static void
expect_known (const KnownKeys *known, GBytes *request, const char *says)
{
  g_autoptr (GError) problem = NULL;
  Csr csr = csr_of (request);

  ck_assert (!known_keys_check (known, &csr, &problem));
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_KNOWN_KEY));
  ck_assert_msg (strstr (problem->message, says) != NULL, "%s", problem->message);
}

static void
expect_unknown (const KnownKeys *known, GBytes *request)
{
  g_autoptr (GError) problem = NULL;
  Csr csr = csr_of (request);

  ck_assert_msg (known_keys_check (known, &csr, &problem), "%s",
                 problem != NULL ? problem->message : "");
}

/* ---- openssl-blacklist ---- */

/* As the authors of openssl-blacklist did it: the last 20 digits of the SHA-1 of what the openssl
 * command prints. */
static char *
blacklist_line (GBytes *request)
{
  g_autofree char *file = g_build_filename (folder, "request.der", NULL);
  char *printed = NULL;
  char *line;

  ck_assert (g_file_set_contents (file, g_bytes_get_data (request, NULL),
                                  (gssize)g_bytes_get_size (request), NULL));
  ck_assert_int_eq (run (folder, &printed, "sh", "-c",
                         "openssl req -inform DER -in request.der -noout -modulus | sha1sum | "
                         "cut -c 21-40",
                         NULL),
                    0);
  line = g_strstrip (printed);
  ck_assert_uint_eq (strlen (line), 20);
  return line;
}

START_TEST (test_openssl_blacklist)
{
  g_autofree char *line = blacklist_line (rsa);
  g_autofree char *upper = g_ascii_strup (line, -1);
  g_autofree char *text = g_strdup_printf ("# comment\n\n00112233445566778899\r\n"
                                           "ffffffffffffffffffff\n%s\n0123456789abcdef0123",
                                           _i == 0 ? line : upper);
  g_autofree char *path = write_list ("blacklist.RSA-2048", text, strlen (text));
  g_autoptr (KnownKeys) known = load (path, NULL);
  g_autofree char *says = g_strdup_printf ("%s, line 5", path);

  ck_assert_uint_eq (known_keys_size (known), 4);
  expect_known (known, rsa, says);
  expect_unknown (known, rsa_twin);
  expect_unknown (known, p256);
}
END_TEST

/* ---- badkeys ---- */

typedef struct {
  guint8 bytes[16];
} Record;

static int
compare_records (const void *a, const void *b)
{
  return memcmp (a, b, sizeof (Record));
}

/* The number as badkeys turns it into bytes: without leading zeros, as BN_bn2bin() does. */
static Record
badkeys_record (GBytes *request, guint8 list)
{
  Csr csr = csr_of (request);
  BIGNUM *number = csr.key_type == CSR_KEY_RSA
                       ? BN_bin2bn (csr.modulus.data, (int)csr.modulus.length, NULL)
                       : BN_bin2bn (csr.point.data + 1, (int)(csr.point.length / 2), NULL);
  guint8 bytes[1024];
  guint8 digest[SHA256_DIGEST_LENGTH];
  Record record;

  SHA256 (bytes, (size_t)BN_bn2bin (number, bytes), digest);
  memcpy (record.bytes, digest, 15);
  record.bytes[15] = list;
  BN_free (number);
  return record;
}

/* Sorted, with `records` among 1000 others. */
static char *
write_badkeys (const Record *records, guint count)
{
  Record all[1000];

  ck_assert (RAND_bytes ((guint8 *)all, sizeof all));
  memcpy (all, records, count * sizeof (Record));
  qsort (all, G_N_ELEMENTS (all), sizeof (Record), compare_records);
  return write_list ("blocklist.dat", all, sizeof all);
}

START_TEST (test_badkeys)
{
  const Record records[] = { badkeys_record (rsa, 1), badkeys_record (p256, 2),
                             badkeys_record (p521, 3) };
  g_autofree char *path = write_badkeys (records, G_N_ELEMENTS (records));
  g_autoptr (KnownKeys) known = load (path, NULL);

  ck_assert_uint_eq (known_keys_size (known), 1000);
  expect_known (known, rsa, "blocklist.dat (badkeys' list 1)");
  expect_known (known, p256, "blocklist.dat (badkeys' list 2)");
  expect_known (known, p521, "blocklist.dat (badkeys' list 3)");
  expect_unknown (known, rsa_twin);
  expect_unknown (known, p256_twin);
}
END_TEST

/* One record, the first and the last of many. */
START_TEST (test_the_ends_of_a_badkeys_list)
{
  Record records[3] = { { { 0 } }, badkeys_record (rsa, 0), { { 0 } } };
  guint from = _i == 1 ? 1 : 0;
  guint count = _i == 0 ? 1 : 2;
  g_autofree char *path = NULL;
  g_autoptr (KnownKeys) known = NULL;

  memset (records[2].bytes, 0xff, 16);
  path = _i == 0 ? write_list ("one.dat", &records[1], 16)
                 : write_list ("two.dat", &records[from], count * 16);
  known = load (path, NULL);
  ck_assert_uint_eq (known_keys_size (known), count);
  expect_known (known, rsa, "badkeys' list 0");
  expect_unknown (known, rsa_twin);
}
END_TEST

/* X may begin with zeros, which badkeys leaves out; one key in 256 does. */
START_TEST (test_badkeys_and_a_short_x)
{
  g_autoptr (GBytes) request = NULL;
  Record record;

  do {
    g_clear_pointer (&request, g_bytes_unref);
    request = make_good_request ("P-256", "SHA256");
  } while (csr_of (request).point.data[1] != 0);
  record = badkeys_record (request, 9);
  {
    g_autofree char *path = write_badkeys (&record, 1);
    g_autoptr (KnownKeys) known = load (path, NULL);

    expect_known (known, request, "badkeys' list 9");
    expect_unknown (known, p256);
  }
}
END_TEST

/* ---- SHA-256 of public keys ---- */

static char *
spki_line (GBytes *request, const char *name)
{
  Csr csr = csr_of (request);
  g_autofree char *hex =
      g_compute_checksum_for_data (G_CHECKSUM_SHA256, csr.spki.data, csr.spki.length);

  return g_strconcat (hex, name, "\n", NULL);
}

START_TEST (test_public_key_lines)
{
  g_autofree char *first = spki_line (rsa, " Beispielschlüssel 1");
  g_autofree char *second = spki_line (p256, "");
  g_autofree char *text = g_strconcat ("# ours\n", first, "\n", second, NULL);
  g_autofree char *path = write_list ("leaked", text, strlen (text));
  g_autoptr (KnownKeys) known = load (path, NULL);

  ck_assert_uint_eq (known_keys_size (known), 2);
  expect_known (known, rsa, "leaked, line 2");
  expect_known (known, p256, "leaked, line 4");
  expect_unknown (known, rsa_twin);
  expect_unknown (known, p256_twin);
}
END_TEST

START_TEST (test_several_lists)
{
  g_autofree char *blacklist = blacklist_line (rsa);
  g_autofree char *line = spki_line (p256, "\tname");
  g_autofree char *one = write_list ("one", blacklist, 20);
  g_autofree char *other = write_list ("other", line, strlen (line));
  g_autoptr (KnownKeys) known = load (one, other);

  ck_assert_uint_eq (known_keys_size (known), 2);
  expect_known (known, rsa, "one, line 1");
  expect_known (known, p256, "other, line 1");
  expect_unknown (known, rsa_twin);
}
END_TEST

START_TEST (test_no_list_knows_no_key)
{
  g_autoptr (KnownKeys) known = load (NULL, NULL);

  ck_assert_uint_eq (known_keys_size (known), 0);
  expect_unknown (known, rsa);
  expect_unknown (NULL, rsa);
}
END_TEST

/* ---- what is no list ---- */

typedef struct {
  const char *bytes;
  gsize length; /* 0: text */
  const char *says;
} Bad;

static const Bad bad_lists[] = {
  { "", 0, "the list of known keys is empty" },
  { "# nothing\n\n", 0, "there is no key in this list" },
  { "# x\n00112233445566778899\n0011223344556677889\n", 0, "line 3 is neither 20 hex digits" },
  { "00112233445566778899 name\n", 0, "line 1 is neither 20 hex digits" },
  { "0011223344556677889g\n", 0, "line 1 is neither 20 hex digits" },
  { "00112233445566778899aa00112233445566778899aa00112233445566778899aax", 0,
    "line 1 is neither 20 hex digits" },
  { "-----BEGIN CERTIFICATE-----\n", 0, "line 1 is neither 20 hex digits" },
  { "00112233445566778899\n"
    "00112233445566778899aa00112233445566778899aa00112233445566778899\n",
    0, "line 2 has another form than the lines before" },
  { "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0", 17,
    "17 bytes are not a whole number of 16-byte records" },
  { "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 32,
    "record 2 is out of order" },
};

START_TEST (test_what_is_no_list_is_refused)
{
  const Bad *bad = &bad_lists[_i];
  g_autofree char *path =
      write_list ("list", bad->bytes, bad->length > 0 ? bad->length : strlen (bad->bytes));
  const char *const paths[] = { path, NULL };
  g_autoptr (GError) problem = NULL;

  ck_assert (known_keys_load (paths, &problem) == NULL);
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_KNOWN_KEY));
  ck_assert_msg (g_str_has_prefix (problem->message, path), "%s", problem->message);
  ck_assert_msg (strstr (problem->message, bad->says) != NULL, "%s", problem->message);
}
END_TEST

START_TEST (test_a_missing_list_is_refused)
{
  g_autofree char *path = g_build_filename (folder, "nowhere", NULL);
  const char *const paths[] = { path, NULL };
  g_autoptr (GError) problem = NULL;

  ck_assert (known_keys_load (paths, &problem) == NULL);
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_KNOWN_KEY));
  ck_assert (strstr (problem->message, "can't be read") != NULL);
}
END_TEST

static Suite *
make_suite (void)
{
  Suite *suite = suite_create ("ca/known-keys");
  TCase *lists = tcase_create ("lists");

  tcase_add_unchecked_fixture (lists, setup, teardown);
  tcase_set_timeout (lists, 60);
  tcase_add_loop_test (lists, test_openssl_blacklist, 0, 2);
  tcase_add_test (lists, test_badkeys);
  tcase_add_loop_test (lists, test_the_ends_of_a_badkeys_list, 0, 3);
  tcase_add_test (lists, test_badkeys_and_a_short_x);
  tcase_add_test (lists, test_public_key_lines);
  tcase_add_test (lists, test_several_lists);
  tcase_add_test (lists, test_no_list_knows_no_key);
  tcase_add_loop_test (lists, test_what_is_no_list_is_refused, 0, G_N_ELEMENTS (bad_lists));
  tcase_add_test (lists, test_a_missing_list_is_refused);
  suite_add_tcase (suite, lists);
  return suite;
}

int
main (void)
{
  SRunner *runner = srunner_create (make_suite ());
  int failed;

  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}
