/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the signer tells of its tickets, and whose they may be: owners come and go.
 */
#include "ca/signer/answer.h"
#include "tests/unit/ca/make.h"
#include "tests/unit/ca/owner.h"

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

static void
expect_listed (Signer *signer, guint place, guint64 number, guint64 issued, gboolean newest)
{
  g_autoptr (GPtrArray) list = signer_tickets (signer, NULL);
  const LoadedTicket *loaded = g_ptr_array_index (list, place);

  ck_assert_uint_eq (loaded->ticket->number, number);
  ck_assert_uint_eq (loaded->issued, issued);
  ck_assert_int_eq (loaded->newest, newest);
}

START_TEST (test_a_new_ticket_ends_the_earlier_one_and_its_rest_lapses)
{
  g_autoptr (Signer) signer = signer_of (folder);
  g_autoptr (Ticket) other = NULL;

  ticket_give (signer, &owner, 1, 5);
  ck_assert_int_eq (order_try (signer, "SN-1", "b1", NULL), -1);
  ck_assert_int_eq (order_try (signer, "SN-2", "b1", NULL), -1);
  other = ticket_for (signer, 2, 7);
  g_free (other->batch);
  other->batch = g_strdup ("b2");
  ck_assert_int_eq (ticket_try (signer, &owner, other), -1);
  ticket_give (signer, &owner, 3, 1);
  ck_assert_int_eq (order_try (signer, "SN-3", "b2", NULL), -1);
  ck_assert_int_eq (order_try (signer, "SN-3", "b1", NULL), -1);
  ck_assert_int_eq (order_try (signer, "SN-4", "b1", NULL), CA_ERROR_TICKET_USED_UP);
  for (guint i = 0; i < 2; i++) {
    expect_listed (signer, 0, 1, 2, FALSE);
    expect_listed (signer, 1, 2, 1, TRUE);
    expect_listed (signer, 2, 3, 1, TRUE);
    g_clear_pointer (&signer, signer_close);
    signer = signer_of (folder);
  }
}
END_TEST

/* ---- an owner comes and goes ---- */

static void
reload (Signer *signer, const char *name)
{
  g_autofree char *path = g_build_filename (folder, "signer.conf", NULL);
  GError *problem = NULL;

  config_write (folder, name);
  ck_assert_msg (signer_reload (signer, path, &problem), "%s",
                 problem != NULL ? problem->message : "");
}

START_TEST (test_tickets_count_only_for_the_owner_that_is_pinned_now)
{
  g_autoptr (Signer) signer = signer_of (folder);
  Owner heir = owner_make (folder, "heir");

  ticket_give (signer, &owner, 1, 5);
  ck_assert_int_eq (order_try (signer, "SN-1", "b1", NULL), -1);
  reload (signer, "heir");
  ck_assert_int_eq (order_try (signer, "SN-2", "b1", NULL), CA_ERROR_TICKET_INVALID);
  ticket_give (signer, &heir, 2, 1);
  ck_assert_int_eq (order_try (signer, "SN-2", "b1", NULL), -1);
  ck_assert_int_eq (order_try (signer, "SN-3", "b1", NULL), CA_ERROR_TICKET_USED_UP);
  reload (signer, "owner");
  ck_assert_int_eq (order_try (signer, "SN-3", "b1", NULL), CA_ERROR_TICKET_INVALID);
  reload (signer, NULL);
  ck_assert_int_eq (order_try (signer, "SN-3", "b1", NULL), -1);
  reload (signer, "heir");
  ck_assert_int_eq (order_try (signer, "SN-4", "b1", NULL), CA_ERROR_TICKET_USED_UP);
  owner_clear (&heir);
}
END_TEST

START_TEST (test_an_owner_that_can_not_be_read_leaves_all_as_it_was)
{
  g_autoptr (Signer) signer = signer_of (folder);
  g_autofree char *path = g_build_filename (folder, "signer.conf", NULL);
  g_autoptr (GError) problem = NULL;

  ticket_give (signer, &owner, 1, 1);
  config_write (folder, "nobody");
  ck_assert (!signer_reload (signer, path, &problem));
  ck_assert_msg (strstr (problem->message, "Owner") != NULL, "%s", problem->message);
  ck_assert_int_eq (order_try (signer, "SN-1", "b1", NULL), -1);
  ck_assert_int_eq (order_try (signer, "SN-2", "b1", NULL), CA_ERROR_TICKET_USED_UP);
}
END_TEST

/* ---- the wire ---- */

static GVariant *
ask (Signer *signer, WireKind kind, GVariant *request, WireKind *reply_kind)
{
  g_autoptr (GVariant) sunk = g_variant_ref_sink (request);

  return g_variant_ref_sink (answer (signer, kind, sunk, reply_kind));
}

