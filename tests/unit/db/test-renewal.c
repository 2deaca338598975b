/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Devices that come back: who is let in, what becomes of the old certificate and of both batches'
 * counts, lists, what was installed, and what ends when.
 */
#include <string.h>

#include "base/certificate.h"
#include "db/registry.h"
#include "db/renewal.h"
#include "fixture.h"

#define DAY 86400

static void
start_return (Ledger *ledger, const char *name, BatchKind kind, gboolean listed, guint target)
{
  g_autoptr (GError) error = NULL;
  Batch batch = { .name = (char *)name,
                  .product = (char *)"p",
                  .profile = (char *)"aws",
                  .kind = kind,
                  .listed = listed,
                  .target = target };

  assert_ok (ledger_create_batch (ledger, &batch, "sue", &error), error);
  if (!listed)
    assert_ok (ledger_set_batch_state (ledger, name, BATCH_RUNNING, "sue", &error), error);
}

static void
passes (Ledger *ledger, const char *batch, const char *chip, guint64 log_index)
{
  g_autoptr (Certificate) certificate = pass (ledger, batch, chip, log_index);

  ck_assert_ptr_nonnull (certificate);
}

static void
end_failed (Ledger *ledger, gint64 attempt)
{
  ck_assert (ledger_end_attempt (ledger, attempt, ATTEMPT_FAILED, "install", "no-answer", NULL,
                                 NULL, NULL));
}

static void
refuse (Ledger *ledger, const char *batch, const char *chip, int code)
{
  g_autoptr (GError) error = NULL;
  gint64 attempt;

  assert_error (arrive (ledger, batch, chip, NULL, &attempt, &error) == NULL, code, error);
  end_failed (ledger, attempt);
}

static Batch *
batch_now (Ledger *ledger, const char *name)
{
  return ledger_batch (ledger, name, NULL);
}

/* ---- who is let in ---- */

START_TEST (a_device_is_renewed_and_its_old_batch_keeps_its_counts)
{
  g_auto (Fixture) f = { 0 };
  fixture_open (&f);
  start_batch (f.ledger, "b1", 1, NULL);
  g_autoptr (Certificate) old = pass (f.ledger, "b1", "chip-a", 0);
  ck_assert (ledger_set_batch_state (f.ledger, "b1", BATCH_CLOSED, "sue", NULL));
  start_return (f.ledger, "r1", BATCH_RENEW, FALSE, 1);
  g_autoptr (Certificate) new = pass (f.ledger, "r1", "chip-a", 1);
  g_autoptr (Certificate) was = ledger_certificate (f.ledger, old->sha256, NULL);
  g_autoptr (Device) device = ledger_device (f.ledger, "chip-a", NULL);
  g_autoptr (Batch) b1 = batch_now (f.ledger, "b1");
  g_autoptr (Batch) r1 = batch_now (f.ledger, "r1");

  ck_assert_str_eq (was->state, "void");
  ck_assert_str_eq (was->void_reason, "superseded");
  ck_assert_str_eq (new->batch, "r1");
  ck_assert_str_eq (device->batch, "r1");
  ck_assert_str_eq (device->state, "passed");
  ck_assert_uint_eq (b1->passed, 1);
  ck_assert_uint_eq (b1->devices, 1);
  ck_assert_uint_eq (b1->first_passed, 1);
  ck_assert_uint_eq (r1->passed, 1);
  ck_assert_uint_eq (r1->devices, 1);
  ck_assert_uint_eq (r1->first_passed, 1);
  ck_assert_int_eq (r1->kind, BATCH_RENEW);
  g_autofree char *live = raw_text (f.path, "SELECT group_concat (live) FROM batches");
  ck_assert_str_eq (live, "1,1");
  refuse (f.ledger, "r1", "chip-a", LEDGER_ERROR_ALREADY_DONE);
}
END_TEST

