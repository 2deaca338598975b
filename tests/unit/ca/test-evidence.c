/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checkpoints, proofs, reports and manifests' statements as texts: what is written is read again,
 * and of what somebody changed nothing is.
 */
#include "base/encode.h"
#include "ca/openssl.h"
#include "ca/proof/report.h"
#include "ca/signature.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <string.h>

static EVP_PKEY *station, *stranger;
static Checkpoint checkpoint;

static void
setup (void)
{
  station = make_key ("P-256");
  stranger = make_key ("P-256");
  checkpoint.size = 1740;
  memset (checkpoint.origin, 0xab, sizeof checkpoint.origin);
  memset (checkpoint.root, 0xcd, sizeof checkpoint.root);
}

static void
teardown (void)
{
  EVP_PKEY_free (station);
  EVP_PKEY_free (stranger);
}

static GBytes *
spki_sha256 (EVP_PKEY *key)
{
  guint8 *spki = NULL;
  const int length = i2d_PUBKEY (key, &spki);
  GBytes *digest = sha256_of (spki, (gsize)length);

  OPENSSL_free (spki);
  return digest;
}

/* `names`: whose key id it carries. */
static char *
note_of (const char *text, EVP_PKEY *signer, EVP_PKEY *names)
{
  g_autoptr (GBytes) id = spki_sha256 (names);
  g_autoptr (GByteArray) signature = g_byte_array_new ();

  ck_assert (signature_make (signature_find ("ecdsa-sha256"), NULL, signer,
                             (Span){ (const guint8 *)text, strlen (text) }, signature, NULL));
  return checkpoint_note (text, &checkpoint, g_bytes_get_data (id, NULL), signature->data,
                          signature->len);
}

static char *
good_note (void)
{
  g_autofree char *text = checkpoint_text (&checkpoint);

  return note_of (text, station, station);
}

static void
expect_refused (const char *note, EVP_PKEY *key, const char *says)
{
  g_autoptr (GError) problem = NULL;
  Checkpoint read;
  gsize length;

  ck_assert_msg (!checkpoint_read (note, key, &read, &length, &problem), "read, but: %s\n%s", says,
                 note);
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_PROOF));
  ck_assert_msg (strstr (problem->message, says) != NULL, "%s", problem->message);
}

static void
expect_read (const char *note, EVP_PKEY *key, gsize expected_length)
{
  g_autoptr (GError) problem = NULL;
  Checkpoint read;
  gsize length = 0;

  ck_assert_msg (checkpoint_read (note, key, &read, &length, &problem), "%s",
                 problem != NULL ? problem->message : "");
  ck_assert_uint_eq (length, expected_length);
  ck_assert_mem_eq (&read, &checkpoint, sizeof read);
}

START_TEST (test_a_checkpoint_is_what_the_page_says)
{
  g_autofree char *text = checkpoint_text (&checkpoint);

  ck_assert_str_eq (text, "keycradle-log/"
                          "abababababababababababababababababababababababababababababababab\n"
                          "1740\nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc0=\n");
}
END_TEST

START_TEST (test_a_checkpoint_comes_back)
{
  g_autofree char *note = good_note ();
  g_autofree char *two = g_strconcat (note, "\n", note, NULL);

  expect_read (note, station, strlen (note));
  expect_read (note, NULL, strlen (note));
  expect_read (two, station, strlen (note));
  expect_read (two + strlen (note) + 1, station, strlen (note));
}
END_TEST

START_TEST (test_every_byte_of_a_checkpoint_counts)
{
  g_autofree char *note = good_note ();

  for (gsize at = 0; note[at] != '\0'; at++)
    for (guint bit = 0; bit < 8; bit++) {
      note[at] = (char)(note[at] ^ (1 << bit));
      expect_refused (note, station, "");
      note[at] = (char)(note[at] ^ (1 << bit));
    }
  expect_read (note, station, strlen (note));
}
END_TEST

START_TEST (test_a_checkpoint_that_is_cut_off)
{
  g_autofree char *note = good_note ();

  for (gsize length = 0; length < strlen (note); length++) {
    g_autofree char *cut = g_strndup (note, length);

    expect_refused (cut, NULL, "");
  }
}
END_TEST

