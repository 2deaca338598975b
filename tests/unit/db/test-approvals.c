/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Requests of one person that another decides: kept, decided once, by another, in time; and what
 * the schema itself refuses to somebody with a shell.
 */
#include "db/ledger-approval.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/encode.h"
#include "db/migrate.h"
#include "fixture.h"

static Approval *
ask (Ledger *ledger, const char *person, const char *about, GError **error)
{
  g_autoptr (GBytes) parameters = g_bytes_new_static ("call", 4);
  const Approval request = { .control = (char *)"void",
                             .method = (char *)"VoidDevice",
                             .type = (char *)"(ss)",
                             .parameters = parameters,
                             .about = (char *)about,
                             .person = (char *)person,
                             .actor = (char *)"sven (root)" };

  return ledger_request_approval (ledger, &request, error);
}

static gboolean
decide (Ledger *ledger, gint64 id, ApprovalState state, const char *person, GError **error)
{
  return ledger_decide_approval (ledger, id, state, person, "eva (root)", "because", error);
}

START_TEST (a_request_is_kept_with_its_call_and_granted_once)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  guint waiting;
  fixture_open (&f);
  g_autoptr (Approval) asked = ask (f.ledger, "sven", "device A", &error);
  assert_ok (asked != NULL, error);
  g_autoptr (Approval) same = ask (f.ledger, "eva", "device A", &error);
  assert_ok (same != NULL, error);
  g_autoptr (Approval) other = ask (f.ledger, "sven", "device B", &error);
  assert_ok (other != NULL, error);
  ck_assert_int_eq (same->id, asked->id);
  ck_assert_str_eq (same->person, "sven");
  ck_assert_int_ne (other->id, asked->id);
  fixture_reopen (&f);
  assert_ok (ledger_count_approvals (f.ledger, &waiting, &error), error);
  ck_assert_uint_eq (waiting, 2);

  assert_error (!decide (f.ledger, asked->id, APPROVAL_GRANTED, "SVEN", &error),
                LEDGER_ERROR_INVALID, error);
  assert_ok (decide (f.ledger, asked->id, APPROVAL_GRANTED, "eva", &error), error);
  assert_error (!decide (f.ledger, asked->id, APPROVAL_GRANTED, "eva", &error),
                LEDGER_ERROR_INVALID, error);
  assert_error (!decide (f.ledger, asked->id, APPROVAL_REFUSED, "ann", &error),
                LEDGER_ERROR_INVALID, error);
  assert_error (!decide (f.ledger, 99, APPROVAL_REFUSED, "ann", &error), LEDGER_ERROR_NOT_FOUND,
                error);
  assert_ok (ledger_conclude_approval (f.ledger, asked->id, NULL, &error), error);
  g_autoptr (Approval) done = ledger_approval (f.ledger, asked->id, &error);
  assert_ok (done != NULL, error);
  ck_assert_int_eq (done->state, APPROVAL_GRANTED);
  ck_assert_str_eq (done->outcome, "done");
  ck_assert_str_eq (done->decider_actor, "eva (root)");
  ck_assert_mem_eq (g_bytes_get_data (done->parameters, NULL), "call", 4);
  g_autofree char *kinds = event_kinds (f.ledger);
  ck_assert_str_eq (kinds, "approval-request approval-request approval-grant");
}
END_TEST

START_TEST (a_grant_that_could_not_be_done_says_so)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  fixture_open (&f);
  g_autoptr (Approval) asked = ask (f.ledger, "sven", "device A", &error);
  assert_ok (asked != NULL, error);
  assert_ok (decide (f.ledger, asked->id, APPROVAL_GRANTED, "eva", &error), error);
  assert_ok (ledger_conclude_approval (f.ledger, asked->id, "the signer is away", &error), error);
  g_autofree char *kinds = event_kinds (f.ledger);
  ck_assert_str_eq (kinds, "approval-request approval-grant approval-failed");
}
END_TEST

/* As if it had been asked for `hours` ago; only an attacker changes that, so the triggers go
 * first. */
static void
shift (const Fixture *f, int hours)
{
  g_autofree char *sql =
      g_strdup_printf ("DROP TRIGGER approvals_keep_facts;"
                       " UPDATE approvals SET asked_at = asked_at - %d * 3600000000; ",
                       hours);

  ck_assert (raw_sql (f->path, sql));
}

static const struct {
  int hours;
  ApprovalState state;
} ages[] = {
  { 0, APPROVAL_WAITING },  { 23, APPROVAL_WAITING },  { 25, APPROVAL_EXPIRED },
  { -2, APPROVAL_WAITING }, { -25, APPROVAL_EXPIRED },
};