START_TEST (who_never_passed_is_refused)
{
  g_auto (Fixture) f = { 0 };
  gint64 attempt;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  passes (f.ledger, "b1", "chip-a", 0);
  g_autoptr (Device) begun = arrive (f.ledger, "b1", "chip-b", NULL, &attempt, NULL);
  ck_assert_ptr_nonnull (begun);
  end_failed (f.ledger, attempt);
  start_return (f.ledger, "r1", BATCH_RENEW, FALSE, 0);
  start_return (f.ledger, "f1", BATCH_REFRESH, FALSE, 0);
  refuse (f.ledger, "r1", "chip-b", LEDGER_ERROR_NOT_FINISHED);
  refuse (f.ledger, "r1", "chip-unknown", LEDGER_ERROR_NOT_FINISHED);
  refuse (f.ledger, "f1", "chip-b", LEDGER_ERROR_NOT_FINISHED);
  refuse (f.ledger, "f1", "chip-unknown", LEDGER_ERROR_NOT_FINISHED);
  g_autoptr (Device) back = arrive (f.ledger, "f1", "chip-a", NULL, &attempt, NULL);
  ck_assert_ptr_nonnull (back);
  ck_assert_str_eq (back->batch, "f1");
  ck_assert_str_eq (back->state, "certified");
}
END_TEST

START_TEST (a_device_never_goes_back)
{
  g_auto (Fixture) f = { 0 };
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  passes (f.ledger, "b1", "chip-a", 0);
  start_return (f.ledger, "r1", BATCH_RENEW, FALSE, 0);
  start_return (f.ledger, "r2", BATCH_RENEW, FALSE, 0);
  passes (f.ledger, "r2", "chip-a", 1);
  refuse (f.ledger, "b1", "chip-a", LEDGER_ERROR_DUPLICATE_DEVICE);
  refuse (f.ledger, "r1", "chip-a", LEDGER_ERROR_DUPLICATE_DEVICE);
  ck_assert (!raw_sql (f.path, "UPDATE devices SET batch = 1"));
  ck_assert (!raw_sql (f.path, "UPDATE batches SET order_kind = 'new'"));
}
END_TEST

START_TEST (a_held_device_needs_leave)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 attempt;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  g_autoptr (Certificate) old = pass (f.ledger, "b1", "chip-a", 0);
  ck_assert (ledger_void_certificate (f.ledger, old->id, "stolen", "sue", NULL));
  start_return (f.ledger, "r1", BATCH_RENEW, FALSE, 0);
  refuse (f.ledger, "r1", "chip-a", LEDGER_ERROR_DEVICE_VOIDED);
  ck_assert (ledger_allow_retry (f.ledger, "chip-a", "sue", NULL));
  g_autoptr (Device) back = arrive (f.ledger, "r1", "chip-a", NULL, &attempt, &error);
  assert_ok (back != NULL, error);
  /* Let in by a supervisor, it need not prove a key that it may have lost. */
  ck_assert (back->renewing);
}
END_TEST

START_TEST (the_old_key_is_asked_for_once)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 attempt;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  g_autoptr (Certificate) old = pass (f.ledger, "b1", "chip-a", 0);
  start_return (f.ledger, "r1", BATCH_RENEW, FALSE, 0);
  g_autoptr (Device) back = arrive (f.ledger, "r1", "chip-a", NULL, &attempt, &error);
  assert_ok (back != NULL, error);
  ck_assert (!back->renewing);
  assert_ok (ledger_note_old_key (f.ledger, attempt, old, &error), error);
  end_failed (f.ledger, attempt);
  fixture_reopen (&f);
  g_autoptr (Device) again = arrive (f.ledger, "r1", "chip-a", NULL, &attempt, &error);
  assert_ok (again != NULL, error);
  ck_assert (again->renewing);
  end_failed (f.ledger, attempt);
  /* The next batch asks anew. */
  start_return (f.ledger, "r2", BATCH_RENEW, FALSE, 0);
  g_autoptr (Device) later = arrive (f.ledger, "r2", "chip-a", NULL, &attempt, &error);
  ck_assert (!later->renewing);
  g_autofree char *kinds = event_kinds (f.ledger);
  ck_assert_ptr_nonnull (strstr (kinds, "device-return old-key-proven"));
}
END_TEST

