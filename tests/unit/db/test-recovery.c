/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The signer's log against the ledger: entries that come late, twice, in any order, or to a
 * ledger that lost its memory; and many slots at once.
 */
#include "fixture.h"

START_TEST (a_later_certificate_voids_the_earlier_on_record)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GBytes) second = new_certificate ("chip-a", 10);
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  g_autoptr (Certificate) first = pass (f.ledger, "b1", "chip-a", 0);
  ck_assert (store (f.ledger, 1, "b1", "chip-a", second, NULL));
  ck_assert (store (f.ledger, 1, "b1", "chip-a", second, NULL));
  g_autoptr (Certificate) old = ledger_certificate (f.ledger, first->sha256, NULL);
  g_autoptr (Certificate) live = ledger_certificate (f.ledger, "chip-a", NULL);
  g_autoptr (Batch) batch = ledger_batch (f.ledger, "b1", NULL);

  ck_assert_str_eq (old->state, "void");
  ck_assert_str_eq (old->status, "REVOKED");
  ck_assert_str_eq (old->void_reason, "superseded");
  ck_assert_uint_eq (live->log_index, 1);
  ck_assert_str_eq (live->status, "INACTIVE");
  ck_assert_uint_eq (batch->passed, 0);
}
END_TEST

START_TEST (a_recovered_older_entry_does_not_displace_a_newer_one)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GBytes) older = new_certificate ("chip-a", 10);
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  g_autoptr (Certificate) newer = pass (f.ledger, "b1", "chip-a", 5);
  ck_assert (store (f.ledger, 4, "b1", "chip-a", older, NULL));
  g_autoptr (Certificate) live = ledger_certificate (f.ledger, "chip-a", NULL);
  ck_assert_str_eq (live->sha256, newer->sha256);
  ck_assert_str_eq (live->state, "verified");
  ck_assert (ledger_void_certificate (f.ledger, newer->id, "lost", "sue", NULL));
  g_autoptr (Device) device = ledger_device (f.ledger, "chip-a", NULL);
  ck_assert_ptr_null (device->certificate_sha256);
  ck_assert_str_eq (device->state, "started");
}
END_TEST

START_TEST (the_next_log_index_is_the_first_that_is_missing)
{
  g_auto (Fixture) f = { 0 };
  guint64 order[] = { 0, 3, 2, 1 };
  guint64 expected[] = { 1, 1, 1, 4 };
  guint64 next;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  ck_assert (ledger_next_log_index (f.ledger, &next, NULL));
  ck_assert_uint_eq (next, 0);
  for (guint i = 0; i < G_N_ELEMENTS (order); i++) {
    g_autofree char *chip = g_strdup_printf ("chip-%u", i);
    g_autoptr (Certificate) certificate = pass (f.ledger, "b1", chip, order[i]);
    ck_assert_ptr_nonnull (certificate);
    ck_assert (ledger_next_log_index (f.ledger, &next, NULL));
    ck_assert_uint_eq (next, expected[i]);
  }
  fixture_reopen (&f);
  ck_assert (ledger_next_log_index (f.ledger, &next, NULL));
  ck_assert_uint_eq (next, 4);
}
END_TEST

START_TEST (an_entry_that_contradicts_the_ledger_is_refused)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) other = new_certificate ("chip-b", 10);
  g_autoptr (GBytes) junk = g_bytes_new_static ("\x30\x03\x02\x01\x05", 5);
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, NULL);
  g_autoptr (Certificate) first = pass (f.ledger, "b1", "chip-a", 0);
  assert_error (!store (f.ledger, 0, "b1", "chip-b", other, &error), LEDGER_ERROR_INVALID, error);
  assert_error (!store (f.ledger, 1, "b1", "chip-a", first->der, &error), LEDGER_ERROR_INVALID,
                error);
  assert_error (!store (f.ledger, 1, "b1", "chip-b", junk, &error), LEDGER_ERROR_INVALID, error);
}
END_TEST

START_TEST (an_entry_without_device_and_batch_brings_them_back)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) der = new_certificate ("chip-a", 10);
  gint64 attempt;
  fixture_open (&f);
  assert_ok (store (f.ledger, 0, "lost", "chip-a", der, &error), error);
  g_autoptr (Batch) batch = ledger_batch (f.ledger, "lost", &error);
  assert_ok (batch != NULL, error);
  ck_assert_int_eq (batch->state, BATCH_PAUSED);
  ck_assert (ledger_set_batch_state (f.ledger, "lost", BATCH_RUNNING, "sue", NULL));
  g_autoptr (Device) device = arrive (f.ledger, "lost", "chip-a", NULL, &attempt, &error);
  assert_ok (device != NULL, error);
  ck_assert_str_eq (device->state, "certified");
  ck_assert_str_eq (device->chip_id, "chip-a");
  ck_assert_ptr_nonnull (device->certificate_sha256);
  g_autofree char *kinds = event_kinds (f.ledger);
  ck_assert_str_eq (kinds, "batch-recovered device-recovered certificate-store batch-start");
}
END_TEST