START_TEST (a_request_waits_a_day_by_the_clock)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  fixture_open (&f);
  g_autoptr (Approval) asked = ask (f.ledger, "sven", "device A", &error);
  assert_ok (asked != NULL, error);
  shift (&f, ages[_i].hours);
  assert_ok (ledger_expire_approvals (f.ledger, &error), error);
  g_autoptr (Approval) now = ledger_approval (f.ledger, asked->id, &error);
  assert_ok (now != NULL, error);
  ck_assert_int_eq (now->state, ages[_i].state);
  ck_assert_int_eq (decide (f.ledger, asked->id, APPROVAL_GRANTED, "eva", NULL),
                    ages[_i].state == APPROVAL_WAITING);
}
END_TEST

static gboolean
hire (Ledger *ledger, const char *name, GError **error)
{
  g_autoptr (GBytes) badge = g_bytes_new_static ("0123456789abcdef", 16);
  const Operator who = {
    .name = (char *)name, .role = (char *)"supervisor", .badge_digest = badge, .enabled = TRUE
  };

  return ledger_add_operator (ledger, &who, "root", error);
}

START_TEST (what_the_dismissed_asked_for_is_refused)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  guint waiting;
  fixture_open (&f);
  g_autoptr (Approval) first = ask (f.ledger, "sven", "device A", &error);
  assert_ok (first != NULL, error);
  g_autoptr (Approval) second = ask (f.ledger, "eva", "device B", &error);
  assert_ok (second != NULL, error);
  assert_ok (hire (f.ledger, "Sven", &error), error);
  assert_ok (ledger_set_operator_enabled (f.ledger, "Sven", FALSE, "root", &error), error);
  assert_ok (ledger_count_approvals (f.ledger, &waiting, &error), error);
  ck_assert_uint_eq (waiting, 1);
  g_autoptr (GPtrArray) left = ledger_approvals (f.ledger, TRUE, 0, &error);
  assert_ok (left != NULL, error);
  ck_assert_str_eq (((const Approval *)g_ptr_array_index (left, 0))->person, "eva");
}
END_TEST

START_TEST (no_more_wait_than_somebody_reads)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  fixture_open (&f);
  for (guint i = 0; i < APPROVALS_WAITING_MOST; i++) {
    g_autofree char *about = g_strdup_printf ("device %u", i);
    g_autoptr (Approval) asked = ask (f.ledger, "sven", about, &error);

    assert_ok (asked != NULL, error);
  }
  assert_error (ask (f.ledger, "sven", "one more", &error) == NULL, LEDGER_ERROR_INVALID, error);
  g_autoptr (Approval) known = ask (f.ledger, "sven", "device 7", &error);
  assert_ok (known != NULL, error);
}
END_TEST

#define REPLACE_REQUEST                                                                            \
  "INSERT OR REPLACE INTO approvals SELECT id, control, method, type, parameters, about, 'x',"     \
  " actor, asked_at, state, decider, decider_actor, decided_at, reason, outcome FROM approvals"

static const char *const forbidden[] = {
  "DELETE FROM approvals",
  "UPDATE approvals SET about = 'device Z'",
  "UPDATE approvals SET parameters = x'00'",
  "UPDATE approvals SET person = 'nobody'",
  "UPDATE approvals SET actor = 'nobody'",
  "UPDATE approvals SET state = 'waiting', decider = NULL, decided_at = NULL WHERE id = 2",
  "UPDATE approvals SET state = 'granted', decider = 'sven', decided_at = 1 WHERE id = 1",
  "UPDATE approvals SET state = 'granted', decider = 'Sven', decided_at = 1 WHERE id = 1",
  "UPDATE approvals SET state = 'granted' WHERE id = 1",
  "UPDATE approvals SET decider = 'ann' WHERE id = 2",
  "UPDATE approvals SET outcome = 'undone' WHERE id = 2",
  "UPDATE approvals SET outcome = 'done' WHERE id = 1",
  REPLACE_REQUEST,
  "DELETE FROM accepted_authorities",
  "UPDATE accepted_authorities SET actor = 'x'",
  "INSERT OR REPLACE INTO accepted_authorities SELECT sha256, at, 'x' FROM accepted_authorities",
  "UPDATE operators SET role = 'supervisor'",
};