/* Cut off in the middle, and its batch was closed. */
START_TEST (who_has_nothing_left_to_prove_needs_leave)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) der = new_certificate ("chip-a", 10);
  gint64 attempt;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  passes (f.ledger, "b1", "chip-a", 0);
  start_return (f.ledger, "r1", BATCH_RENEW, FALSE, 0);
  g_autoptr (Device) back = arrive (f.ledger, "r1", "chip-a", NULL, &attempt, &error);
  assert_ok (back != NULL && store (f.ledger, 1, "r1", "chip-a", der, &error), error);
  end_failed (f.ledger, attempt);
  ck_assert (ledger_set_batch_state (f.ledger, "r1", BATCH_CLOSED, "sue", NULL));
  start_return (f.ledger, "r2", BATCH_RENEW, FALSE, 0);
  refuse (f.ledger, "r2", "chip-a", LEDGER_ERROR_DEVICE_VOIDED);
  ck_assert (ledger_allow_retry (f.ledger, "chip-a", "sue", NULL));
  g_autoptr (Device) again = arrive (f.ledger, "r2", "chip-a", NULL, &attempt, &error);
  assert_ok (again != NULL, error);
}
END_TEST

START_TEST (a_target_counts_certificates_of_the_batch)
{
  g_auto (Fixture) f = { 0 };
  fixture_open (&f);
  start_batch (f.ledger, "b1", 2, NULL);
  passes (f.ledger, "b1", "chip-a", 0);
  passes (f.ledger, "b1", "chip-b", 1);
  start_return (f.ledger, "r1", BATCH_RENEW, FALSE, 1);
  passes (f.ledger, "r1", "chip-a", 2);
  refuse (f.ledger, "r1", "chip-b", LEDGER_ERROR_BATCH_FULL);
  /* What was renewed elsewhere frees no place. */
  refuse (f.ledger, "b1", "chip-c", LEDGER_ERROR_BATCH_FULL);
}
END_TEST

START_TEST (a_refresh_keeps_the_certificate)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 attempt;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  g_autoptr (Certificate) old = pass (f.ledger, "b1", "chip-a", 0);
  start_return (f.ledger, "f1", BATCH_REFRESH, FALSE, 0);
  g_autoptr (Device) back = arrive (f.ledger, "f1", "chip-a", NULL, &attempt, &error);
  assert_ok (back != NULL, error);
  assert_ok (ledger_pass (f.ledger, attempt, old->id, NULL, NULL, &error), error);
  g_autoptr (Certificate) live = ledger_live_certificate (f.ledger, back->id, NULL);
  g_autoptr (Batch) b1 = batch_now (f.ledger, "b1");
  g_autoptr (Batch) f1 = batch_now (f.ledger, "f1");

  ck_assert_str_eq (live->sha256, old->sha256);
  ck_assert_str_eq (live->batch, "b1");
  ck_assert_int_eq (live->verified_at, old->verified_at);
  ck_assert_uint_eq (b1->passed, 1);
  ck_assert_uint_eq (f1->passed, 1);
  refuse (f.ledger, "f1", "chip-a", LEDGER_ERROR_ALREADY_DONE);
}
END_TEST

/* The log tells of a renewal that a lost ledger did not know. */
START_TEST (a_recovered_batch_of_known_devices_renews)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) der = new_certificate ("chip-a", 10);
  gint64 attempt;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  passes (f.ledger, "b1", "chip-a", 0);
  assert_ok (store (f.ledger, 1, "r1", "chip-a", der, &error), error);
  g_autoptr (Batch) r1 = batch_now (f.ledger, "r1");
  ck_assert_int_eq (r1->kind, BATCH_RENEW);
  ck_assert (ledger_set_batch_state (f.ledger, "r1", BATCH_RUNNING, "sue", NULL));
  g_autoptr (Device) back = arrive (f.ledger, "r1", "chip-a", NULL, &attempt, &error);
  assert_ok (back != NULL, error);
  ck_assert_str_eq (back->state, "certified");
}
END_TEST

