/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Records as text and JSON, hostile ones too; the lines of monitor; who holds a port.
 */
#include <check.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "station/cli/doctor.h"
#include "station/cli/monitor-line.h"
#include "station/cli/output.h"

static GVariant *
record_of (const char *text)
{
  GError *error = NULL;
  GVariant *record = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error);

  ck_assert_msg (record != NULL, "%s", error == NULL ? "" : error->message);
  return record;
}

static void
expect_field (GVariant *record, const char *key, FieldKind kind, const char *expected)
{
  const Field field = { key, "", kind };
  g_autofree char *text = field_text (record, &field, FALSE);

  ck_assert_str_eq (text, expected);
}

START_TEST (values_are_shown_by_their_kind)
{
  g_setenv ("TZ", "UTC", TRUE);
  g_autoptr (GVariant) record = record_of (
      "{'n': <uint32 7>, 'big': <uint64 9007199254740993>, 'at': <int64 1700000000000000>,"
      " 'until': <int64 1700000000>, 'sha': <'00112233445566778899aabbccddeeff'>, 'yes': <true>,"
      " 'list': <['a', 'b']>, 'text': <'hello'>, 'never': <int64 0>}");

  expect_field (record, "n", FIELD_NUMBER, "7");
  expect_field (record, "big", FIELD_NUMBER, "9007199254740993");
  expect_field (record, "at", FIELD_TIME, "2023-11-14 22:13:20");
  expect_field (record, "until", FIELD_SECONDS, "2023-11-14 22:13");
  expect_field (record, "never", FIELD_TIME, "");
  expect_field (record, "sha", FIELD_DIGEST, "0011223344556677");
  expect_field (record, "yes", FIELD_YES_NO, "yes");
  expect_field (record, "list", FIELD_LIST, "a, b");
  expect_field (record, "text", FIELD_TEXT, "hello");
  expect_field (record, "missing", FIELD_TEXT, "");
}
END_TEST

START_TEST (a_value_of_another_type_than_promised_does_no_harm)
{
  g_autoptr (GVariant) record =
      record_of ("{'n': <'text'>, 'list': <uint32 3>, 'yes': <'no'>, 'text': <uint32 5>}");

  expect_field (record, "n", FIELD_NUMBER, "0");
  expect_field (record, "list", FIELD_LIST, "");
  expect_field (record, "yes", FIELD_YES_NO, "no");
  expect_field (record, "text", FIELD_TEXT, "5");
}
END_TEST

START_TEST (nothing_hostile_reaches_the_terminal)
{
  static const char *const hostile[] = { "\x1b]0;x\x07",
                                         "\xc2\x9b"
                                         "31m",
                                         "\xe2\x80\xae"
                                         "abc",
                                         "\xe2\x81\xa6x",
                                         "a\nb\rc\x7f",
                                         "a\u2028b",
                                         "\U000e0041x" };

  for (guint i = 0; i < G_N_ELEMENTS (hostile); i++) {
    g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add (&builder, "{sv}", "device", g_variant_new_string (hostile[i]));
    g_autoptr (GVariant) record = g_variant_ref_sink (g_variant_builder_end (&builder));
    g_autofree char *text = record_text (record, "device");
    g_autofree char *json = json_text (record, FALSE);
    g_autoptr (JsonParser) parser = json_parser_new ();

    for (const char *at = text; *at != '\0'; at++)
      ck_assert (*at >= ' ' && *at != '\x7f');
    ck_assert_ptr_null (strstr (text, hostile[i]));
    ck_assert_ptr_null (strstr (json, hostile[i]));
    ck_assert (json_parser_load_from_data (parser, json, -1, NULL));
    JsonObject *object = json_node_get_object (json_parser_get_root (parser));
    ck_assert_str_eq (json_object_get_string_member (object, "device"), hostile[i]);
  }
}
END_TEST

