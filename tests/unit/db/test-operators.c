/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Operators: added once, disabled and enabled on record, found by their badge; and what of
 * them never gets into the audit trail.
 */
#include <string.h>

#include "base/encode.h"
#include "fixture.h"

static GBytes *
digest_of (const char *text)
{
  return sha256_of ((const guint8 *)text, strlen (text));
}

static gboolean
add (Ledger *ledger, const char *name, const char *badge, const char *pin, GError **error)
{
  g_autoptr (GBytes) badge_digest = digest_of (badge);
  g_autoptr (GBytes) pin_digest = pin == NULL ? NULL : digest_of (pin);
  Operator who = { .name = (char *)name,
                   .role = (char *)(pin == NULL ? "operator" : "supervisor"),
                   .language = (char *)(pin == NULL ? NULL : "zh_CN"),
                   .badge_digest = badge_digest,
                   .pin_digest = pin_digest,
                   .enabled = TRUE };

  return ledger_add_operator (ledger, &who, "root", error);
}

static Operator *
of_badge (Ledger *ledger, const char *badge, GError **error)
{
  g_autoptr (GBytes) digest = digest_of (badge);

  return ledger_operator_of_badge (ledger, digest, error);
}

START_TEST (an_operator_is_found_by_the_badge)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) pin = digest_of ("1234");
  fixture_open (&f);
  assert_ok (add (f.ledger, "sue", "badge-1", "1234", &error), error);
  assert_ok (add (f.ledger, "mei", "badge-2", NULL, &error), error);
  fixture_reopen (&f);
  g_autoptr (Operator) sue = of_badge (f.ledger, "badge-1", &error);
  assert_ok (sue != NULL, error);
  g_autoptr (Operator) mei = of_badge (f.ledger, "badge-2", &error);
  assert_ok (mei != NULL, error);

  ck_assert_str_eq (sue->name, "sue");
  ck_assert_str_eq (sue->role, "supervisor");
  ck_assert_str_eq (sue->language, "zh_CN");
  ck_assert (g_bytes_equal (sue->pin_digest, pin));
  ck_assert (sue->enabled);
  ck_assert_int_gt (sue->created_at, 0);
  ck_assert_str_eq (sue->created_by, "root");
  ck_assert_ptr_null (mei->pin_digest);
  ck_assert_ptr_null (mei->language);
  assert_error (of_badge (f.ledger, "badge-3", &error) == NULL, LEDGER_ERROR_NOT_FOUND, error);
}
END_TEST

START_TEST (operators_are_listed_by_name)
{
  g_auto (Fixture) f = { 0 };
  static const char *const names[] = { "anna", "mei", "sue" };
  fixture_open (&f);
  ck_assert (add (f.ledger, "sue", "1", NULL, NULL));
  ck_assert (add (f.ledger, "anna", "2", NULL, NULL));
  ck_assert (add (f.ledger, "mei", "3", NULL, NULL));
  g_autoptr (GPtrArray) operators = ledger_operators (f.ledger, NULL);
  ck_assert_uint_eq (operators->len, G_N_ELEMENTS (names));
  for (guint i = 0; i < operators->len; i++)
    ck_assert_str_eq (((Operator *)g_ptr_array_index (operators, i))->name, names[i]);
}
END_TEST

/* Else who adds people tries what others' badges say, as often as he likes and unseen. */
START_TEST (a_name_that_is_taken_tells_nothing_of_a_badge)
{
  static const char *const badges[] = { "badge-1", "badge-2", "badge-3" };
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  fixture_open (&f);
  ck_assert (add (f.ledger, "eva", "badge-1", NULL, NULL));
  ck_assert (add (f.ledger, "anna", "badge-2", NULL, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (badges); i++) {
    ck_assert (!add (f.ledger, "anna", badges[i], NULL, &error));
    ck_assert_str_eq (error->message, "there is an operator anna already");
    g_clear_error (&error);
  }
}
END_TEST

START_TEST (a_name_and_a_badge_belong_to_one_operator)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  fixture_open (&f);
  ck_assert (add (f.ledger, "sue", "badge-1", NULL, NULL));
  assert_error (!add (f.ledger, "sue", "badge-2", NULL, &error), LEDGER_ERROR_EXISTS, error);
  ck_assert (!add (f.ledger, "mei", "badge-1", NULL, &error));
  ck_assert_ptr_nonnull (strstr (error->message, "this badge is operator sue's"));
  assert_error (TRUE, LEDGER_ERROR_EXISTS, error);
  /* A disabled one still has both. */
  ck_assert (ledger_set_operator_enabled (f.ledger, "sue", FALSE, "root", NULL));
  assert_error (!add (f.ledger, "mei", "badge-1", NULL, &error), LEDGER_ERROR_EXISTS, error);
}
END_TEST

START_TEST (an_operator_is_disabled_and_enabled_on_record)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  fixture_open (&f);
  ck_assert (add (f.ledger, "sue", "badge-1", NULL, NULL));
  assert_ok (ledger_set_operator_enabled (f.ledger, "sue", FALSE, "root", &error), error);
  assert_ok (ledger_set_operator_enabled (f.ledger, "sue", FALSE, "root", &error), error);
  g_autoptr (Operator) off = of_badge (f.ledger, "badge-1", NULL);
  ck_assert (!off->enabled);
  assert_ok (ledger_set_operator_enabled (f.ledger, "sue", TRUE, "root", &error), error);
  g_autoptr (Operator) on = of_badge (f.ledger, "badge-1", NULL);
  ck_assert (on->enabled);
  g_autofree char *kinds = event_kinds (f.ledger);
  ck_assert_str_eq (kinds, "operator-add operator-disable operator-enable");
  assert_error (!ledger_set_operator_enabled (f.ledger, "mei", TRUE, "root", &error),
                LEDGER_ERROR_NOT_FOUND, error);
}
END_TEST