/* ---- lists ---- */

START_TEST (only_listed_units_come_back)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  const char *good[] = { "chip-a", "chip-b", "chip-a", NULL };
  const char *bad[] = { "chip-c", "chip-x", NULL };
  const char *more[] = { "chip-c", NULL };
  g_autofree char *next = NULL;
  guint added;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  passes (f.ledger, "b1", "chip-a", 0);
  passes (f.ledger, "b1", "chip-b", 1);
  passes (f.ledger, "b1", "chip-c", 2);
  start_return (f.ledger, "r1", BATCH_RENEW, TRUE, 0);
  assert_error (!ledger_set_batch_state (f.ledger, "r1", BATCH_RUNNING, "sue", &error),
                LEDGER_ERROR_BATCH_STATE, error);
  assert_ok (ledger_add_batch_units (f.ledger, "r1", good, "sue", &added, &error), error);
  ck_assert_uint_eq (added, 2);
  assert_error (!ledger_add_batch_units (f.ledger, "r1", bad, "sue", &added, &error),
                LEDGER_ERROR_NOT_FOUND, error);
  assert_error (!ledger_add_batch_units (f.ledger, "b1", good, "sue", &added, &error),
                LEDGER_ERROR_INVALID, error);
  ck_assert (ledger_set_batch_state (f.ledger, "r1", BATCH_RUNNING, "sue", NULL));
  refuse (f.ledger, "r1", "chip-c", LEDGER_ERROR_NOT_LISTED);
  passes (f.ledger, "r1", "chip-a", 3);
  assert_ok (ledger_add_batch_units (f.ledger, "r1", more, "sue", &added, &error), error);
  g_autoptr (Batch) r1 = batch_now (f.ledger, "r1");
  ck_assert_uint_eq (r1->units, 3);
  g_autoptr (GPtrArray) left = ledger_batch_units (f.ledger, "r1", "left", 1, NULL, &next, &error);
  assert_ok (left != NULL, error);
  ck_assert_uint_eq (left->len, 1);
  ck_assert_str_eq (((BatchUnit *)g_ptr_array_index (left, 0))->device, "chip-b");
  g_autofree char *last = NULL;
  g_autoptr (GPtrArray) rest = ledger_batch_units (f.ledger, "r1", "left", 9, next, &last, &error);
  ck_assert_uint_eq (rest->len, 1);
  ck_assert_ptr_null (last);
  assert_error (ledger_batch_units (f.ledger, "r1", NULL, 9, "x", &last, &error) == NULL,
                LEDGER_ERROR_INVALID, error);
  ck_assert (ledger_set_batch_state (f.ledger, "r1", BATCH_CLOSED, "sue", NULL));
  g_autofree char *missing =
      raw_text (f.path, "SELECT detail FROM audit_events WHERE kind = 'batch-units-missing'");
  ck_assert_str_eq (missing, "2 units of the list never came: chip-b, chip-c");
  assert_error (!ledger_add_batch_units (f.ledger, "r1", more, "sue", &added, &error),
                LEDGER_ERROR_BATCH_STATE, error);
}
END_TEST

/* ---- lineage ---- */

