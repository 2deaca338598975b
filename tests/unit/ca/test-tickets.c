/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Counting by tickets, with the signer's own code: never one more than the owner allowed, never one
 * fewer, whatever fails, comes twice or at once.
 */
#include "ca/log/log-settle.h"
#include "ca/signer/signer-private.h"
#include "ca/signer/tickets-private.h"
#include "tests/unit/ca/make.h"
#include "tests/unit/ca/owner.h"
#include "tests/unit/rounds.h"

#include <check.h>
#include <string.h>

static char *folder;
static Owner owner;

static void
setup (void)
{
  folder = folder_make ();
  folder_fill (folder, "p-256");
  owner = owner_make (folder, "owner");
  config_write (folder, "owner");
}

static void
teardown (void)
{
  owner_clear (&owner);
  folder_remove (folder);
}

START_TEST (test_without_an_owner_all_is_as_before)
{
  g_autoptr (Signer) signer = NULL;
  g_autoptr (Ticket) ticket = NULL;

  config_write (folder, NULL);
  signer = signer_of (folder);
  ticket = ticket_for (signer, 1, 5);
  ck_assert_int_eq (ticket_try (signer, &owner, ticket), CA_ERROR_TICKET_INVALID);
  ck_assert_int_eq (order_try (signer, "SN-1", "b1", NULL), -1);
  ck_assert_uint_eq (issuance_log_size (signer_log (signer)), 1);
}
END_TEST

START_TEST (test_one_more_than_the_ticket_allows_is_refused)
{
  g_autoptr (Signer) signer = signer_of (folder);
  g_autoptr (GBytes) first = make_good_request ("P-256", "SHA256");

  ck_assert_int_eq (order_try (signer, "SN-1", "b1", first), CA_ERROR_TICKET_MISSING);
  ticket_give (signer, &owner, 1, 3);
  ck_assert_int_eq (order_try (signer, "SN-1", "b1", first), -1);
  ck_assert_int_eq (order_try (signer, "SN-1", "b2", NULL), CA_ERROR_TICKET_MISSING);
  ck_assert_int_eq (order_try (signer, "SN-2", "b1", NULL), -1);
  ck_assert_int_eq (order_try (signer, "SN-3", "b1", NULL), -1);
  ck_assert_int_eq (order_try (signer, "SN-4", "b1", NULL), CA_ERROR_TICKET_USED_UP);
  ck_assert_int_eq (order_try (signer, "SN-1", "b1", NULL), CA_ERROR_TICKET_USED_UP);
  ck_assert_int_eq (order_try (signer, "SN-1", "b1", first), -1); /* the same certificate again */
  ck_assert_uint_eq (entries_of (signer, LOG_ENTRY_CERTIFICATE), 3);
}
END_TEST

START_TEST (test_the_count_is_the_logs_and_survives_a_restart)
{
  g_autoptr (Signer) signer = signer_of (folder);

  ticket_give (signer, &owner, 1, 2);
  ck_assert_int_eq (order_try (signer, "SN-1", "b1", NULL), -1);
  g_clear_pointer (&signer, signer_close);
  signer = signer_of (folder);
  ck_assert_int_eq (order_try (signer, "SN-2", "b1", NULL), -1);
  ck_assert_int_eq (order_try (signer, "SN-3", "b1", NULL), CA_ERROR_TICKET_USED_UP);
  g_clear_pointer (&signer, signer_close);
  signer = signer_of (folder);
  ck_assert_int_eq (order_try (signer, "SN-3", "b1", NULL), CA_ERROR_TICKET_USED_UP);
  ck_assert_uint_eq (entries_of (signer, LOG_ENTRY_CERTIFICATE), 2);
}
END_TEST

/* A profile whose subject can't be filled for every device: the order fails behind the ticket. */
START_TEST (test_an_order_that_fails_gives_its_place_back)
{
  g_autofree char *long_name = g_strnfill (60, 'A');
  g_autoptr (Signer) signer = NULL;

  folder_write (folder, "profiles.d/sensor.profile",
                "[certificate]\nSubject=CN=device ${serial}\nValidity=30d\n", 0644);
  signer = signer_of (folder);
  ticket_give (signer, &owner, 1, 1);
  for (guint i = 0; i < 3; i++)
    ck_assert_int_eq (order_try (signer, long_name, "b1", NULL), CA_ERROR_SUBJECT);
  ck_assert_int_eq (order_try (signer, "SN-1", "b1", NULL), -1);
  ck_assert_int_eq (order_try (signer, long_name, "b1", NULL), CA_ERROR_TICKET_USED_UP);
}
END_TEST