START_TEST (json_keeps_numbers_and_nesting)
{
  g_autoptr (GVariant) record = record_of (
      "{'t': <uint64 9007199254740993>, 'x': <int64 -5>, 'b': <false>,"
      " 'omitted': <[{'device': <'D'>}]>, 'ca': <{'days-left': <int64 3>}>, 'none': <@as []>}");
  g_autofree char *json = json_text (record, FALSE);

  ck_assert (g_str_has_prefix (json, "{\"b\":false,\"ca\":")); /* sorted */
  ck_assert_ptr_nonnull (strstr (json, "\"t\":9007199254740993"));
  ck_assert_ptr_nonnull (strstr (json, "\"x\":-5"));
  ck_assert_ptr_nonnull (strstr (json, "\"b\":false"));
  ck_assert_ptr_nonnull (strstr (json, "\"omitted\":[{\"device\":\"D\"}]"));
  ck_assert_ptr_nonnull (strstr (json, "\"ca\":{\"days-left\":3}"));
  ck_assert_ptr_nonnull (strstr (json, "\"none\":[]"));
  ck_assert (g_str_has_suffix (json, "}\n") && strchr (json, '\n') == json + strlen (json) - 1);
}
END_TEST

START_TEST (monitor_says_each_state_in_one_line)
{
  static const struct {
    const char *slot;
    const char *line;
  } cases[] = {
    { "{'slot': <uint32 2>, 'state': <'working'>, 'device': <'SN0003'>, 'driver': <'smp'>,"
      " 'step': <'sign'>, 'step-number': <uint32 7>, 'steps': <uint32 12>}",
      "SN0003           smp      [#######.....] sign 7/12" },
    { "{'slot': <uint32 2>, 'state': <'pass'>, 'device': <'SN0003'>, 'driver': <'smp'>,"
      " 'started-at': <int64 1000000>, 'ended-at': <int64 1310000>}",
      "SN0003           smp      PASS 0.31 s" },
    { "{'slot': <uint32 2>, 'state': <'fail'>, 'reason': <'no-answer'>,"
      " 'operator-text': <'Put it in again.'>}",
      "-                -        FAIL no-answer: Put it in again." },
    { "{'slot': <uint32 2>, 'state': <'empty'>}", "-                -        empty" },
    { "{'slot': <uint32 2>, 'state': <'disabled'>, 'disabled-reason': <'bent pin'>}",
      "-                -        disabled: bent pin" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GVariant) slot = record_of (cases[i].slot);
    g_autofree char *line = monitor_slot_line (slot);
    g_autofree char *name = monitor_slot_name (slot);
    ck_assert_str_eq (line, cases[i].line);
    ck_assert_str_eq (name, "slot 2");
  }
  g_autoptr (GVariant) batch = record_of ("{'name': <'B1'>, 'state': <'running'>,"
                                          " 'target': <uint32 16>, 'passed': <uint32 5>,"
                                          " 'failed': <uint32 1>}");
  g_autofree char *line = monitor_batch_line (batch);
  ck_assert_str_eq (line, "running  5 of 16 passed, 1 failed");
}
END_TEST

START_TEST (the_process_that_holds_a_port_is_named)
{
  int pipes[2];
  char ready;
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp ("keycradle-port-XXXXXX", &path, NULL);

  ck_assert_int_ge (fd, 0);
  close (fd);
  ck_assert_ptr_null (port_holder_find (path));
  ck_assert_int_eq (pipe (pipes), 0);
  pid_t child = fork ();
  if (child == 0) {
    if (open (path, O_RDWR) >= 0 && write (pipes[1], "x", 1) == 1)
      pause ();
    _exit (1);
  }
  ck_assert_int_eq ((int)read (pipes[0], &ready, 1), 1);
  g_autoptr (PortHolder) holder = port_holder_find (path);
  kill (child, SIGKILL);
  waitpid (child, NULL, 0);
  g_unlink (path);
  ck_assert_ptr_nonnull (holder);
  ck_assert_int_eq (holder->pid, child);
  ck_assert (*holder->name != '\0');
}
END_TEST

