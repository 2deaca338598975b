/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether the station is well: what is wrong comes first and says what to do.
 */
#include <check.h>
#include <stdlib.h>

#include "tests/unit/tui/golden.h"
#include "tests/unit/tui/samples.h"
#include "ui-tui/health-checks.h"
#include "ui-tui/record.h"
#include "ui-tui/screen-parts.h"

static Model *model;

static void
setup (void)
{
  golden_setup ();
  model = sample_line (4);
}

static void
teardown (void)
{
  model_free (model);
}

/* The verdict on what is called `title`; -1 where nobody looked. */
static int
verdict_on (const char *title)
{
  g_autoptr (GPtrArray) checks = health_checks (model);

  for (guint i = 0; i < checks->len; i++) {
    const HealthCheck *check = g_ptr_array_index (checks, i);

    if (g_str_equal (check->title, title))
      return (int)check->verdict;
  }
  return -1;
}

START_TEST (requests_that_wait_are_looked_at)
{
  ck_assert_int_eq (verdict_on ("Requests"), -1);
  model->health.approvals = 1;
  ck_assert_int_eq (verdict_on ("Requests"), CHECK_LOOK);
}
END_TEST

static void
set_warning (const char *warning)
{
  g_strfreev (model->health.warnings);
  model->health.warnings = g_new0 (char *, 2);
  model->health.warnings[0] = g_strdup (warning);
}

START_TEST (a_station_that_is_well_has_nothing_to_look_at)
{
  g_autoptr (GPtrArray) checks = health_checks (model);

  ck_assert_uint_ge (checks->len, 6);
  for (guint i = 0; i < checks->len; i++)
    ck_assert_int_eq (((HealthCheck *)g_ptr_array_index (checks, i))->verdict, CHECK_OK);
}
END_TEST

static AuthorityLine *
add_authority (const char *name, const char *problem)
{
  CaHealth *ca = &model->health.ca;
  AuthorityLine *line = g_new0 (AuthorityLine, 1);

  if (ca->authorities == NULL)
    ca->authorities = g_ptr_array_new_with_free_func (authority_table.free);
  line->name = g_strdup (name);
  line->subject = g_strconcat ("CN=", name, NULL);
  line->problem = g_strdup (problem);
  g_ptr_array_add (ca->authorities, line);
  return line;
}

START_TEST (each_of_several_cas_has_a_line)
{
  AuthorityLine *first = add_authority ("2025", NULL);

  ck_assert_int_eq (verdict_on ("CA 2025"), -1); /* alone and well */
  add_authority ("2026", NULL);
  ck_assert_int_eq (verdict_on ("CA 2025"), CHECK_OK);
  ck_assert_int_eq (verdict_on ("CA 2026"), CHECK_OK);
  add_authority ("2027", "the token is away");
  ck_assert_int_eq (verdict_on ("CA 2027"), CHECK_STOP);
  first->warnings = g_new0 (char *, 2);
  first->warnings[0] = g_strdup ("The CA 2025 ends on 2026-12-24, in 33 days.");
  ck_assert_int_eq (verdict_on ("CA 2025"), CHECK_LOOK);
}
END_TEST

/* It answers, and says that it issues nothing or did not reload. */
START_TEST (a_signer_with_a_problem_is_not_well_though_it_answers)
{
  ck_assert_int_eq (verdict_on ("Signer"), CHECK_OK);
  model->health.ca.problem = g_strdup ("this PC's clock says 1970");
  ck_assert_int_eq (verdict_on ("Signer"), CHECK_STOP);
}
END_TEST

START_TEST (the_worst_comes_first_and_says_what_to_do)
{
  g_autoptr (GPtrArray) checks = NULL;
  CheckVerdict last = CHECK_STOP;

  model_free (model);
  model = sample_unhealthy (4);
  checks = health_checks (model);
  ck_assert_int_eq (((HealthCheck *)g_ptr_array_index (checks, 0))->verdict, CHECK_STOP);
  for (guint i = 0; i < checks->len; i++) {
    const HealthCheck *check = g_ptr_array_index (checks, i);

    ck_assert_int_le (check->verdict, last);
    ck_assert (check->verdict == CHECK_OK || check->advice != NULL);
    last = check->verdict;
  }
}
END_TEST

START_TEST (a_ca_ends_with_a_month_of_warning)
{
  CaHealth *ca = &model->health.ca;

  ca->days_left = 30;
  ck_assert_int_eq (verdict_on ("CA certificate"), CHECK_OK);
  ca->days_left = 29;
  ck_assert_int_eq (verdict_on ("CA certificate"), CHECK_LOOK);
  ca->days_left = 1;
  ck_assert_int_eq (verdict_on ("CA certificate"), CHECK_LOOK);
  ca->days_left = 0; /* its last hours */
  ck_assert_int_eq (verdict_on ("CA certificate"), CHECK_LOOK);
  ca->not_after = SAMPLE_NOW / G_USEC_PER_SEC - 1;
  ck_assert_int_eq (verdict_on ("CA certificate"), CHECK_STOP);
}
END_TEST