typedef struct {
  Signer *signer;
  guint number;
  guint orders;
  gboolean with_failures;
  guint issued;
} Worker;

static gpointer
work (gpointer data)
{
  Worker *worker = data;

  for (guint i = 0; i < worker->orders; i++) {
    const gboolean fails = worker->with_failures && i % 2 == 0;
    g_autofree char *device =
        fails ? g_strnfill (60, 'A') : g_strdup_printf ("SN-%u-%u", worker->number, i);
    int code = order_try (worker->signer, device, "b1", NULL);

    if (code == -1)
      worker->issued++;
    else if (code != CA_ERROR_TICKET_USED_UP && !(fails && code == CA_ERROR_SUBJECT))
      ck_abort_msg ("order refused with %d", code);
  }
  return NULL;
}

#define THREADS 8

static guint
run_workers (Signer *signer, guint orders, gboolean with_failures)
{
  GThread *threads[THREADS];
  Worker workers[THREADS];
  guint issued = 0;

  for (guint i = 0; i < THREADS; i++) {
    workers[i] = (Worker){ signer, i, orders, with_failures, 0 };
    threads[i] = g_thread_new ("worker", work, &workers[i]);
  }
  for (guint i = 0; i < THREADS; i++) {
    g_thread_join (threads[i]);
    issued += workers[i].issued;
  }
  return issued;
}

START_TEST (test_eight_threads_get_exactly_as_many_as_there_are)
{
  g_autoptr (Signer) signer = signer_of (folder);
  guint expected = 0;

  for (guint round = 1; round <= rounds_of (6, 2); round++) {
    ticket_give (signer, &owner, round, 10 + round);
    ck_assert_uint_eq (run_workers (signer, 4, FALSE), 10 + round);
    expected += 10 + round;
    ck_assert_uint_eq (entries_of (signer, LOG_ENTRY_CERTIFICATE), expected);
  }
}
END_TEST

/* Half of the orders take a place and fail: the others get all places all the same. */
START_TEST (test_places_of_failed_orders_go_to_those_that_wait)
{
  g_autoptr (Signer) signer = NULL;

  folder_write (folder, "profiles.d/sensor.profile",
                "[certificate]\nSubject=CN=device ${serial}\nValidity=30d\n", 0644);
  signer = signer_of (folder);
  ticket_give (signer, &owner, 1, THREADS * 4);
  ck_assert_uint_eq (run_workers (signer, 8, TRUE), THREADS * 4);
  ck_assert_int_eq (order_try (signer, "SN-X", "b1", NULL), CA_ERROR_TICKET_USED_UP);
}
END_TEST

typedef struct {
  Signer *signer;
  guint64 number;
} Loader;

static gpointer
load_some (gpointer data)
{
  Loader *loader = data;

  for (guint i = 0; i < 6; i++)
    ticket_give (loader->signer, &owner, loader->number++, i % 2 == 0 ? 1 : THREADS);
  return NULL;
}

/* Whatever runs when a ticket ends another: behind each in the log are no more than it allows. */
START_TEST (test_no_order_slips_between_two_tickets)
{
  g_autoptr (Signer) signer = signer_of (folder);
  Loader loader = { signer, 2 };
  guint since = 0, allowed = 0;
  GThread *thread;

  ticket_give (signer, &owner, 1, THREADS);
  thread = g_thread_new ("loader", load_some, &loader);
  run_workers (signer, 6, FALSE);
  g_thread_join (thread);
  for (guint64 place = 0; place < issuance_log_size (signer_log (signer)); place++) {
    g_autoptr (GBytes) bytes = issuance_log_read (signer_log (signer), place, NULL);
    LogEntry entry;

    log_entry_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &entry, NULL);
    if (entry.type == LOG_ENTRY_TICKET) {
      allowed = allowed == THREADS ? 1 : THREADS;
      since = 0;
    }
    since += entry.type == LOG_ENTRY_CERTIFICATE;
    ck_assert_uint_le (since, allowed);
  }
}
END_TEST

