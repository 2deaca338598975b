/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What was tried and refused stands in the log, and can't fill it; and a clock that is behind the
 * log goes on with a record of it, or not at all.
 */
#include "ca/signer/refusals.h"
#include "ca/signer/tickets-private.h"
#include "tests/unit/ca/make.h"
#include "tests/unit/ca/owner.h"

#include <check.h>
#include <string.h>

#define DAY G_TIME_SPAN_DAY

static char *folder;
static Owner owner;
static Signer *signer;

static void
setup (void)
{
  folder = folder_make ();
  folder_fill (folder, "p-256");
  owner = owner_make (folder, "owner");
  config_write (folder, "owner");
  signer = signer_of (folder);
}

static void
teardown (void)
{
  signer_close (signer);
  owner_clear (&owner);
  folder_remove (folder);
}

static void
restart (void)
{
  signer_close (signer);
  signer = signer_of (folder);
}

static void
expect_newest (const char *batch, const char *word, const char *device, const char *skipped)
{
  LogEntry entry;
  G_GNUC_UNUSED g_autoptr (GBytes) bytes = newest_of (signer, LOG_ENTRY_REFUSAL, &entry);
  const guint8 zeros[LOG_HASH] = { 0 };

  ck_assert (span_is_text (entry.batch, batch));
  ck_assert (span_is_text (entry.profile, word));
  ck_assert (span_is_text (entry.device, device));
  ck_assert (span_is_text (entry.chip, skipped));
  ck_assert_uint_gt (entry.product.length, 10);
  ck_assert_uint_eq (entry.certificate.length, 0);
  ck_assert_mem_eq (entry.spki_sha256, zeros, LOG_HASH);
  ck_assert_mem_eq (entry.profile_sha256, zeros, LOG_HASH);
}

START_TEST (test_one_refusal_a_day_for_each_word_and_batch)
{
  for (guint i = 0; i < 5; i++)
    ck_assert_int_eq (order_try (signer, "SN-1", "b1", NULL), CA_ERROR_TICKET_MISSING);
  ck_assert_uint_eq (entries_of (signer, LOG_ENTRY_REFUSAL), 1);
  expect_newest ("-", "ticket-missing", "SN-1", "0");
  ck_assert_int_eq (order_try (signer, "SN-1", "b2", NULL), CA_ERROR_TICKET_MISSING);
  ck_assert_uint_eq (entries_of (signer, LOG_ENTRY_REFUSAL), 1); /* both are unknown to the log */
  ticket_give (signer, &owner, 1, 1);
  ck_assert_int_eq (order_try (signer, "SN-1", "b1", NULL), -1);
  for (guint i = 0; i < 5; i++)
    ck_assert_int_eq (order_try (signer, "SN-2", "b1", NULL), CA_ERROR_TICKET_USED_UP);
  ck_assert_uint_eq (entries_of (signer, LOG_ENTRY_REFUSAL), 2);
  expect_newest ("b1", "ticket-used-up", "SN-2", "0");
  restart ();
  ck_assert_int_eq (order_try (signer, "SN-2", "b1", NULL), CA_ERROR_TICKET_USED_UP);
  ck_assert_int_eq (order_try (signer, "SN-2", "b2", NULL), CA_ERROR_TICKET_MISSING);
  ck_assert_uint_eq (entries_of (signer, LOG_ENTRY_REFUSAL), 2);
}
END_TEST

START_TEST (test_refused_tickets_are_entered_and_other_faults_are_not)
{
  g_autoptr (Ticket) ticket = ticket_for (signer, 9, 1);
  g_autoptr (GBytes) weak = make_good_request ("rsa-1024", "SHA256");
  g_autoptr (GBytes) rubbish = g_bytes_new_static ("rubbish", 7);

  ck_assert_int_eq (order_try (signer, "SN-1", "b1", weak), CA_ERROR_RSA_TOO_SMALL);
  ck_assert_int_eq (order_try (signer, "SN 1", "b1", NULL), CA_ERROR_SUBJECT);
  ck_assert_uint_eq (entries_of (signer, LOG_ENTRY_REFUSAL), 0);
  ck_assert_int_eq (ticket_try_bytes (signer, rubbish), CA_ERROR_TICKET_INVALID);
  expect_newest ("-", "ticket-invalid", "", "0");
  ck_assert_int_eq (ticket_try (signer, &owner, ticket), -1);
  ck_assert_int_eq (ticket_try (signer, &owner, ticket), CA_ERROR_TICKET_REPLAYED);
  expect_newest ("b1", "ticket-replayed", "9", "0");
  ck_assert_uint_eq (entries_of (signer, LOG_ENTRY_REFUSAL), 2);
}
END_TEST