START_TEST (a_restored_backup_is_filled_up_from_the_signers_log)
{
  g_auto (Fixture) f = { 0 };
  GBytes *log[4];
  char *serials[4];
  g_autofree char *old = NULL;
  gsize length;
  gint64 attempt;
  guint64 next;
  fixture_open (&f);
  start_batch (f.ledger, "b1", 0, "SN-");
  for (guint i = 0; i < 4; i++) {
    g_autofree char *chip = g_strdup_printf ("chip-%u", i);
    g_autoptr (Certificate) certificate = pass (f.ledger, "b1", chip, i);
    log[i] = g_bytes_ref (certificate->der);
    serials[i] = g_strdup (certificate->device);
    if (i == 1) {
      g_clear_pointer (&f.ledger, ledger_close);
      ck_assert (g_file_get_contents (f.path, &old, &length, NULL));
      fixture_reopen (&f);
    }
  }
  g_clear_pointer (&f.ledger, ledger_close);
  ck_assert (g_file_set_contents (f.path, old, (gssize)length, NULL));
  fixture_reopen (&f);
  ck_assert (ledger_next_log_index (f.ledger, &next, NULL));
  ck_assert_uint_eq (next, 2);
  for (guint i = 0; i < 4; i++)
    ck_assert (store (f.ledger, i, "b1", serials[i], log[i], NULL));
  g_autoptr (Device) again = arrive (f.ledger, "b1", "chip-3", serials[3], &attempt, NULL);
  g_autoptr (Device) fresh = arrive (f.ledger, "b1", "chip-9", NULL, &attempt, NULL);

  ck_assert_str_eq (again->serial, "SN-0004");
  ck_assert_str_eq (again->state, "certified");
  ck_assert_str_eq (fresh->serial, "SN-0005");
  for (guint i = 0; i < 4; i++) {
    g_autoptr (Certificate) found = ledger_certificate (f.ledger, serials[i], NULL);
    ck_assert (g_bytes_equal (found->der, log[i]));
    ck_assert_str_ne (found->state, "void");
    g_bytes_unref (log[i]);
    g_free (serials[i]);
  }
}
END_TEST

#define SLOTS 16
#define TARGET 40

typedef struct {
  Ledger *ledger;
  gint *log_index;
  guint slot;
  guint passed;
} Slot;

/* Devices arrive at one slot until the batch is full. */
static gpointer
run_slot (gpointer data)
{
  Slot *slot = data;

  for (guint i = 0;; i++) {
    g_autofree char *chip = g_strdup_printf ("chip-%u-%u", slot->slot, i);
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) der = new_certificate (chip, 10);
    gint64 attempt;
    g_autoptr (Device) device = arrive (slot->ledger, "b1", chip, NULL, &attempt, &error);
    if (device == NULL)
      return GINT_TO_POINTER (error->code);
    guint64 index = (guint64)g_atomic_int_add (slot->log_index, 1);
    if (!store (slot->ledger, index, "b1", device->serial, der, NULL))
      return NULL;
    g_autoptr (Certificate) live = ledger_live_certificate (slot->ledger, device->id, NULL);
    if (live == NULL || !ledger_certificate_verified (slot->ledger, attempt, live->id, NULL, NULL))
      return NULL;
    slot->passed++;
  }
}

START_TEST (parallel_slots_fill_a_batch_to_its_target_and_no_further)
{
  g_auto (Fixture) f = { 0 };
  Slot slots[SLOTS];
  GThread *threads[SLOTS];
  gint log_index = 0;
  guint passed = 0;
  guint64 next;
  fixture_open (&f);
  start_batch (f.ledger, "b1", TARGET, "SN-");
  for (guint i = 0; i < SLOTS; i++) {
    slots[i] = (Slot){ .ledger = f.ledger, .log_index = &log_index, .slot = i };
    threads[i] = g_thread_new ("slot", run_slot, &slots[i]);
  }
  for (guint i = 0; i < SLOTS; i++) {
    ck_assert_int_eq (GPOINTER_TO_INT (g_thread_join (threads[i])), LEDGER_ERROR_BATCH_FULL);
    passed += slots[i].passed;
  }
  g_autoptr (Batch) batch = ledger_batch (f.ledger, "b1", NULL);
  g_autofree char *serials = raw_text (f.path, "SELECT max (serial) FROM devices");
  ck_assert (ledger_next_log_index (f.ledger, &next, NULL));
  ck_assert_uint_eq (passed, TARGET);
  ck_assert_uint_eq (batch->passed, TARGET);
  ck_assert_uint_eq (next, TARGET);
  /* A device that was turned away took no serial. */
  ck_assert_str_eq (serials, "SN-0040");
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("recovery");
  TCase *log = tcase_create ("log");

  tcase_set_timeout (log, 60);
  tcase_add_test (log, a_later_certificate_voids_the_earlier_on_record);
  tcase_add_test (log, a_recovered_older_entry_does_not_displace_a_newer_one);
  tcase_add_test (log, the_next_log_index_is_the_first_that_is_missing);
  tcase_add_test (log, an_entry_that_contradicts_the_ledger_is_refused);
  tcase_add_test (log, an_entry_without_device_and_batch_brings_them_back);
  tcase_add_test (log, a_restored_backup_is_filled_up_from_the_signers_log);
  tcase_add_test (log, parallel_slots_fill_a_batch_to_its_target_and_no_further);
  suite_add_tcase (suite, log);
  return run_suite (suite);
}