/* Somebody wrote the ticket into the log once more, for another batch. */
START_TEST (test_a_ticket_is_for_the_batch_that_its_owner_wrote_into_it)
{
  g_autoptr (Signer) signer = signer_of (folder);
  g_autoptr (GBytes) bytes = NULL;
  LogEntry entry;
  guint64 place;

  ticket_give (signer, &owner, 1, 2);
  bytes = newest_of (signer, LOG_ENTRY_TICKET, &entry);
  entry.batch = span_of_text ("b2");
  ck_assert (issuance_log_append (signer_log (signer), &entry, &place, NULL));
  ck_assert_int_eq (order_try (signer, "SN-1", "b2", NULL), CA_ERROR_TICKET_FOREIGN);
  ck_assert_int_eq (order_try (signer, "SN-1", "b1", NULL), -1);
}
END_TEST

/* ---- who waits for whom ---- */

static gpointer
order_in_thread (gpointer data)
{
  return GINT_TO_POINTER (order_try (data, "SN-1", "b1", NULL));
}

static gpointer
load_in_thread (gpointer data)
{
  ticket_give (data, &owner, 2, 1);
  return NULL;
}

/* As an order does that is running. */
static gboolean
try_place (Signer *signer)
{
  g_autoptr (Generation) generation = signer_generation (signer);
  const IssueTemplate *plan = generation_template (generation, "sensor");
  const TicketOrder order = { "b1", issue_template_profile (plan), issue_template_authority (plan),
                              signer_station (signer), g_get_real_time () };

  return tickets_take (signer->tickets, generation, &order, NULL);
}

static void
take_place (Signer *signer)
{
  ck_assert (try_place (signer));
}

#define A_WHILE (200 * 1000)

START_TEST (test_who_finds_the_last_place_held_waits_for_what_becomes_of_it)
{
  g_autoptr (Signer) signer = signer_of (folder);
  GThread *thread;

  ticket_give (signer, &owner, 1, 1);
  take_place (signer);
  thread = g_thread_new ("order", order_in_thread, signer);
  g_usleep (A_WHILE);
  ck_assert_uint_eq (entries_of (signer, LOG_ENTRY_CERTIFICATE), 0);
  tickets_finish (signer->tickets, "b1"); /* it failed */
  ck_assert_int_eq (GPOINTER_TO_INT (g_thread_join (thread)), -1);
}
END_TEST

START_TEST (test_who_waited_in_vain_is_refused)
{
  g_autoptr (Signer) signer = signer_of (folder);
  LogEntry issued = { .type = LOG_ENTRY_CERTIFICATE,
                      .signed_at = g_get_real_time (),
                      .batch = span_of_text ("b1"),
                      .device = span_of_text ("SN-0") };
  GThread *thread;
  guint64 place;

  ticket_give (signer, &owner, 1, 1);
  take_place (signer);
  thread = g_thread_new ("order", order_in_thread, signer);
  g_usleep (A_WHILE);
  ck_assert (issuance_log_append (signer_log (signer), &issued, &place, NULL));
  tickets_finish (signer->tickets, "b1");
  ck_assert_int_eq (GPOINTER_TO_INT (g_thread_join (thread)), CA_ERROR_TICKET_USED_UP);
}
END_TEST

START_TEST (test_a_ticket_waits_for_the_batchs_orders_that_run)
{
  g_autoptr (Signer) signer = signer_of (folder);
  GThread *thread;

  if (_i == 0)
    ticket_give (signer, &owner, 1, 1);
  else
    config_write (folder, NULL);
  if (_i == 1) { /* an order of before tickets were demanded */
    g_clear_pointer (&signer, signer_close);
    signer = signer_of (folder);
  }
  take_place (signer);
  if (_i == 1) {
    g_autofree char *path = g_build_filename (folder, "signer.conf", NULL);

    config_write (folder, "owner");
    ck_assert (signer_reload (signer, path, NULL));
  }
  thread = g_thread_new ("loader", load_in_thread, signer);
  g_usleep (A_WHILE);
  ck_assert_uint_eq (entries_of (signer, LOG_ENTRY_TICKET), _i == 0 ? 1 : 0);
  tickets_finish (signer->tickets, "b1");
  g_thread_join (thread);
  ck_assert_uint_eq (entries_of (signer, LOG_ENTRY_TICKET), _i == 0 ? 2 : 1);
}
END_TEST

static void
give_until (Signer *signer, guint64 number, gint64 end)
{
  g_autoptr (Ticket) ticket = ticket_for (signer, number, 1);

  ticket->not_after = end;
  ck_assert_int_eq (ticket_try (signer, &owner, ticket), -1);
}