/* The next one says how many were not entered. A day is not the clock's. */
START_TEST (test_what_was_not_entered_is_counted)
{
  Refusals *refusals = refusals_new (signer_log (signer));
  g_autoptr (GError) problem =
      g_error_new_literal (CA_ERROR, CA_ERROR_TICKET_TIME, "a sentence of more than ten letters");
  const Refusal refusal = { "b1", "SN-1", { (const guint8 *)"request", 7 } };
  const ClockReading start = clock_read ();
  ClockReading now = start;

  refusals_enter (refusals, &refusal, problem, now);
  now.real += 3 * DAY;
  refusals_enter (refusals, &refusal, problem, now);
  now.real -= 9 * DAY;
  refusals_enter (refusals, &refusal, problem, now);
  now.boot = start.boot + DAY - 1;
  refusals_enter (refusals, &refusal, problem, now);
  ck_assert_uint_eq (entries_of (signer, LOG_ENTRY_REFUSAL), 1);
  now.boot++;
  refusals_enter (refusals, &refusal, problem, now);
  ck_assert_uint_eq (entries_of (signer, LOG_ENTRY_REFUSAL), 2);
  expect_newest ("-", "ticket-time", "SN-1", "3");
  now.boot += DAY;
  refusals_enter (refusals, &refusal, problem, now);
  expect_newest ("-", "ticket-time", "SN-1", "0");
  refusals_free (refusals);
}
END_TEST

START_TEST (test_a_start_knows_what_was_entered_within_a_day)
{
  const struct {
    gint64 later;
    guint entries;
  } cases_after[] = { { DAY - G_TIME_SPAN_HOUR, 1 }, { DAY + G_TIME_SPAN_HOUR, 2 } };
  g_autoptr (GError) problem =
      g_error_new_literal (CA_ERROR, CA_ERROR_TICKET_TIME, "a sentence of more than ten letters");
  const Refusal refusal = { "b1", "SN-1", { NULL, 0 } };
  Refusals *first = refusals_new (signer_log (signer));
  Refusals *second = refusals_new (signer_log (signer));
  ClockReading now = clock_read ();

  refusals_enter (first, &refusal, problem, now);
  now.real += cases_after[_i].later;
  now.boot = 5; /* another boot */
  refusals_enter (second, &refusal, problem, now);
  ck_assert_uint_eq (entries_of (signer, LOG_ENTRY_REFUSAL), cases_after[_i].entries);
  refusals_free (first);
  refusals_free (second);
}
END_TEST

START_TEST (test_a_sentence_is_cut_between_characters)
{
  g_autofree char *stem = g_strnfill (254, 'a');
  g_autofree char *whole = g_strconcat (stem, "b", NULL);
  g_autofree char *longer = g_strconcat (stem, "ü", NULL);
  g_autofree char *kept = refusals_cut (whole);
  g_autofree char *cut = refusals_cut (longer);

  ck_assert_str_eq (kept, whole);
  ck_assert_str_eq (cut, stem);
}
END_TEST

/* ---- the clock ---- */

/* The log's newest entry is two hours ahead of the clock. */
static void
put_log_ahead (void)
{
  LogEntry entry = { .type = LOG_ENTRY_CRL,
                     .signed_at = g_get_real_time () + 2 * G_TIME_SPAN_HOUR,
                     .device = span_of_text ("1") };
  guint64 place;

  ck_assert (issuance_log_append (signer_log (signer), &entry, &place, NULL));
}

static int
reset_try (const char *who, const char *why)
{
  g_autoptr (GError) problem = NULL;
  guint64 place;

  return signer_reset_clock (signer, who, why, &place, &problem) ? -1 : problem->code;
}

START_TEST (test_without_tickets_the_clock_is_reset_on_record)
{
  LogEntry entry;
  g_autoptr (GBytes) bytes = NULL;

  config_write (folder, NULL);
  restart ();
  ck_assert_int_eq (order_try (signer, "SN-1", "b1", NULL), -1);
  ck_assert_int_eq (reset_try ("anna", "the clock was a day ahead"), CA_ERROR_CLOCK);
  put_log_ahead ();
  ck_assert_int_eq (order_try (signer, "SN-2", "b1", NULL), CA_ERROR_CLOCK);
  expect_newest ("b1", "clock", "SN-2", "0");
  ck_assert_int_eq (reset_try ("", "the clock was a day ahead"), CA_ERROR_CLOCK);
  ck_assert_int_eq (reset_try ("anna", ""), CA_ERROR_CLOCK);
  ck_assert_uint_eq (entries_of (signer, LOG_ENTRY_CLOCK), 0);
  ck_assert_int_eq (reset_try ("anna", "the clock was a day ahead"), -1);
  bytes = newest_of (signer, LOG_ENTRY_CLOCK, &entry);
  ck_assert (span_is_text (entry.device, "anna"));
  ck_assert (span_is_text (entry.product, "the clock was a day ahead"));
  ck_assert_int_eq (order_try (signer, "SN-2", "b1", NULL), -1);
  ck_assert_int_eq (reset_try ("anna", "once more"), CA_ERROR_CLOCK);
  restart ();
  ck_assert_int_eq (order_try (signer, "SN-3", "b1", NULL), -1);
  ck_assert_uint_eq (entries_of (signer, LOG_ENTRY_CLOCK), 1);
}
END_TEST

