/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Records of good, newer and hostile daemons, read into structs.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ui-tui/model.h"
#include "ui-tui/record.h"

static GVariant *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  GVariant *record = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error);

  ck_assert_msg (record != NULL, "%s", error != NULL ? error->message : "");
  return record;
}

static void
read_into (const RecordTable *table, const char *text, void *target)
{
  g_autoptr (GVariant) record = parse (text);

  record_read (table, record, target);
}

START_TEST (a_slot_is_read)
{
  Tile tile = { 0 };

  read_into (&tile_table,
             "{'slot': <uint32 3>, 'state': <'fail'>, 'present': <true>, 'device': <'SN-1'>,"
             " 'attempt': <int64 7>, 'step': <'sign'>, 'reason': <'no-answer'>}",
             &tile);
  ck_assert_uint_eq (tile.number, 3);
  ck_assert_int_eq (tile.state, TILE_FAIL);
  ck_assert (tile.present && !tile.acknowledged);
  ck_assert_str_eq (tile.device, "SN-1");
  ck_assert_int_eq (tile.attempt, 7);
  ck_assert_str_eq (tile.reason, "no-answer");
  record_clear (&tile_table, &tile);
  ck_assert_ptr_null (tile.device);
}
END_TEST

START_TEST (a_value_that_is_no_longer_told_is_forgotten)
{
  Tile tile = { 0 };

  read_into (&tile_table, "{'slot': <uint32 1>, 'device': <'SN-1'>, 'attempt': <int64 7>}", &tile);
  read_into (&tile_table, "{'slot': <uint32 1>}", &tile);
  ck_assert_ptr_null (tile.device);
  ck_assert_int_eq (tile.attempt, 0);
  record_clear (&tile_table, &tile);
}
END_TEST

START_TEST (a_text_that_stays_the_same_is_not_copied)
{
  Tile tile = { 0 };

  read_into (&tile_table, "{'device': <'SN-1'>, 'step': <'sign'>}", &tile);
  const char *device = tile.device;

  read_into (&tile_table, "{'device': <'SN-1'>, 'step': <'store'>}", &tile);
  ck_assert_ptr_eq (tile.device, device);
  ck_assert_str_eq (tile.step, "store");
  record_clear (&tile_table, &tile);
}
END_TEST

START_TEST (values_of_another_type_are_dropped)
{
  Tile tile = { 0 };

  read_into (&tile_table,
             "{'slot': <'three'>, 'state': <uint32 4>, 'device': <int64 9>, 'enabled': <'yes'>,"
             " 'attempt': <[1, 2]>}",
             &tile);
  ck_assert_uint_eq (tile.number, 0);
  ck_assert_int_eq (tile.state, TILE_EMPTY);
  ck_assert_ptr_null (tile.device);
  ck_assert (!tile.enabled);
  ck_assert_int_eq (tile.attempt, 0);
}
END_TEST

START_TEST (keys_and_words_of_a_newer_daemon_do_no_harm)
{
  Tile tile = { .state = TILE_WORKING };

  read_into (&tile_table, "{'mood': <'good'>, 'state': <'dancing'>, 'slot': <uint32 2>}", &tile);
  ck_assert_uint_eq (tile.number, 2);
  ck_assert_int_eq (tile.state, TILE_WORKING);
}
END_TEST

START_TEST (texts_cannot_steer_the_terminal)
{
  Tile tile = { 0 };

  read_into (&tile_table, "{'device': <'a\\u001b[2Jb\\u202ec'>, 'detail': <'two\\nlines'>}", &tile);
  ck_assert_str_eq (tile.device, "a?[2Jb?c");
  ck_assert_str_eq (tile.detail, "two?lines");
  record_clear (&tile_table, &tile);
}
END_TEST

START_TEST (a_transcript_keeps_its_lines)
{
  AttemptLine attempt = { 0 };

  read_into (&attempt_table,
             "{'transcript': <'> hello\\n< \\u0007ok\\n'>,"
             " 'steps': <[{'step': <'open'>, 'at': <int64 5>}]>}",
             &attempt);
  ck_assert_str_eq (attempt.transcript, "> hello\n< ?ok\n");
  ck_assert_uint_eq (attempt.steps->len, 1);
  ck_assert_str_eq (((StepTime *)attempt.steps->pdata[0])->step, "open");
  record_clear (&attempt_table, &attempt);
}
END_TEST

START_TEST (failures_stay_where_a_list_does_not_tell_them)
{
  BatchLine batch = { 0 };

  read_into (&batch_table,
             "{'name': <'B'>, 'failures': <[{'reason': <'no-answer'>, 'count': <uint32 2>}]>}",
             &batch);
  read_into (&batch_table, "{'name': <'B'>, 'passed': <uint32 4>}", &batch);
  ck_assert_uint_eq (batch.failures->len, 1);
  ck_assert_uint_eq (((FailureBar *)batch.failures->pdata[0])->count, 2);
  ck_assert_uint_eq (batch.passed, 4);
  record_clear (&batch_table, &batch);
}
END_TEST

START_TEST (a_status_without_ca_keeps_the_ca)
{
  Health health = { 0 };

  read_into (&health_table,
             "{'station': <'L1'>, 'warnings': <['a\\tb', 'c']>,"
             " 'ca': <{'subject': <'CN=x'>, 'reachable': <true>}>}",
             &health);
  ck_assert_str_eq (health.warnings[0], "a?b");
  read_into (&health_table, "{'station': <'L1'>}", &health);
  ck_assert_str_eq (health.ca.subject, "CN=x");
  ck_assert (health.ca.reachable);
  ck_assert_ptr_null (health.warnings);
  health_clear (&health);
}
END_TEST

START_TEST (what_is_no_list_makes_an_empty_one)
{
  g_autoptr (GVariant) wrong = g_variant_ref_sink (g_variant_new_string ("no list"));
  g_autoptr (GPtrArray) list = record_read_list (&event_table, wrong);

  ck_assert_uint_eq (list->len, 0);
}
END_TEST

/* Each field may be marked as seen. */
START_TEST (no_table_is_too_long)
{
  const RecordTable *tables[] = { &tile_table, &batch_table, &health_table, &certificate_table };

  for (guint i = 0; i < G_N_ELEMENTS (tables); i++) {
    guint n = 0;

    while (tables[i]->fields[n].key != NULL)
      n++;
    ck_assert_uint_gt (n, 0);
    ck_assert_uint_le (n, 64);
  }
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("tui-record");
  TCase *cases = tcase_create ("all");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_test (cases, a_slot_is_read);
  tcase_add_test (cases, a_value_that_is_no_longer_told_is_forgotten);
  tcase_add_test (cases, a_text_that_stays_the_same_is_not_copied);
  tcase_add_test (cases, values_of_another_type_are_dropped);
  tcase_add_test (cases, keys_and_words_of_a_newer_daemon_do_no_harm);
  tcase_add_test (cases, texts_cannot_steer_the_terminal);
  tcase_add_test (cases, a_transcript_keeps_its_lines);
  tcase_add_test (cases, failures_stay_where_a_list_does_not_tell_them);
  tcase_add_test (cases, a_status_without_ca_keeps_the_ca);
  tcase_add_test (cases, what_is_no_list_makes_an_empty_one);
  tcase_add_test (cases, no_table_is_too_long);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