static void
accept_one (const Fixture *f)
{
  g_autoptr (GPtrArray) chain = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  g_autoptr (GError) error = NULL;
  GBytes *der = new_certificate ("CA", 10);
  g_autofree char *sha256 = sha256_hex (g_bytes_get_data (der, NULL), g_bytes_get_size (der));
  g_autofree char *loud = g_ascii_strup (sha256, -1);
  gboolean accepted;

  g_ptr_array_add (chain, der);
  assert_error (!ledger_accept_authority (f->ledger, sha256, "sven", &error),
                LEDGER_ERROR_NOT_FOUND, error);
  assert_error (!ledger_accept_authority (f->ledger, "abcd", "sven", &error), LEDGER_ERROR_INVALID,
                error);
  assert_ok (ledger_keep_chain (f->ledger, "main", chain, &error), error);
  assert_ok (ledger_authority_is_accepted (f->ledger, sha256, &accepted, NULL, &error), error);
  ck_assert (!accepted);
  assert_ok (ledger_accept_authority (f->ledger, loud, "sven", &error), error);
  assert_ok (ledger_accept_authority (f->ledger, sha256, "eva", &error), error); /* is it already */
  assert_ok (ledger_authority_is_accepted (f->ledger, sha256, &accepted, NULL, &error), error);
  ck_assert (accepted);
}

static void
hire_one (const Fixture *f)
{
  g_autoptr (GBytes) digest = sha256_of ((const guint8 *)"badge", 5);
  const Operator who = {
    .name = (char *)"ann", .role = (char *)"auditor", .badge_digest = digest, .enabled = TRUE
  };
  g_autoptr (GError) error = NULL;

  assert_ok (ledger_add_operator (f->ledger, &who, "root", &error), error);
}

START_TEST (what_was_asked_and_decided_stays)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  fixture_open (&f);
  g_autoptr (Approval) first = ask (f.ledger, "sven", "device A", &error);
  assert_ok (first != NULL, error);
  g_autoptr (Approval) second = ask (f.ledger, "sven", "device B", &error);
  assert_ok (second != NULL, error);
  assert_ok (decide (f.ledger, second->id, APPROVAL_GRANTED, "eva", &error), error);
  assert_ok (ledger_conclude_approval (f.ledger, second->id, NULL, &error), error);
  accept_one (&f);
  hire_one (&f);
  ck_assert (!raw_sql (f.path, forbidden[_i]));
  ck_assert (raw_sql (f.path, "UPDATE approvals SET state = 'granted', decider = 'ann',"
                              " decided_at = 1 WHERE id = 1"));
}
END_TEST

START_TEST (which_acts_need_two_is_on_record_when_it_changes)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  fixture_open (&f);
  assert_ok (ledger_note_dual_control (f.ledger, 0, "none", &error), error);
  assert_ok (ledger_note_dual_control (f.ledger, 3, "void;re-issue", &error), error);
  assert_ok (ledger_note_dual_control (f.ledger, 3, "void;re-issue", &error), error);
  assert_ok (ledger_note_dual_control (f.ledger, 0, "none", &error), error);
  g_autofree char *kinds = event_kinds (f.ledger);
  ck_assert_str_eq (kinds, "dual-control dual-control");
}
END_TEST

/* ---- an older ledger ---- */

START_TEST (an_older_ledger_keeps_its_people_and_has_accepted_its_cas)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  guint count;
  const Migration *list = migrations (&count);

  fixture_open (&f);
  g_clear_pointer (&f.ledger, ledger_close);
  ck_assert_int_eq (g_unlink (f.path), 0);
  Database *database = database_open_writer (f.path, 7, &error);
  assert_ok (database != NULL && migrate (database, list, 7, &error), error);
  database_close (database);
  ck_assert (raw_sql (f.path, "INSERT INTO operators VALUES ('sven', 'supervisor', 'de',"
                              " zeroblob (32), NULL, 0, 17, 'root');"
                              " INSERT INTO authorities (name, sha256, chain)"
                              " VALUES ('main', zeroblob (32), x'30')"));
  fixture_reopen (&f);
  g_autofree char *who = raw_text (f.path, "SELECT name || role || enabled || created_at"
                                           " FROM operators");
  g_autofree char *accepted = raw_text (f.path, "SELECT hex (sha256) FROM accepted_authorities");
  ck_assert_str_eq (who, "svensupervisor017");
  ck_assert_uint_eq (strlen (accepted), 64);
  hire_one (&f);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("approvals");
  TCase *cases = tcase_create ("approvals");

  tcase_set_timeout (cases, 60);
  tcase_add_test (cases, a_request_is_kept_with_its_call_and_granted_once);
  tcase_add_test (cases, a_grant_that_could_not_be_done_says_so);
  tcase_add_loop_test (cases, a_request_waits_a_day_by_the_clock, 0, G_N_ELEMENTS (ages));
  tcase_add_test (cases, what_the_dismissed_asked_for_is_refused);
  tcase_add_test (cases, no_more_wait_than_somebody_reads);
  tcase_add_loop_test (cases, what_was_asked_and_decided_stays, 0, G_N_ELEMENTS (forbidden));
  tcase_add_test (cases, which_acts_need_two_is_on_record_when_it_changes);
  tcase_add_test (cases, an_older_ledger_keeps_its_people_and_has_accepted_its_cas);
  suite_add_tcase (suite, cases);
  return run_suite (suite);
}