START_TEST (test_others_signatures_are_passed_over)
{
  g_autofree char *note = good_note ();
  g_autofree char *text = checkpoint_text (&checkpoint);
  g_autofree char *by_stranger = note_of (text, stranger, stranger);
  g_autofree char *forged = note_of (text, stranger, station);
  g_autofree char *line = g_strdup (strstr (by_stranger, "\xe2\x80\x94"));
  g_autofree char *both = g_strconcat (note, line, NULL);
  g_autofree char *witnessed = g_strconcat (note, "\xe2\x80\x94 witness.example AAAAAAAA\n", NULL);
  g_autofree char *mixed = g_strconcat (note, strstr (forged, "\xe2\x80\x94"), NULL);

  expect_read (both, station, strlen (both));
  expect_read (witnessed, station, strlen (witnessed));
  expect_refused (by_stranger, station, "did not sign");
  expect_read (by_stranger, NULL, strlen (by_stranger));
  expect_refused (forged, station, "not by the station's key");
  expect_refused (mixed, station, "not by the station's key");
}
END_TEST

static const struct {
  const char *from, *to; /* put in place of the first such */
  const char *says;
} bent[] = {
  { "1740", "01740", "size is no number" },
  { "1740", "", "size is no number" },
  { "1740", "-1", "size is no number" },
  { "1740", "18446744073709551616", "size is no number" },
  { "keycradle-log/ab", "keycradle-log/AB", "does not begin with" },
  { "keycradle-log/ab", "keycradle-log/", "does not begin with" },
  { "keycradle-log/", "other.example/", "does not begin with" },
  { "zc3N", "zc3", "root is no hash" },
  { "zc0=", "zc3Nzc0=", "root is no hash" },
  { "zc0=", "zc1=", "root is no hash" },
  { "zc0=\n", "zc0=\nextension\n", "more lines" },
  { "\xe2\x80\x94 ", "- ", "signature's line" },
  { "\xe2\x80\x94 ", "\xe2\x80\x94  ", "signature's line" },
};

START_TEST (test_a_checkpoint_has_one_form)
{
  g_autofree char *text = checkpoint_text (&checkpoint);
  g_autofree char *note = note_of (text, station, station);
  char *at = strstr (note, bent[_i].from);
  g_autofree char *changed = NULL;

  ck_assert_ptr_nonnull (at);
  changed = g_strdup_printf ("%.*s%s%s", (int)(at - note), note, bent[_i].to,
                             at + strlen (bent[_i].from));
  expect_refused (changed, NULL, bent[_i].says);
}
END_TEST

START_TEST (test_a_checkpoint_has_not_any_number_of_signatures)
{
  g_autofree char *note = good_note ();
  GString *many = g_string_new (note);

  for (guint i = 0; i < 31; i++)
    g_string_append (many, "\xe2\x80\x94 witness.example AAAAAAAA\n");
  expect_read (many->str, station, many->len);
  g_string_append (many, "\xe2\x80\x94 witness.example AAAAAAAA\n");
  expect_refused (many->str, station, "more than 32");
  g_string_free (many, TRUE);
}
END_TEST

/* ---- proofs ---- */

START_TEST (test_a_proof_comes_back)
{
  static const guint8 hashes[3 * MERKLE_HASH] = { 1, 2, 3 };
  g_autofree char *note = good_note ();

  for (guint count = 0; count <= 3; count++) {
    g_autoptr (GByteArray) path = g_byte_array_new ();
    g_autofree char *text = NULL;
    g_auto (InclusionProof) proof = { 0 };

    g_byte_array_append (path, hashes, count * MERKLE_HASH);
    text = inclusion_proof_text (73894, path, note, NULL);
    ck_assert (g_str_has_prefix (text, "c2sp.org/tlog-proof@v1\nindex 73894\n"));
    ck_assert (inclusion_proof_read (text, &proof, NULL));
    ck_assert_uint_eq (proof.index, 73894);
    ck_assert_uint_eq (proof.path->len, path->len);
    if (count > 0)
      ck_assert_mem_eq (proof.path->data, hashes, path->len);
    ck_assert_str_eq (proof.note, note);
  }
}
END_TEST

START_TEST (test_a_proof_that_is_none)
{
  static const char *const wrong[][2] = {
    { "@v1", "@v2" },
    { "index 5", "index 05" },
    { "index 5", "index" },
    { "index 5\n", "" },
    { "index 5\n", "index 5\nAA\n" },
    { "\n\nkeycradle", "\nkeycradle" },
    { "\n\nkeycradle", "\n\n\nkeycradle" },
  };
  g_autofree char *note = good_note ();
  g_autoptr (GByteArray) path = g_byte_array_new ();
  g_autofree char *text = inclusion_proof_text (5, path, note, NULL);
  g_autofree char *followed = g_strconcat (text, "\n", NULL);

  for (guint i = 0; i <= G_N_ELEMENTS (wrong); i++) {
    g_auto (InclusionProof) proof = { 0 };
    g_auto (GStrv) pieces = i > 0 ? g_strsplit (text, wrong[i - 1][0], 2) : NULL;
    g_autofree char *changed = i > 0 ? g_strjoinv (wrong[i - 1][1], pieces) : g_strdup (followed);
    g_autoptr (GError) problem = NULL;

    ck_assert_str_ne (changed, text);
    ck_assert_msg (!inclusion_proof_read (changed, &proof, &problem), "%s", changed);
    ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_PROOF));
  }
}
END_TEST