START_TEST (certificates_stand_in_order_with_what_replaced_what)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  g_autoptr (EVP_PKEY) key = make_key ();
  g_autoptr (GBytes) of_b = make_certificate (key, "chip-b", 10);
  g_autoptr (GBytes) of_a = make_certificate (key, "chip-a", 10);
  g_autoptr (Certificate) first = pass (f.ledger, "b1", "chip-a", 0);
  g_autoptr (Certificate) other = pass_with (f.ledger, "b1", "chip-b", 1, of_b);
  ck_assert_ptr_nonnull (other);
  start_return (f.ledger, "r1", BATCH_RENEW, FALSE, 0);
  g_autoptr (Certificate) second = pass (f.ledger, "r1", "chip-a", 2);
  /* chip-b's key, certified for chip-a: it replaced nothing. */
  assert_error (!store (f.ledger, 3, "r1", "chip-a", of_a, &error), LEDGER_ERROR_DUPLICATE_KEY,
                error);
  g_autoptr (GPtrArray) lineage = ledger_lineage (f.ledger, "chip-a", &error);
  assert_ok (lineage != NULL, error);
  ck_assert_uint_eq (lineage->len, 3);
  const LineageEntry *one = g_ptr_array_index (lineage, 0);
  const LineageEntry *two = g_ptr_array_index (lineage, 1);
  const LineageEntry *never = g_ptr_array_index (lineage, 2);
  ck_assert_str_eq (never->void_reason, "duplicate-key");
  ck_assert_ptr_null (never->replaces);
  ck_assert_str_eq (one->sha256, first->sha256);
  ck_assert_ptr_null (one->replaces);
  ck_assert_str_eq (one->void_reason, "superseded");
  ck_assert_int_gt (one->voided_at, one->verified_at);
  ck_assert_str_eq (two->sha256, second->sha256);
  ck_assert_str_eq (two->replaces, first->sha256);
  ck_assert_str_eq (two->batch, "r1");
  assert_error (ledger_lineage (f.ledger, "chip-x", &error) == NULL, LEDGER_ERROR_NOT_FOUND, error);
}
END_TEST

/* ---- what was installed, and what ends ---- */

static void
pass_trusting (Ledger *ledger, const char *chip, guint64 index, int days,
               const InstalledTrust *trust)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) der = new_certificate (chip, days);
  gint64 attempt;
  g_autoptr (Device) device = arrive (ledger, "b1", chip, NULL, &attempt, &error);

  assert_ok (device != NULL, error);
  assert_ok (store (ledger, index, "b1", chip, der, &error), error);
  g_autoptr (Certificate) live = ledger_live_certificate (ledger, device->id, &error);
  assert_ok (ledger_pass (ledger, attempt, live->id, NULL, trust, &error), error);
}

static GPtrArray *
roots_of (int days)
{
  GPtrArray *roots = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  g_ptr_array_add (roots, new_certificate ("root", days));
  return roots;
}

static char *
who_ends (Ledger *ledger, EndingWhat what, int days, guint most)
{
  const EndingFilter filter = { .what = what,
                                .before = g_get_real_time () / G_USEC_PER_SEC + days * DAY };
  GString *who = g_string_new (NULL);
  g_autofree char *marker = NULL;

  do {
    g_autoptr (GError) error = NULL;
    char *next = NULL;
    g_autoptr (GPtrArray) page = ledger_ending (ledger, &filter, most, marker, &next, &error);
    assert_ok (page != NULL, error);
    ck_assert_uint_le (page->len, most);
    for (guint i = 0; i < page->len; i++)
      g_string_append_printf (who, "%s ", ((UnitEnding *)g_ptr_array_index (page, i))->device);
    g_free (marker);
    marker = next;
  } while (marker != NULL);
  return g_string_free (who, FALSE);
}