START_TEST (test_the_wire_loads_and_lists_tickets)
{
  g_autoptr (Signer) signer = signer_of (folder);
  g_autoptr (Ticket) ticket = ticket_for (signer, 7, 5);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GVariant) loaded = NULL;
  g_autoptr (GVariant) again = NULL;
  g_autoptr (GVariant) list = NULL;
  g_autoptr (GVariant) first = NULL;
  g_autoptr (GVariant) status = NULL;
  const char *word, *note;
  gboolean demanded;
  WireKind kind;

  ticket->note = g_strdup ("line 2");
  bytes = ticket_signed (&owner, ticket);
  loaded = ask (signer, WIRE_TICKET, g_variant_new ("(@ay)", wire_bytes (bytes)), &kind);
  ck_assert_int_eq (kind, WIRE_TICKET);
  g_variant_get_child (loaded, 10, "&s", &note);
  ck_assert_str_eq (note, "line 2");
  list = ask (signer, WIRE_TICKETS, g_variant_new ("()"), &kind);
  ck_assert_str_eq (g_variant_get_type_string (list), WIRE_TICKETS_REPLY);
  ck_assert_uint_eq (g_variant_n_children (list), 1);
  first = g_variant_get_child_value (list, 0);
  ck_assert (g_variant_equal (first, loaded));
  again = ask (signer, WIRE_TICKET, g_variant_new ("(@ay)", wire_bytes (bytes)), &kind);
  ck_assert_int_eq (kind, WIRE_ERROR);
  g_variant_get_child (again, 0, "&s", &word);
  ck_assert_str_eq (word, "ticket-replayed");
  status = ask (signer, WIRE_STATUS, g_variant_new ("()"), &kind);
  g_variant_get_child (status, 7, "b", &demanded);
  ck_assert (demanded);
}
END_TEST

START_TEST (test_the_wire_resets_the_clock_where_no_tickets_are_demanded)
{
  g_autoptr (Signer) signer = NULL;
  g_autoptr (GVariant) refused = NULL;
  g_autoptr (GVariant) reset = NULL;
  LogEntry ahead = { .type = LOG_ENTRY_CRL,
                     .signed_at = g_get_real_time () + G_TIME_SPAN_DAY,
                     .device = span_of_text ("1") };
  guint64 place, said;
  const char *word;
  WireKind kind;

  if (_i == 0)
    config_write (folder, NULL);
  signer = signer_of (folder);
  ck_assert (issuance_log_append (signer_log (signer), &ahead, &place, NULL));
  reset = ask (signer, WIRE_CLOCK, g_variant_new ("(ss)", "anna", "it was ahead"), &kind);
  ck_assert_int_eq (kind, _i == 0 ? WIRE_CLOCK : WIRE_ERROR);
  if (_i == 0) {
    g_variant_get (reset, WIRE_CLOCK_REPLY, &said);
    ck_assert_uint_eq (said, place + 1);
  }
  refused = ask (signer, WIRE_CLOCK, g_variant_new ("(ss)", "anna", "once more"), &kind);
  ck_assert_int_eq (kind, WIRE_ERROR);
  g_variant_get_child (refused, 0, "&s", &word);
  ck_assert_str_eq (word, "clock");
}
END_TEST

/* The newest ones fit a frame. */
START_TEST (test_a_long_list_tells_of_the_newest)
{
  g_autoptr (Signer) signer = signer_of (folder);
  g_autoptr (GVariant) list = NULL;
  g_autoptr (GVariant) last = NULL;
  WireKind kind;
  guint64 number;

  for (guint i = 1; i <= 150; i++) {
    g_autoptr (Ticket) ticket = ticket_for (signer, i, 1);

    ticket->note = g_strnfill (500, 'x');
    ck_assert_int_eq (ticket_try (signer, &owner, ticket), -1);
  }
  list = ask (signer, WIRE_TICKETS, g_variant_new ("()"), &kind);
  ck_assert_uint_lt (g_variant_get_size (list), WIRE_MOST - 64);
  ck_assert_uint_gt (g_variant_n_children (list), 60);
  last = g_variant_get_child_value (list, g_variant_n_children (list) - 1);
  g_variant_get_child (last, 1, "t", &number);
  ck_assert_uint_eq (number, 150);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("ca ticket owner");
  TCase *tickets = tcase_create ("owner");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (tickets, 60);
  tcase_add_checked_fixture (tickets, setup, teardown);
  tcase_add_test (tickets, test_a_new_ticket_ends_the_earlier_one_and_its_rest_lapses);
  tcase_add_test (tickets, test_tickets_count_only_for_the_owner_that_is_pinned_now);
  tcase_add_test (tickets, test_an_owner_that_can_not_be_read_leaves_all_as_it_was);
  tcase_add_test (tickets, test_the_wire_loads_and_lists_tickets);
  tcase_add_loop_test (tickets, test_the_wire_resets_the_clock_where_no_tickets_are_demanded, 0, 2);
  tcase_add_test (tickets, test_a_long_list_tells_of_the_newest);
  suite_add_tcase (suite, tickets);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