START_TEST (what_is_no_operator_is_refused)
{
  g_autoptr (GBytes) digest = digest_of ("badge");
  g_autoptr (GBytes) tiny = g_bytes_new ("x", 1);
  const Operator faulty[] = {
    { .name = NULL, .role = (char *)"operator", .badge_digest = digest },
    { .name = (char *)"two words", .role = (char *)"operator", .badge_digest = digest },
    { .name = (char *)"sue", .role = (char *)"boss", .badge_digest = digest },
    { .name = (char *)"sue", .role = NULL, .badge_digest = digest },
    { .name = (char *)"sue", .role = (char *)"operator" },
    { .name = (char *)"sue", .role = (char *)"operator", .badge_digest = tiny },
    { .name = (char *)"sue",
      .role = (char *)"operator",
      .badge_digest = digest,
      .pin_digest = tiny },
    { .name = (char *)"sue",
      .role = (char *)"operator",
      .badge_digest = digest,
      .language = (char *)"\033[2J" },
  };
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  fixture_open (&f);
  for (guint i = 0; i < G_N_ELEMENTS (faulty); i++)
    assert_error (!ledger_add_operator (f.ledger, &faulty[i], "root", &error), LEDGER_ERROR_INVALID,
                  error);
  g_autoptr (GPtrArray) operators = ledger_operators (f.ledger, NULL);
  ck_assert_uint_eq (operators->len, 0);
}
END_TEST

START_TEST (no_digest_is_in_an_event)
{
  g_auto (Fixture) f = { 0 };
  fixture_open (&f);
  ck_assert (add (f.ledger, "sue", "badge-1", "1234", NULL));
  g_autofree char *badge = sha256_hex ((const guint8 *)"badge-1", 7);
  g_autofree char *pin = sha256_hex ((const guint8 *)"1234", 4);
  g_autoptr (GPtrArray) events = ledger_events (f.ledger, 0, NULL);
  const AuditEvent *event = g_ptr_array_index (events, 0);

  ck_assert_uint_eq (events->len, 1);
  ck_assert_str_eq (event->subject, "sue");
  ck_assert_str_eq (event->actor, "root");
  ck_assert_str_eq (event->detail, "role supervisor, with PIN");
  ck_assert_ptr_null (strstr (event->detail, badge));
  ck_assert_ptr_null (strstr (event->detail, pin));
}
END_TEST

START_TEST (the_salt_is_the_ledgers_own_and_stays)
{
  g_auto (Fixture) f = { 0 };
  g_auto (Fixture) other = { 0 };
  fixture_open (&f);
  fixture_open (&other);
  g_autoptr (GBytes) first = ledger_salt (f.ledger, NULL);
  g_autoptr (GBytes) foreign = ledger_salt (other.ledger, NULL);
  fixture_reopen (&f);
  g_autoptr (GBytes) again = ledger_salt (f.ledger, NULL);

  ck_assert_uint_eq (g_bytes_get_size (first), 16);
  ck_assert (g_bytes_equal (first, again));
  ck_assert (!g_bytes_equal (first, foreign));
}
END_TEST

static const char *const forbidden[] = {
  "DELETE FROM operators",
  "UPDATE operators SET name = 'eve'",
  "UPDATE operators SET badge_digest = zeroblob (32)",
  ("INSERT OR REPLACE INTO operators SELECT name, 'supervisor', language, badge_digest, NULL, 1, 0,"
   " 'eve' FROM operators"),
  "UPDATE salt SET value = zeroblob (16)",
  "DELETE FROM salt",
  "INSERT INTO salt VALUES (2, zeroblob (16))",
  "INSERT OR REPLACE INTO salt VALUES (1, zeroblob (16))",
};

START_TEST (operators_and_salt_stay)
{
  g_auto (Fixture) f = { 0 };
  fixture_open (&f);
  ck_assert (add (f.ledger, "sue", "badge-1", NULL, NULL));
  ck_assert (!raw_sql (f.path, forbidden[_i]));
  ck_assert (raw_sql (f.path, "UPDATE operators SET enabled = 0"));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("operators");
  TCase *operators = tcase_create ("operators");

  tcase_set_timeout (operators, 60);
  tcase_add_test (operators, an_operator_is_found_by_the_badge);
  tcase_add_test (operators, operators_are_listed_by_name);
  tcase_add_test (operators, a_name_and_a_badge_belong_to_one_operator);
  tcase_add_test (operators, a_name_that_is_taken_tells_nothing_of_a_badge);
  tcase_add_test (operators, an_operator_is_disabled_and_enabled_on_record);
  tcase_add_test (operators, what_is_no_operator_is_refused);
  tcase_add_test (operators, no_digest_is_in_an_event);
  tcase_add_test (operators, the_salt_is_the_ledgers_own_and_stays);
  tcase_add_loop_test (operators, operators_and_salt_stay, 0, G_N_ELEMENTS (forbidden));
  suite_add_tcase (suite, operators);
  return run_suite (suite);
}