START_TEST (what_was_installed_is_on_record_and_shared)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GPtrArray) roots = roots_of (100);
  const InstalledTrust trust = { .endpoint = "a.example", .roots = roots };
  const InstalledTrust none = { 0 };
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  pass_trusting (f.ledger, "chip-a", 0, 10, &trust);
  pass_trusting (f.ledger, "chip-b", 1, 10, &trust);
  pass_trusting (f.ledger, "chip-c", 2, 10, &none);
  pass_trusting (f.ledger, "chip-d", 3, 10, NULL);
  g_autoptr (DeviceTrust) a = ledger_device_trust (f.ledger, "chip-a", NULL);
  g_autoptr (DeviceTrust) c = ledger_device_trust (f.ledger, "chip-c", NULL);
  g_autoptr (DeviceTrust) d = ledger_device_trust (f.ledger, "chip-d", NULL);

  ck_assert (a->known);
  ck_assert_str_eq (a->endpoint, "a.example");
  ck_assert_uint_eq (a->roots->len, 1);
  ck_assert_str_eq (((TrustedRoot *)g_ptr_array_index (a->roots, 0))->subject, "CN=root,O=Maker");
  ck_assert (c->known);
  ck_assert_ptr_null (c->endpoint);
  ck_assert_uint_eq (c->roots->len, 0);
  ck_assert (!d->known);
  g_autofree char *rows = raw_text (
      f.path, "SELECT (SELECT count (*) FROM trusts) || ' ' || count (*) FROM server_roots");
  ck_assert_str_eq (rows, "2 1");
  g_autofree char *attempts = raw_text (f.path, "SELECT group_concat (trust) FROM attempts");
  ck_assert_str_eq (attempts, "1,1,2");
  ck_assert (!raw_sql (f.path, "UPDATE trusts SET endpoint = 'other'"));
  ck_assert (!raw_sql (f.path, "DELETE FROM trust_roots"));
}
END_TEST

START_TEST (what_ends_is_found_page_by_page)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GPtrArray) soon = roots_of (20);
  g_autoptr (GPtrArray) late = roots_of (2000);
  const InstalledTrust one = { .roots = soon };
  const InstalledTrust other = { .roots = late };
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  pass_trusting (f.ledger, "chip-a", 0, 30, &one);
  pass_trusting (f.ledger, "chip-b", 1, 10, &other);
  pass_trusting (f.ledger, "chip-c", 2, 300, &one);
  pass_trusting (f.ledger, "chip-d", 3, 20, NULL);
  for (guint most = 1; most < 5; most++) {
    g_autofree char *soonest = who_ends (f.ledger, ENDING_CERTIFICATE, 5, most);
    g_autofree char *certificates = who_ends (f.ledger, ENDING_CERTIFICATE, 60, most);
    g_autofree char *roots = who_ends (f.ledger, ENDING_ROOT, 60, most);
    g_autofree char *no_roots = who_ends (f.ledger, ENDING_ROOT, 5, most);
    g_autofree char *all_roots = who_ends (f.ledger, ENDING_ROOT, 3000, most);

    ck_assert_str_eq (soonest, "");
    ck_assert_str_eq (certificates, "chip-b chip-d chip-a ");
    ck_assert_str_eq (roots, "chip-a chip-c ");
    ck_assert_str_eq (no_roots, "");
    ck_assert_str_eq (all_roots, "chip-a chip-c chip-b ");
  }
  g_autoptr (Certificate) b = ledger_certificate (f.ledger, "chip-b", NULL);
  ck_assert (ledger_void_certificate (f.ledger, b->id, "scrapped", "sue", NULL));
  g_autofree char *left = who_ends (f.ledger, ENDING_CERTIFICATE, 60, 9);
  ck_assert_str_eq (left, "chip-d chip-a ");
}
END_TEST

/* In the fixture each certificate signs itself: so it is its own CA, when it is kept as one. */
START_TEST (units_of_a_ca_that_ends_are_found)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) chain = g_ptr_array_new ();
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  pass_trusting (f.ledger, "chip-a", 0, 30, NULL);
  pass_trusting (f.ledger, "chip-b", 1, 30, NULL);
  g_autofree char *unknown = who_ends (f.ledger, ENDING_CA, 60, 9);
  ck_assert_str_eq (unknown, "");
  g_autoptr (Certificate) b = ledger_certificate (f.ledger, "chip-b", NULL);
  g_ptr_array_add (chain, b->der);
  assert_ok (ledger_keep_chain (f.ledger, "demo", chain, &error), error);
  g_autofree char *who = who_ends (f.ledger, ENDING_CA, 60, 9);
  g_autofree char *later = who_ends (f.ledger, ENDING_CA, 5, 9);
  ck_assert_str_eq (who, "chip-b ");
  ck_assert_str_eq (later, "");
}
END_TEST

