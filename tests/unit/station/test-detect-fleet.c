/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A line's day: sixteen devices at once, a hub that loses its power, a broken cable, serial numbers
 * of ports that change hands.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "detect-rig.h"

#define FLEET 16

static UsbPlug fleet[FLEET];
static char *ports[FLEET], *interfaces[FLEET];

/* Slots 11 to 26 on the ports of a hub. */
static void
set_up (void)
{
  detect_rig_set_up ();
  for (guint i = 0; i < FLEET; i++) {
    g_autofree char *place = NULL;

    ports[i] = g_strdup_printf ("3.%u", i + 1);
    place = usb_place (ports[i]);
    add_slot (11 + i, place);
  }
}

static void
tear_down (void)
{
  for (guint i = 0; i < FLEET; i++) {
    g_clear_pointer (&ports[i], g_free);
    g_clear_pointer (&interfaces[i], g_free);
  }
  detect_rig_tear_down ();
}

/* What the hub's port `i` shows from now on: the device that enumerates as the `number`th, with the
 * tty called so. */
static void
make_plug (guint i, guint number, guint tty)
{
  g_free (interfaces[i]);
  interfaces[i] = g_strdup_printf ("02/02/01=ttyACM%u 0a/00/00", tty);
  fleet[i] = zephyr (ports[i], number, interfaces[i]);
}

/* The bench's queue of events is short. */
static void
plug (guint i)
{
  usb_plug (bench, &fleet[i]);
  run_for (20);
}

static void
unplug (guint i)
{
  usb_unplug (bench, &fleet[i]);
  run_for (20);
}

static guint
count_of (const char *what)
{
  guint count = 0;

  for (const char *at = strstr (seen->str, what); at != NULL; at = strstr (at + 1, what))
    count++;
  return count;
}

static void
wait_for (const char *what, guint count)
{
  while (count_of (what) < count)
    g_main_context_iteration (NULL, TRUE);
}

static void
expect_arrived (guint i, guint tty)
{
  g_autofree char *wanted = g_strdup_printf ("+%u:/dev/ttyACM%u ", 11 + i, tty);

  ck_assert_msg (count_of (wanted) == 1, "%s: %s", wanted, seen->str);
}

START_TEST (sixteen_at_once_are_sixteen_arrivals)
{
  g_autoptr (Detector) detector G_GNUC_UNUSED = start ();
  const gint64 began = g_get_monotonic_time ();

  for (guint i = 0; i < FLEET; i++)
    make_plug (i, 20 + i, i);
  for (guint i = 0; i < FLEET; i++)
    plug (i);
  wait_for ("+", FLEET);
  ck_assert_int_lt (g_get_monotonic_time () - began, 10 * G_TIME_SPAN_SECOND);
  run_for (600);
  ck_assert_uint_eq (count_of ("+"), FLEET);
  ck_assert_uint_eq (count_of ("-"), 0);
  for (guint i = 0; i < FLEET; i++)
    expect_arrived (i, i);
}
END_TEST

/* All go, all come back: the last port first, with the names of ttys dealt out anew. */
START_TEST (a_hub_that_loses_its_power_loses_no_slot)
{
  g_autoptr (Detector) detector G_GNUC_UNUSED = start ();

  for (guint i = 0; i < FLEET; i++) {
    make_plug (i, 20 + i, i);
    plug (i);
  }
  wait_for ("+", FLEET);
  for (guint i = 0; i < FLEET; i++)
    unplug (i);
  wait_for ("-", FLEET);
  g_string_truncate (seen, 0);
  for (guint i = FLEET; i-- > 0;) {
    make_plug (i, 60 + i, FLEET - 1 - i);
    plug (i);
  }
  wait_for ("+", FLEET);
  ck_assert_uint_eq (count_of ("-"), 0);
  for (guint i = 0; i < FLEET; i++)
    expect_arrived (i, FLEET - 1 - i);
}
END_TEST

/* Twenty times in and out within two seconds: nobody may begin an attempt, until it stays. */
START_TEST (a_flapping_cable_is_one_arrival)
{
  g_autoptr (Detector) detector G_GNUC_UNUSED = start ();

  for (guint i = 0; i < 20; i++) {
    make_plug (0, 20 + i, i % 3);
    usb_plug (bench, &fleet[0]);
    run_for (50);
    usb_unplug (bench, &fleet[0]);
    run_for (50);
  }
  ck_assert_str_eq (seen->str, "");
  make_plug (0, 99, 7);
  usb_plug (bench, &fleet[0]);
  run_for (900);
  ck_assert_str_eq (seen->str, "");
  expect_seen ("+11:/dev/ttyACM7 ");
}
END_TEST

/* Slower than that: it arrives once or twice, and has to stay for longer each time. */
START_TEST (a_slow_flap_is_no_storm)
{
  g_autoptr (Detector) detector G_GNUC_UNUSED = start ();

  for (guint i = 0; i < 8; i++) {
    make_plug (0, 20 + i, 0);
    usb_plug (bench, &fleet[0]);
    run_for (400);
    usb_unplug (bench, &fleet[0]);
    run_for (100);
  }
  ck_assert_uint_le (count_of ("+"), 1);
  ck_assert_uint_eq (count_of ("-"), count_of ("+"));
}
END_TEST

/* The device in one slot takes over the tty's name of the one in the other. */
START_TEST (names_of_ttys_tell_nothing)
{
  g_autoptr (Detector) detector G_GNUC_UNUSED = start ();

  make_plug (0, 20, 0);
  make_plug (1, 21, 1);
  usb_plug (bench, &fleet[0]);
  usb_plug (bench, &fleet[1]);
  wait_for ("+", 2);
  usb_unplug (bench, &fleet[0]);
  usb_unplug (bench, &fleet[1]);
  wait_for ("-", 2);
  g_string_truncate (seen, 0);
  make_plug (0, 22, 1);
  make_plug (1, 23, 0);
  usb_plug (bench, &fleet[1]);
  usb_plug (bench, &fleet[0]);
  wait_for ("+", 2);
  expect_arrived (0, 1);
  expect_arrived (1, 0);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("station-detect-fleet");
  TCase *cases = tcase_create ("all");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_add_checked_fixture (cases, set_up, tear_down);
  tcase_set_timeout (cases, 60);
  tcase_add_test (cases, sixteen_at_once_are_sixteen_arrivals);
  tcase_add_test (cases, a_hub_that_loses_its_power_loses_no_slot);
  tcase_add_test (cases, a_flapping_cable_is_one_arrival);
  tcase_add_test (cases, a_slow_flap_is_no_storm);
  tcase_add_test (cases, names_of_ttys_tell_nothing);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