START_TEST (test_a_proof_is_no_longer_than_a_tree_is_high)
{
  static const guint8 hashes[(MERKLE_MOST_PATH + 1) * MERKLE_HASH];
  g_autofree char *note = good_note ();

  for (guint count = MERKLE_MOST_PATH; count <= MERKLE_MOST_PATH + 1; count++) {
    g_autoptr (GByteArray) path = g_byte_array_new ();
    g_autofree char *text = NULL;
    g_auto (InclusionProof) proof = { 0 };

    g_byte_array_append (path, hashes, count * MERKLE_HASH);
    text = inclusion_proof_text (0, path, note, NULL);
    ck_assert_int_eq (inclusion_proof_read (text, &proof, NULL), count == MERKLE_MOST_PATH);
  }
}
END_TEST

/* ---- reports ---- */

#define HASH "abababababababababababababababababababababababababababababababab"
#define LOG                                                                                        \
  "[log]\nOrigin=" HASH "\nSize=1740\n"                                                            \
  "Root=cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd\n"
#define REPORT                                                                                     \
  "[report]\nVersion=1\nNumber=3\nTime=2026-11-20T16:00:00Z\nStation=" HASH                        \
  "\nBatch=B-2026-47\nFinal=yes\n\n" LOG                                                           \
  "Certificates=498\nFirst=1236\nLast=1738\nRefusals=2\nClockResets=0\nLost=0\n\n"
#define TICKET "[ticket]\nNumber=7\nSha256=" HASH "\nCount=500\nIssued=498\nRemaining=2\n\n"
#define TPM "[tpm]\nCount=1730\nLimit=1900\nLogged=1730\n\n"
#define LEDGER                                                                                     \
  "[ledger]\nId=0123456789abcdef0123456789abcdef\nDevices=497\nVerified=495\nVoid=3\n"             \
  "Open=0\nFailed=12\nEvent=5321\nEventHash=" HASH "\nVoidsSha256=" HASH "\n"
#define MANIFEST                                                                                   \
  "[manifest]\nVersion=1\nTime=2026-11-20T16:00:05Z\nStation=" HASH                                \
  "\nBatch=B-2026-47\nFormat=aws\nRows=495\nBytes=1264310\nSha256=" HASH "\n\n" LOG                \
  "\n[ledger]\nId=0123456789abcdef0123456789abcdef\nEvent=5321\nEventHash=" HASH "\n"

START_TEST (test_a_report_is_what_the_page_says)
{
  static const char *const texts[] = { REPORT TICKET TPM LEDGER, REPORT TICKET LEDGER,
                                       REPORT TPM LEDGER, REPORT LEDGER };
  g_autoptr (GError) problem = NULL;
  g_autoptr (Report) report = report_parse (texts[_i], &problem);
  g_autofree char *again = NULL;

  ck_assert_msg (report != NULL, "%s", problem != NULL ? problem->message : "");
  again = report_text (report);
  ck_assert_str_eq (again, texts[_i]);
  ck_assert_uint_eq (report->number, 3);
  ck_assert_mem_eq (&report->log, &checkpoint, sizeof checkpoint);
  ck_assert_int_eq (report->ticket != NULL, _i < 2);
  ck_assert_int_eq (report->tpm != NULL, _i % 2 == 0);
  ck_assert_uint_eq (report->ledger.failed, 12);
}
END_TEST

START_TEST (test_a_manifests_statement_is_what_the_page_says)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (ManifestStatement) statement = manifest_statement_parse (MANIFEST, &problem);
  g_autofree char *again = NULL;

  ck_assert_msg (statement != NULL, "%s", problem != NULL ? problem->message : "");
  again = manifest_statement_text (statement);
  ck_assert_str_eq (again, MANIFEST);
  ck_assert_uint_eq (statement->bytes, 1264310);
  ck_assert_str_eq (statement->format, "aws");
}
END_TEST