/* ---- registrations ---- */

static void
add_target (Ledger *ledger, const char *name, const char *account)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Target) target = target_new ();

  g_free (target->name);
  target->name = g_strdup (name);
  g_free (target->kind);
  target->kind = g_strdup ("aws");
  g_free (target->account);
  target->account = g_strdup (account);
  g_free (target->region);
  target->region = g_strdup ("eu-west-1");
  target->mode = TARGET_SELF_SIGNED;
  assert_ok (ledger_add_target (ledger, target, "sue", &error), error);
}

static char *
registered (Fixture *fixture)
{
  return raw_text (fixture->path, "SELECT group_concat (name || ' ' || log_index || ' ' || status)"
                                  " FROM (SELECT name, log_index, status FROM registrations"
                                  " JOIN targets ON targets.id = target JOIN certificates"
                                  " ON certificates.id = certificate ORDER BY log_index)");
}

/* The old one is INACTIVE where it was, the new one ACTIVE where the renewal's batch says. */
START_TEST (registrations_follow_a_renewal)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  const char *old[] = { "pre", NULL };
  const char *new[] = { "production", NULL };
  fixture_open (&f);
  add_target (f.ledger, "pre", "123456789012");
  add_target (f.ledger, "production", "210987654321");
  start_batch (f.ledger, "b1", 0, NULL);
  assert_ok (ledger_set_batch_targets (f.ledger, "b1", old, REGISTRATION_ACTIVE, "sue", &error),
             error);
  g_autoptr (Certificate) a = pass (f.ledger, "b1", "chip-a", 0);
  start_return (f.ledger, "f1", BATCH_REFRESH, FALSE, 0);
  gint64 attempt;
  g_autoptr (Device) kept = arrive (f.ledger, "f1", "chip-a", NULL, &attempt, &error);
  assert_ok (kept != NULL, error);
  assert_ok (ledger_pass (f.ledger, attempt, a->id, NULL, NULL, &error), error);
  g_autofree char *refreshed = registered (&f);
  ck_assert_str_eq (refreshed, "pre 0 ACTIVE");
  start_return (f.ledger, "r1", BATCH_RENEW, FALSE, 0);
  assert_ok (ledger_set_batch_targets (f.ledger, "r1", new, REGISTRATION_ACTIVE, "sue", &error),
             error);
  g_autoptr (Certificate) b = pass (f.ledger, "r1", "chip-a", 1);
  g_autofree char *renewed = registered (&f);
  ck_assert_str_eq (renewed, "pre 0 INACTIVE,production 1 ACTIVE");
  ck_assert_ptr_nonnull (b);
}
END_TEST

START_TEST (a_campaign_for_a_target_has_its_units_only)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  const char *names[] = { "pre", NULL };
  g_autofree char *next = NULL;
  const EndingFilter filter = { .what = ENDING_CERTIFICATE, .before = G_MAXINT64, .target = "pre" };
  fixture_open (&f);
  add_target (f.ledger, "pre", "123456789012");
  start_batch (f.ledger, "b1", 0, NULL);
  passes (f.ledger, "b1", "chip-a", 0);
  g_autoptr (GPtrArray) none = ledger_ending (f.ledger, &filter, 9, NULL, &next, &error);
  assert_ok (none != NULL, error);
  ck_assert_uint_eq (none->len, 0);
  assert_ok (ledger_set_batch_targets (f.ledger, "b1", names, REGISTRATION_INACTIVE, "sue", &error),
             error);
  passes (f.ledger, "b1", "chip-b", 1);
  g_autoptr (GPtrArray) one = ledger_ending (f.ledger, &filter, 9, NULL, &next, &error);
  assert_ok (one != NULL, error);
  ck_assert_uint_eq (one->len, 1);
  ck_assert_str_eq (((UnitEnding *)g_ptr_array_index (one, 0))->device, "chip-b");
}
END_TEST

