/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Evidence in the ledger: what is kept comes back as it was, belongs to one key of one device, and
 * is never changed.
 */
#include <string.h>

#include "base/encode.h"
#include "db/ledger-attestation.h"
#include "fixture.h"

static GPtrArray *
parts_of (const char *const *texts)
{
  GPtrArray *parts = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  for (; *texts != NULL; texts++)
    g_ptr_array_add (parts, g_bytes_new (*texts, strlen (*texts)));
  return parts;
}

static GBytes *
bytes_of (char octet, gsize length)
{
  g_autofree char *data = g_malloc (length);

  memset (data, octet, length);
  return g_bytes_new (data, length);
}

typedef struct {
  GBytes *spki;
  GBytes *nonce;
  GBytes *secret;
  GBytes *request;
  GPtrArray *parts;
} Evidence;

static Evidence
evidence_new (char key)
{
  static const char *const texts[] = { "first", "", "third part", NULL };

  return (Evidence){ .spki = bytes_of (key, 91),
                     .nonce = bytes_of ('n', 32),
                     .secret = bytes_of ('s', 32),
                     .request = bytes_of ('r', 300),
                     .parts = parts_of (texts) };
}

static void
evidence_clear (Evidence *evidence)
{
  g_bytes_unref (evidence->spki);
  g_bytes_unref (evidence->nonce);
  g_bytes_unref (evidence->secret);
  g_bytes_unref (evidence->request);
  g_ptr_array_unref (evidence->parts);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Evidence, evidence_clear)

static AttestationEntry
entry_of (const Evidence *evidence, gint64 attempt, AttestationVerdict verdict)
{
  return (AttestationEntry){ .attempt_id = attempt,
                             .format = "piv",
                             .verdict = verdict,
                             .spki = evidence->spki,
                             .nonce = evidence->nonce,
                             .secret = evidence->secret,
                             .request = evidence->request,
                             .parts = evidence->parts,
                             .detail = "says the test" };
}

static void
keep (Ledger *ledger, const Evidence *evidence, gint64 attempt, AttestationVerdict verdict)
{
  const AttestationEntry entry = entry_of (evidence, attempt, verdict);
  g_autoptr (GError) error = NULL;

  assert_ok (ledger_keep_attestation (ledger, &entry, &error), error);
}

START_TEST (evidence_comes_back_as_it_was_kept)
{
  g_auto (Fixture) f = { 0 };
  g_auto (Evidence) evidence = evidence_new ('k');
  gint64 attempt;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  G_GNUC_UNUSED g_autoptr (Device) device = arrive (f.ledger, "b1", "chip-a", NULL, &attempt, NULL);
  g_autofree char *digest = sha256_hex (g_bytes_get_data (evidence.spki, NULL), 91);

  keep (f.ledger, &evidence, attempt, ATTESTATION_VERIFIED);
  fixture_reopen (&f);
  g_autoptr (AttestationRecord) record = ledger_attestation (f.ledger, "chip-a", NULL);
  g_autoptr (AttestationRecord) same = ledger_attestation_of_attempt (f.ledger, attempt, NULL);
  ck_assert_ptr_nonnull (record);
  ck_assert_ptr_nonnull (same);
  ck_assert_int_eq (record->id, same->id);
  ck_assert_int_eq (record->attempt, attempt);
  ck_assert_str_eq (record->device, "chip-a");
  ck_assert_str_eq (record->format, "piv");
  ck_assert_str_eq (record->verdict, "verified");
  ck_assert_str_eq (record->detail, "says the test");
  ck_assert_str_eq (record->spki_sha256, digest);
  ck_assert (g_bytes_equal (record->nonce, evidence.nonce));
  ck_assert (g_bytes_equal (record->secret, evidence.secret));
  ck_assert (g_bytes_equal (record->request, evidence.request));
  ck_assert_uint_eq (record->parts->len, 3);
  for (guint i = 0; i < 3; i++)
    ck_assert (g_bytes_equal (g_ptr_array_index (record->parts, i),
                              g_ptr_array_index (evidence.parts, i)));
  g_autofree char *kinds = event_kinds (f.ledger);
  ck_assert_msg (strstr (kinds, "attestation") != NULL, "%s", kinds);
}
END_TEST