static const Finding *
finding_of (GPtrArray *findings, const char *check)
{
  const Finding *found = NULL;

  for (guint i = 0; i < findings->len; i++) {
    const Finding *one = g_ptr_array_index (findings, i);

    if (g_str_equal (one->check, check)) {
      ck_assert_msg (found == NULL, "%s is found twice", check);
      found = one;
    }
  }
  return found;
}

/* What doctor finds where the unit in a slot is reached by `node`, and others are in none. */
static GPtrArray *
doctor_judges (const char *node)
{
  GPtrArray *findings = g_ptr_array_new_with_free_func ((GDestroyNotify)finding_free);
  Doctor doctor = { .findings = findings };
  g_autofree char *text = g_strconcat (
      "[{'place': <'hub-1'>, 'state': <'in-slot'>, 'nodes': <['hid:", node,
      "', 'usb:1/2/0']>}, {'place': <'hub-2'>, 'state': <'refused'>, 'device': <'1209:0001'>,"
      " 'reason': <'a keyboard'>}, {'place': <'hub-3'>, 'state': <'unclaimed'>,"
      " 'device': <'2fe3:0001'>}, {'place': <'hub-4'>, 'state': <'unknown'>}]",
      NULL);
  g_autoptr (GVariant) ports = g_variant_parse (G_VARIANT_TYPE ("aa{sv}"), text, NULL, NULL, NULL);

  ck_assert_ptr_nonnull (ports);
  doctor_judge_ports (&doctor, ports);
  return findings;
}

START_TEST (doctor_says_why_a_device_is_not_worked_with)
{
  int master = posix_openpt (O_RDWR | O_NOCTTY | O_CLOEXEC);

  ck_assert (master >= 0 && grantpt (master) == 0 && unlockpt (master) == 0);
  g_autofree char *node = g_strdup (ptsname (master));
  g_autoptr (GPtrArray) free_port = doctor_judges (node);
  ck_assert_ptr_null (finding_of (free_port, "device-held"));
  ck_assert_int_eq (finding_of (free_port, "device-refused")->level, DOCTOR_WARN);
  ck_assert_ptr_nonnull (strstr (finding_of (free_port, "device-refused")->text, "a keyboard"));
  ck_assert_ptr_nonnull (strstr (finding_of (free_port, "device-unclaimed")->advice, "slot learn"));
  ck_assert_uint_eq (free_port->len, 3);

  pid_t child = fork ();
  ck_assert (child >= 0);
  if (child == 0) {
    int held = open (node, O_RDWR | O_NOCTTY);
    pause ();
    _exit (held);
  }
  g_autoptr (PortHolder) holder = NULL;
  while (holder == NULL)
    holder = port_holder_find (node);
  g_autoptr (GPtrArray) held_port = doctor_judges (node);
  kill (child, SIGKILL);
  waitpid (child, NULL, 0);
  close (master);
  g_autofree char *number = g_strdup_printf ("kill %d", child);
  ck_assert_int_eq (finding_of (held_port, "device-held")->level, DOCTOR_FAIL);
  ck_assert_ptr_nonnull (strstr (finding_of (held_port, "device-held")->advice, number));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("cli-output");
  TCase *tests = tcase_create ("output");
  SRunner *runner = srunner_create (suite);

  suite_add_tcase (suite, tests);
  tcase_add_test (tests, values_are_shown_by_their_kind);
  tcase_add_test (tests, a_value_of_another_type_than_promised_does_no_harm);
  tcase_add_test (tests, nothing_hostile_reaches_the_terminal);
  tcase_add_test (tests, json_keeps_numbers_and_nesting);
  tcase_add_test (tests, monitor_says_each_state_in_one_line);
  tcase_add_test (tests, the_process_that_holds_a_port_is_named);
  tcase_add_test (tests, doctor_says_why_a_device_is_not_worked_with);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