START_TEST (markers_and_targets_are_judged)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  EndingFilter filter = { .what = ENDING_CERTIFICATE, .before = G_MAXINT64 };
  const char *wrong[] = { "", "1", "1.2.3", "1.x", "-", "1.2 " };
  g_autofree char *next = NULL;
  fixture_open (&f);
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    assert_error (ledger_ending (f.ledger, &filter, 9, wrong[i], &next, &error) == NULL,
                  LEDGER_ERROR_INVALID, error);
  g_autoptr (GPtrArray) none = ledger_ending (f.ledger, &filter, 9, "-5.2", &next, &error);
  assert_ok (none != NULL, error);
  filter.target = "nowhere";
  assert_error (ledger_ending (f.ledger, &filter, 9, NULL, &next, &error) == NULL,
                LEDGER_ERROR_NOT_FOUND, error);
}
END_TEST

START_TEST (lists_go_by_an_index)
{
  g_auto (Fixture) f = { 0 };
  fixture_open (&f);
  g_autofree char *by_end =
      query_plan (f.path, "SELECT id FROM certificates WHERE state = 'verified' AND not_after > 1"
                          " AND not_after < 5 ORDER BY not_after, id LIMIT 9");
  g_autofree char *of_one_end =
      query_plan (f.path, "SELECT id FROM certificates WHERE state = 'verified' AND not_after = 1"
                          " AND id > 2 ORDER BY id LIMIT 9");
  g_autofree char *by_issuer = query_plan (
      f.path, "SELECT id FROM certificates WHERE state = 'verified' AND issuer = 1 AND id > 2"
              " ORDER BY id LIMIT 9");
  g_autofree char *by_trust =
      query_plan (f.path, "SELECT id FROM devices WHERE trust = 1 AND id > 2 ORDER BY id LIMIT 9");

  ck_assert_ptr_nonnull (strstr (by_end, "certificates_ending (not_after>? AND not_after<?)"));
  ck_assert_ptr_nonnull (strstr (of_one_end, "certificates_ending (not_after=? AND id>?)"));
  ck_assert_ptr_nonnull (strstr (by_issuer, "certificates_of_issuer (issuer=? AND id>?)"));
  ck_assert_ptr_nonnull (strstr (by_trust, "devices_of_trust (trust=? AND id>?)"));
  ck_assert_ptr_null (strstr (by_end, "TEMP B-TREE"));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("renewal");
  TCase *renewal = tcase_create ("renewal");

  tcase_set_timeout (renewal, 60);
  tcase_add_test (renewal, a_device_is_renewed_and_its_old_batch_keeps_its_counts);
  tcase_add_test (renewal, who_never_passed_is_refused);
  tcase_add_test (renewal, a_device_never_goes_back);
  tcase_add_test (renewal, a_held_device_needs_leave);
  tcase_add_test (renewal, the_old_key_is_asked_for_once);
  tcase_add_test (renewal, who_has_nothing_left_to_prove_needs_leave);
  tcase_add_test (renewal, a_target_counts_certificates_of_the_batch);
  tcase_add_test (renewal, a_refresh_keeps_the_certificate);
  tcase_add_test (renewal, a_recovered_batch_of_known_devices_renews);
  tcase_add_test (renewal, only_listed_units_come_back);
  tcase_add_test (renewal, certificates_stand_in_order_with_what_replaced_what);
  tcase_add_test (renewal, what_was_installed_is_on_record_and_shared);
  tcase_add_test (renewal, what_ends_is_found_page_by_page);
  tcase_add_test (renewal, units_of_a_ca_that_ends_are_found);
  tcase_add_test (renewal, registrations_follow_a_renewal);
  tcase_add_test (renewal, a_campaign_for_a_target_has_its_units_only);
  tcase_add_test (renewal, markers_and_targets_are_judged);
  tcase_add_test (renewal, lists_go_by_an_index);
  suite_add_tcase (suite, renewal);
  return run_suite (suite);
}