START_TEST (a_key_is_attested_by_verified_evidence_of_its_own_device_alone)
{
  g_auto (Fixture) f = { 0 };
  g_auto (Evidence) evidence = evidence_new ('k');
  g_auto (Evidence) other = evidence_new ('o');
  gboolean attested;
  gint64 attempt, next;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  g_autoptr (Device) device = arrive (f.ledger, "b1", "chip-a", NULL, &attempt, NULL);
  g_autoptr (Device) neighbour = arrive (f.ledger, "b1", "chip-b", NULL, &next, NULL);

  keep (f.ledger, &evidence, attempt, ATTESTATION_KEPT);
  keep (f.ledger, &evidence, attempt, ATTESTATION_REFUSED);
  ck_assert (ledger_key_attested (f.ledger, device->id, evidence.spki, &attested, NULL));
  ck_assert (!attested);
  keep (f.ledger, &evidence, attempt, ATTESTATION_VERIFIED);
  ck_assert (ledger_key_attested (f.ledger, device->id, evidence.spki, &attested, NULL));
  ck_assert (attested);
  ck_assert (ledger_key_attested (f.ledger, device->id, other.spki, &attested, NULL));
  ck_assert (!attested);
  ck_assert (ledger_key_attested (f.ledger, neighbour->id, evidence.spki, &attested, NULL));
  ck_assert (!attested);
}
END_TEST

START_TEST (the_key_in_the_live_certificate_is_shown_first)
{
  g_auto (Fixture) f = { 0 };
  g_auto (Evidence) evidence = evidence_new ('k');
  g_auto (Evidence) later = evidence_new ('l');
  g_autoptr (EVP_PKEY) key = make_key ();
  g_autoptr (GBytes) der = make_certificate (key, "chip-a", 10);
  gint64 attempt;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  G_GNUC_UNUSED g_autoptr (Device) device = arrive (f.ledger, "b1", "chip-a", NULL, &attempt, NULL);

  g_bytes_unref (evidence.spki);
  evidence.spki = spki_of (key);
  keep (f.ledger, &evidence, attempt, ATTESTATION_VERIFIED);
  keep (f.ledger, &later, attempt, ATTESTATION_KEPT);
  g_autoptr (AttestationRecord) before = ledger_attestation (f.ledger, "chip-a", NULL);
  ck_assert_str_eq (before->verdict, "kept");
  ck_assert (store (f.ledger, 0, "b1", "chip-a", der, NULL));
  g_autoptr (AttestationRecord) after = ledger_attestation (f.ledger, "chip-a", NULL);
  ck_assert_str_eq (after->verdict, "verified");
}
END_TEST