START_TEST (a_demo_ca_must_not_serve_production)
{
  ck_assert_int_eq (verdict_on ("Demo CA"), -1);
  model->health.ca.demo = TRUE;
  ck_assert_int_eq (verdict_on ("Demo CA"), CHECK_STOP);
  g_free (model->health.mode);
  model->health.mode = g_strdup ("demo");
  ck_assert_int_eq (verdict_on ("Demo CA"), CHECK_LOOK);
}
END_TEST

START_TEST (a_disk_fills_up)
{
  Health *health = &model->health;

  health->disk_size = G_GUINT64_CONSTANT (100000000000);
  health->disk_free = health->disk_size / 10;
  ck_assert_int_eq (verdict_on ("Disk"), CHECK_OK);
  health->disk_free--;
  ck_assert_int_eq (verdict_on ("Disk"), CHECK_LOOK);
  health->disk_free = 99999999;
  ck_assert_int_eq (verdict_on ("Disk"), CHECK_STOP);
  health->disk_size = 0; /* nobody could tell */
  ck_assert_int_eq (verdict_on ("Disk"), -1);
}
END_TEST

START_TEST (weak_keys_are_to_be_voided)
{
  ck_assert_int_eq (verdict_on ("Keys"), -1); /* nobody told */
  model->health.keys_seen = 120;
  model->health.keys_checked = 100;
  ck_assert_int_eq (verdict_on ("Keys"), CHECK_OK);
  model->health.keys_problem = g_strdup ("The disk is full.");
  ck_assert_int_eq (verdict_on ("Keys"), CHECK_LOOK);
  model->health.weak_units = 2;
  ck_assert_int_eq (verdict_on ("Keys"), CHECK_STOP);
}
END_TEST

START_TEST (a_private_key_that_came_out_is_an_alarm_until_it_was_seen)
{
  Tile *tile = model_tile (model, 2);

  ck_assert (!health_has_problem (model));
  tile->state = TILE_FAIL;
  tile->acknowledged = FALSE;
  g_free (tile->reason);
  tile->reason = g_strdup ("no-answer");
  ck_assert_int_eq (verdict_on ("Private key"), -1);
  ck_assert (!health_has_problem (model));
  g_free (tile->reason);
  tile->reason = g_strdup ("private-key-leaked");
  ck_assert_int_eq (verdict_on ("Private key"), CHECK_STOP);
  ck_assert (health_has_problem (model));
  tile->acknowledged = TRUE;
  ck_assert_int_eq (verdict_on ("Private key"), -1);
  ck_assert (!health_has_problem (model));
}
END_TEST

START_TEST (what_the_signer_says_is_said_once)
{
  set_warning ("The signer does not answer.");
  ck_assert_int_eq (verdict_on ("Station"), CHECK_LOOK);
  model->health.ca.reachable = FALSE;
  model->health.ca.problem = g_strdup ("The signer does not answer.");
  ck_assert_int_eq (verdict_on ("Station"), -1);
  ck_assert_int_eq (verdict_on ("Signer"), CHECK_STOP);
}
END_TEST

START_TEST (what_is_left_of_a_ticket_is_told)
{
  static const struct {
    guint remaining;
    int verdict;
  } cases[] = {
    { 500, CHECK_OK }, { 26, CHECK_OK }, { 25, CHECK_LOOK }, { 1, CHECK_LOOK }, { 0, CHECK_STOP }
  };
  BatchLine *batch = model_running_batch (model);

  ck_assert_ptr_nonnull (batch);
  ck_assert_int_eq (verdict_on ("Ticket"), -1);
  batch->ticket = 7;
  batch->ticket_count = 500;
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    batch->ticket_remaining = cases[i].remaining;
    ck_assert_int_eq (verdict_on ("Ticket"), cases[i].verdict);
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("tui-health-checks");
  TCase *cases = tcase_create ("health-checks");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_checked_fixture (cases, setup, teardown);
  tcase_add_test (cases, requests_that_wait_are_looked_at);
  tcase_add_test (cases, a_station_that_is_well_has_nothing_to_look_at);
  tcase_add_test (cases, what_is_left_of_a_ticket_is_told);
  tcase_add_test (cases, each_of_several_cas_has_a_line);
  tcase_add_test (cases, a_signer_with_a_problem_is_not_well_though_it_answers);
  tcase_add_test (cases, the_worst_comes_first_and_says_what_to_do);
  tcase_add_test (cases, a_ca_ends_with_a_month_of_warning);
  tcase_add_test (cases, a_demo_ca_must_not_serve_production);
  tcase_add_test (cases, a_disk_fills_up);
  tcase_add_test (cases, weak_keys_are_to_be_voided);
  tcase_add_test (cases, a_private_key_that_came_out_is_an_alarm_until_it_was_seen);
  tcase_add_test (cases, what_the_signer_says_is_said_once);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