static gint64
append_at (Signer *signer, const char *batch, gint64 time)
{
  LogEntry entry = { .type = LOG_ENTRY_CERTIFICATE,
                     .signed_at = time,
                     .batch = span_of_text (batch) };
  guint64 place;

  ck_assert (issuance_log_append (signer_log (signer), &entry, &place, NULL));
  return entry.signed_at;
}

/* While an order runs, the clock is corrected forward as far as is believed, and another order is
 * done first: the entry bears that one's time, which is no later than the ticket's end. */
START_TEST (test_an_order_ends_within_its_ticket_whatever_becomes_of_the_clock)
{
  g_autoptr (Signer) signer = signer_of (folder);
  const gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  const gint64 end = now + TICKET_MARGIN / G_USEC_PER_SEC + 20;
  ClockReading leapt = clock_read ();

  give_until (signer, 1, end);
  take_place (signer);
  leapt.real += CLOCK_SLACK - G_USEC_PER_SEC;
  ck_assert (signer_check_clock (signer, leapt, NULL));
  append_at (signer, "b2", leapt.real);
  ck_assert_int_le (append_at (signer, "b1", now * G_USEC_PER_SEC), end * G_USEC_PER_SEC);
  tickets_finish (signer->tickets, "b1");
}
END_TEST

/* With less time left than that, there is no place. */
START_TEST (test_an_order_that_the_clock_could_carry_past_the_end_is_refused)
{
  g_autoptr (Signer) signer = signer_of (folder);
  const gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  give_until (signer, 1, now + TICKET_MARGIN / G_USEC_PER_SEC + 1);
  g_usleep (2100 * 1000);
  ck_assert (!try_place (signer));
}
END_TEST

/* As behind a start that went by the index, of a log that takes long to read. */
static void
begin_verifying (IssuanceLog *log)
{
  g_mutex_lock (&log->mutex);
  log->verified = 0;
  log->to_verify = log->edge.size;
  g_mutex_unlock (&log->mutex);
}

START_TEST (test_orders_go_on_while_a_ticket_waits_for_the_log)
{
  g_autoptr (Signer) signer = signer_of (folder);
  IssuanceLog *log = signer_log (signer);
  GThread *thread;

  ticket_give (signer, &owner, 1, 1);
  begin_verifying (log);
  thread = g_thread_new ("loader", load_in_thread, signer);
  g_usleep (A_WHILE);
  ck_assert_int_eq (order_try (signer, "SN-1", "b1", NULL), -1);
  ck_assert_uint_eq (entries_of (signer, LOG_ENTRY_TICKET), 1);
  log_settle_verified (log, log->to_verify);
  g_thread_join (thread);
  ck_assert_uint_eq (entries_of (signer, LOG_ENTRY_TICKET), 2);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca tickets");
  TCase *tickets = tcase_create ("tickets");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (tickets, 60);
  tcase_add_checked_fixture (tickets, setup, teardown);
  tcase_add_test (tickets, test_without_an_owner_all_is_as_before);
  tcase_add_test (tickets, test_one_more_than_the_ticket_allows_is_refused);
  tcase_add_test (tickets, test_the_count_is_the_logs_and_survives_a_restart);
  tcase_add_test (tickets, test_an_order_that_fails_gives_its_place_back);
  tcase_add_test (tickets, test_eight_threads_get_exactly_as_many_as_there_are);
  tcase_add_test (tickets, test_places_of_failed_orders_go_to_those_that_wait);
  tcase_add_test (tickets, test_no_order_slips_between_two_tickets);
  tcase_add_test (tickets, test_a_ticket_is_for_the_batch_that_its_owner_wrote_into_it);
  tcase_add_test (tickets, test_who_finds_the_last_place_held_waits_for_what_becomes_of_it);
  tcase_add_test (tickets, test_who_waited_in_vain_is_refused);
  tcase_add_loop_test (tickets, test_a_ticket_waits_for_the_batchs_orders_that_run, 0, 2);
  tcase_add_test (tickets, test_an_order_ends_within_its_ticket_whatever_becomes_of_the_clock);
  tcase_add_test (tickets, test_an_order_that_the_clock_could_carry_past_the_end_is_refused);
  tcase_add_test (tickets, test_orders_go_on_while_a_ticket_waits_for_the_log);
  suite_add_tcase (suite, tickets);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