START_TEST (what_can_not_be_kept_is_refused)
{
  g_auto (Fixture) f = { 0 };
  g_auto (Evidence) evidence = evidence_new ('k');
  g_autoptr (GError) error = NULL;
  g_autoptr (AttestationRecord) none = NULL;
  AttestationEntry entry;
  gint64 attempt;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  G_GNUC_UNUSED g_autoptr (Device) device = arrive (f.ledger, "b1", "chip-a", NULL, &attempt, NULL);

  entry = entry_of (&evidence, attempt, ATTESTATION_VERIFIED);
  g_ptr_array_add (evidence.parts, bytes_of ('x', ATTESTATION_MOST_BYTES));
  assert_error (!ledger_keep_attestation (f.ledger, &entry, &error), LEDGER_ERROR_INVALID, error);
  g_ptr_array_set_size (evidence.parts, 0);
  assert_error (!ledger_keep_attestation (f.ledger, &entry, &error), LEDGER_ERROR_INVALID, error);
  for (guint i = 0; i <= ATTESTATION_MOST_PARTS; i++)
    g_ptr_array_add (evidence.parts, bytes_of ('x', 1));
  assert_error (!ledger_keep_attestation (f.ledger, &entry, &error), LEDGER_ERROR_INVALID, error);
  g_ptr_array_set_size (evidence.parts, ATTESTATION_MOST_PARTS);
  assert_ok (ledger_keep_attestation (f.ledger, &entry, &error), error);
  /* An attempt that is over brings nothing any more. */
  ck_assert (
      ledger_end_attempt (f.ledger, attempt, ATTEMPT_FAILED, "sign", "ca-key", NULL, NULL, NULL));
  ck_assert (!ledger_keep_attestation (f.ledger, &entry, NULL));
  none = ledger_attestation (f.ledger, "chip-b", &error);
  ck_assert_ptr_null (none);
  assert_ok (error == NULL, error);
}
END_TEST

static const char *const forbidden[] = {
  "UPDATE attestations SET verdict = 'kept'",
  "UPDATE attestations SET evidence = x'00000000'",
  "DELETE FROM attestations",
  "INSERT OR REPLACE INTO attestations SELECT id, attempt, device, format, 'kept', spki_sha256,"
  " nonce, secret, request, evidence, detail, at FROM attestations",
  "INSERT INTO attestations SELECT NULL, attempt, device, format, 'good', spki_sha256,"
  " nonce, secret, request, evidence, detail, at FROM attestations",
  "INSERT INTO attestations SELECT NULL, attempt, device, format, verdict, spki_sha256,"
  " x'00', secret, request, evidence, detail, at FROM attestations",
};

START_TEST (evidence_stays_evidence)
{
  g_auto (Fixture) f = { 0 };
  g_auto (Evidence) evidence = evidence_new ('k');
  gint64 attempt;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  G_GNUC_UNUSED g_autoptr (Device) device = arrive (f.ledger, "b1", "chip-a", NULL, &attempt, NULL);

  keep (f.ledger, &evidence, attempt, ATTESTATION_VERIFIED);
  ck_assert (!raw_sql (f.path, forbidden[_i]));
  /* The same row, as one of its own, goes in. */
  ck_assert (raw_sql (f.path,
                      "INSERT INTO attestations SELECT NULL, attempt, device, format, verdict,"
                      " spki_sha256, nonce, secret, request, evidence, detail, at"
                      " FROM attestations"));
}
END_TEST

START_TEST (evidence_is_found_by_index)
{
  g_auto (Fixture) f = { 0 };
  fixture_open (&f);
  g_autofree char *by_key =
      query_plan (f.path, "SELECT id FROM attestations WHERE spki_sha256 = x'00' AND device = 1");
  g_autofree char *by_attempt =
      query_plan (f.path, "SELECT id FROM attestations WHERE attempt = 1 ORDER BY id DESC LIMIT 1");

  ck_assert_msg (strstr (by_key, "USING") != NULL, "%s", by_key);
  ck_assert_msg (strstr (by_attempt, "attestations_of_attempt") != NULL, "%s", by_attempt);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("attestation");
  TCase *kept = tcase_create ("kept");

  tcase_set_timeout (kept, 60);
  tcase_add_test (kept, evidence_comes_back_as_it_was_kept);
  tcase_add_test (kept, a_key_is_attested_by_verified_evidence_of_its_own_device_alone);
  tcase_add_test (kept, the_key_in_the_live_certificate_is_shown_first);
  tcase_add_test (kept, what_can_not_be_kept_is_refused);
  tcase_add_loop_test (kept, evidence_stays_evidence, 0, G_N_ELEMENTS (forbidden));
  tcase_add_test (kept, evidence_is_found_by_index);
  suite_add_tcase (suite, kept);
  return run_suite (suite);
}