static const struct {
  const char *from, *to, *says;
} wrong_reports[] = {
  { "Version=1", "Version=2", "Version is 2" },
  { "Version=1\n", "", "[report] needs Version=1" },
  { "Number=3", "Number=0", "Number must be a number from 1" },
  { "Number=3", "Number=03", "Number must be a number from 1" },
  { "Number=3", "Number=3\nNumber=3", "a second time" },
  { "Number=3", "Number=3\nNumbers=3", "unknown key 'Numbers'" },
  { "Number=3\n", "", "[report] needs Number=" },
  { "Number=3", "what", "neither" },
  { "16:00:00Z", "16:00:00", "must be a time" },
  { "16:00:00Z", "16:00:00+00:00", "must be a time" },
  { "2026-11-20T16", "2026-13-20T16", "must be a time" },
  { "2026-11-20T16", "1926-11-20T16", "must be a time" },
  { "Station=ab", "Station=AB", "64 lower-case hex digits" },
  { "Station=ab", "Station=", "64 lower-case hex digits" },
  { "Batch=B-2026-47", "Batch=B 2026", "must be a name" },
  { "Final=yes", "Final=true", "must be yes or no" },
  { "Final=yes\n", "", "needs Final=" },
  { "Final=yes", "Final=", "needs Final=" },
  { "Root=cd", "Root=CD", "64 lower-case hex digits" },
  { "Size=1740", "Size=1738", "not in ascending order" },
  { "First=1236", "First=1739", "not in ascending order" },
  { "First=1236", "First=1242", "not so many places" },
  { "Certificates=498", "Certificates=0", "0 where there are no" },
  { "Remaining=2", "Remaining=3", "Remaining is not" },
  { "Issued=498", "Issued=-1", "Issued must be a number" },
  { "Count=500", "Count=4294967296", "Count must be a number" },
  { "Limit=1900", "Limit=4294967296", "Limit must be a number" },
  { "Id=01", "Id=", "32 lower-case hex digits" },
  { "Void=3\n", "", "[ledger] needs Void=" },
  { "[ledger]", "[ledgers]", "unknown group [ledgers]" },
  { "[tpm]", "[ticket]", "a second time" },
};

START_TEST (test_a_report_that_is_none)
{
  const char *text = REPORT TICKET TPM LEDGER;
  g_auto (GStrv) pieces = g_strsplit (text, wrong_reports[_i].from, 2);
  g_autofree char *changed = g_strjoinv (wrong_reports[_i].to, pieces);
  g_autoptr (GError) problem = NULL;

  ck_assert_uint_eq (g_strv_length (pieces), 2);
  ck_assert_ptr_null (report_parse (changed, &problem));
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_PROOF));
  ck_assert_msg (strstr (problem->message, wrong_reports[_i].says) != NULL, "%s", problem->message);
}
END_TEST

START_TEST (test_a_report_needs_all_its_keys)
{
  g_auto (GStrv) lines = g_strsplit (MANIFEST, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++) {
    g_autofree char *line = g_strconcat (lines[i], "\n", NULL);
    g_auto (GStrv) pieces = g_strsplit (MANIFEST, line, 2);
    g_autofree char *changed = g_strjoinv ("", pieces);

    if (lines[i][0] != '\0')
      ck_assert_msg (manifest_statement_parse (changed, NULL) == NULL, "without %s", lines[i]);
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("evidence");
  TCase *tests = tcase_create ("evidence");
  SRunner *runner = srunner_create (suite);
  int failed;

  suite_add_tcase (suite, tests);
  tcase_set_timeout (tests, 60);
  tcase_add_checked_fixture (tests, setup, teardown);
  tcase_add_test (tests, test_a_checkpoint_is_what_the_page_says);
  tcase_add_test (tests, test_a_checkpoint_comes_back);
  tcase_add_test (tests, test_every_byte_of_a_checkpoint_counts);
  tcase_add_test (tests, test_a_checkpoint_that_is_cut_off);
  tcase_add_test (tests, test_others_signatures_are_passed_over);
  tcase_add_loop_test (tests, test_a_checkpoint_has_one_form, 0, G_N_ELEMENTS (bent));
  tcase_add_test (tests, test_a_checkpoint_has_not_any_number_of_signatures);
  tcase_add_test (tests, test_a_proof_comes_back);
  tcase_add_test (tests, test_a_proof_that_is_none);
  tcase_add_test (tests, test_a_proof_is_no_longer_than_a_tree_is_high);
  tcase_add_loop_test (tests, test_a_report_is_what_the_page_says, 0, 4);
  tcase_add_test (tests, test_a_manifests_statement_is_what_the_page_says);
  tcase_add_loop_test (tests, test_a_report_that_is_none, 0, G_N_ELEMENTS (wrong_reports));
  tcase_add_test (tests, test_a_report_needs_all_its_keys);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