START_TEST (test_with_tickets_only_the_owner_resets_the_clock)
{
  g_autoptr (Ticket) plain = ticket_for (signer, 2, 3);
  g_autoptr (Ticket) resetting = ticket_for (signer, 3, 3);
  LogEntry entry;
  g_autoptr (GBytes) bytes = NULL;

  ticket_give (signer, &owner, 1, 3);
  put_log_ahead ();
  ck_assert_int_eq (order_try (signer, "SN-1", "b1", NULL), CA_ERROR_CLOCK);
  ck_assert_int_eq (reset_try ("anna", "it was ahead"), CA_ERROR_CLOCK);
  expect_newest ("-", "clock", "anna", "0");
  ck_assert_int_eq (ticket_try (signer, &owner, plain), CA_ERROR_CLOCK);
  ck_assert_uint_eq (entries_of (signer, LOG_ENTRY_CLOCK), 0);
  resetting->clock_reset = TRUE;
  ck_assert_int_eq (ticket_try (signer, &owner, resetting), -1);
  bytes = newest_of (signer, LOG_ENTRY_CLOCK, &entry);
  ck_assert (span_is_text (entry.device, "3"));
  {
    g_autoptr (GArray) clocks = issuance_log_places (signer_log (signer), LOG_ENTRY_CLOCK);
    g_autoptr (GArray) tickets = issuance_log_places (signer_log (signer), LOG_ENTRY_TICKET);

    ck_assert_uint_eq (clocks->len, 1);
    ck_assert_uint_eq (g_array_index (clocks, guint64, 0) + 1, g_array_index (tickets, guint64, 1));
  }
  ck_assert_int_eq (order_try (signer, "SN-1", "b1", NULL), -1);
}
END_TEST

/* Where the clock is right, the permission is not used; and its dates are the clock's all the
 * same. */
START_TEST (test_a_reset_is_only_made_where_it_is_needed)
{
  g_autoptr (Ticket) first = ticket_for (signer, 1, 3);
  g_autoptr (Ticket) ended = ticket_for (signer, 2, 3);

  first->clock_reset = TRUE;
  ck_assert_int_eq (ticket_try (signer, &owner, first), -1);
  ck_assert_uint_eq (entries_of (signer, LOG_ENTRY_CLOCK), 0);
  put_log_ahead ();
  ended->clock_reset = TRUE;
  ended->not_after = g_get_real_time () / G_USEC_PER_SEC - 1;
  ck_assert_int_eq (ticket_try (signer, &owner, ended), CA_ERROR_TICKET_TIME);
  ck_assert_uint_eq (entries_of (signer, LOG_ENTRY_CLOCK), 0);
  ended->not_after += TICKET_MARGIN / G_USEC_PER_SEC + 60;
  ck_assert_int_eq (ticket_try (signer, &owner, ended), -1);
  ck_assert_uint_eq (entries_of (signer, LOG_ENTRY_CLOCK), 1);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca refusals");
  TCase *refusals = tcase_create ("refusals");
  TCase *reset = tcase_create ("clock");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_checked_fixture (refusals, setup, teardown);
  tcase_add_test (refusals, test_one_refusal_a_day_for_each_word_and_batch);
  tcase_add_test (refusals, test_refused_tickets_are_entered_and_other_faults_are_not);
  tcase_add_test (refusals, test_what_was_not_entered_is_counted);
  tcase_add_loop_test (refusals, test_a_start_knows_what_was_entered_within_a_day, 0, 2);
  tcase_add_test (refusals, test_a_sentence_is_cut_between_characters);
  suite_add_tcase (suite, refusals);
  tcase_add_checked_fixture (reset, setup, teardown);
  tcase_add_test (reset, test_without_tickets_the_clock_is_reset_on_record);
  tcase_add_test (reset, test_with_tickets_only_the_owner_resets_the_clock);
  tcase_add_test (reset, test_a_reset_is_only_made_where_it_is_needed);
  suite_add_tcase (suite, reset);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
