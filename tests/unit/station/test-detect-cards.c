/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Cards and their readers in slots, on a bench of umockdev, with PC/SC played here. The real one is
 * in tests/line/cards.py.
 */
#include <check.h>
#include <string.h>

#include "station/cards.h"
#include "station/detect.h"
#include "usb-bench.h"

static UMockdevTestbed *bench;
static GString *seen; /* "+3:card:READER ", "-3 ", "!3 " */
static GString *reasons;
static Config *config;
static CardsCallbacks told;
static gpointer told_data;
static guint watchers;

/* In the place of station/cards.c. */
Cards *
cards_new (const CardsCallbacks *callbacks, gpointer data)
{
  told = *callbacks;
  told_data = data;
  watchers++;
  return (Cards *)&watchers;
}

void
cards_free (Cards *cards)
{
  watchers--;
}

static void
handle_added (guint number, const char *address, GPtrArray *drivers, gpointer data)
{
  g_string_append_printf (seen, "+%u:%s ", number, address);
}

static void
handle_removed (guint number, gpointer data)
{
  g_string_append_printf (seen, "-%u ", number);
}

static void
handle_refused (guint number, const char *reason, gpointer data)
{
  g_string_append_printf (seen, "!%u ", number);
  g_string_append_printf (reasons, "%s\n", reason);
}

static void
handle_unclaimed (const char *place, gpointer data)
{
  g_string_append_printf (seen, "?%s ", place);
}

static SlotConfig *
add_slot (guint number)
{
  SlotConfig *slot = g_new0 (SlotConfig, 1);

  slot->number = number;
  g_ptr_array_add (config->slots, slot);
  return slot;
}

/* Slot 1 is a place on USB, slot 2 a reader by its name. */
static void
set_up (void)
{
  bench = umockdev_testbed_new ();
  seen = g_string_new (NULL);
  reasons = g_string_new (NULL);
  config = g_new0 (Config, 1);
  config->slots = g_ptr_array_new_with_free_func ((GDestroyNotify)slot_config_free);
  add_slot (1)->id_path = usb_place ("1");
  add_slot (2)->port = g_strdup ("card:Reader B");
}

static void
tear_down (void)
{
  ck_assert_uint_eq (watchers, 0);
  g_object_unref (bench);
  g_string_free (seen, TRUE);
  g_string_free (reasons, TRUE);
  config_free (config);
}

static Detector *
start (void)
{
  static const DetectorCallbacks callbacks = { handle_added, handle_removed, handle_refused,
                                               handle_unclaimed };
  Detector *detector = detector_new (config, &callbacks, NULL, NULL);

  ck_assert_ptr_nonnull (detector);
  detector_start (detector);
  ck_assert_uint_eq (watchers, 1);
  return detector;
}

static void
expect_seen (const char *wanted)
{
  while (seen->len < strlen (wanted))
    g_main_context_iteration (NULL, TRUE);
  ck_assert_str_eq (seen->str, wanted);
}

static gboolean
handle_time (gpointer over)
{
  *(gboolean *)over = TRUE;
  return G_SOURCE_REMOVE;
}

/* Long enough for a device to settle. */
static void
run_for (guint milliseconds)
{
  gboolean over = FALSE;

  g_timeout_add (milliseconds, handle_time, &over);
  while (!over)
    g_main_context_iteration (NULL, TRUE);
}

static UsbPlug
reader_at (const char *port, const char *vendor, const char *interfaces)
{
  return (UsbPlug){
    .port = port, .number = 5, .vendor = vendor, .product = "0407", .interfaces = interfaces
  };
}

START_TEST (a_reader_without_a_card_is_nothing)
{
  const UsbPlug plug = reader_at ("1", "04e6", "0b/00/00");
  g_autoptr (Detector) detector = start ();

  usb_plug (bench, &plug);
  run_for (1500);
  ck_assert_str_eq (seen->str, "");
  told.card ("Reader A", 1, 5, TRUE, told_data);
  expect_seen ("+1:card:Reader A ");
  told.card ("Reader A", 1, 5, FALSE, told_data);
  expect_seen ("+1:card:Reader A -1 ");
}
END_TEST

START_TEST (a_token_that_was_there_before_is_found)
{
  const UsbPlug plug = reader_at ("1", "04e6", "0b/00/00");
  g_autoptr (Detector) detector = NULL;

  usb_plug (bench, &plug);
  detector = start ();
  ck_assert_str_eq (seen->str, "");
  told.card ("Reader A", 1, 5, TRUE, told_data);
  expect_seen ("+1:card:Reader A ");
  usb_unplug (bench, &plug);
  expect_seen ("+1:card:Reader A -1 ");
}
END_TEST

START_TEST (a_card_elsewhere_on_usb_is_left_alone)
{
  const UsbPlug plug = reader_at ("3", "04e6", "0b/00/00");
  g_autoptr (Detector) detector = start ();

  usb_plug (bench, &plug);
  told.card ("Reader A", 1, 5, TRUE, told_data);
  told.card ("Reader C", 0, 0, TRUE, told_data);
  run_for (1000);
  ck_assert_str_eq (seen->str, "");
}
END_TEST

START_TEST (a_keyboard_beside_is_yubicos_alone)
{
  const UsbPlug known = reader_at ("1", "1050", "03/01/01 0b/00/00");
  const UsbPlug other = reader_at ("1", "04e6", "03/01/01 0b/00/00");
  g_autoptr (Detector) detector = start ();

  usb_plug (bench, &known);
  told.card ("Token", 1, 5, TRUE, told_data);
  expect_seen ("+1:card:Token ");
  told.card ("Token", 1, 5, FALSE, told_data);
  usb_unplug (bench, &known);
  expect_seen ("+1:card:Token -1 ");
  g_string_truncate (seen, 0);
  usb_plug (bench, &other);
  told.card ("Token", 1, 5, TRUE, told_data);
  expect_seen ("!1 ");
  ck_assert_ptr_nonnull (strstr (reasons->str, "keyboard"));
}
END_TEST

START_TEST (what_is_no_reader_is_not_waited_for_as_one)
{
  const UsbPlug plug = reader_at ("1", "04e6", "08/06/50");
  g_autoptr (Detector) detector = start ();

  usb_plug (bench, &plug);
  expect_seen ("!1 ");
  ck_assert_ptr_nonnull (strstr (reasons->str, "no match allows it"));
}
END_TEST

START_TEST (a_reader_that_is_named_has_its_slot)
{
  g_autoptr (Detector) detector = start ();

  told.card ("Reader B", 0, 0, TRUE, told_data);
  expect_seen ("+2:card:Reader B ");
  told.card ("Reader B", 0, 0, FALSE, told_data);
  expect_seen ("+2:card:Reader B -2 ");
  told.card ("Reader B", 0, 0, TRUE, told_data);
  expect_seen ("+2:card:Reader B -2 +2:card:Reader B ");
  detector_rebind (detector, 2);
  expect_seen ("+2:card:Reader B -2 +2:card:Reader B -2 +2:card:Reader B ");
}
END_TEST

START_TEST (it_is_known_why_no_card_can_be_seen)
{
  g_autoptr (Detector) detector = start ();

  ck_assert_ptr_null (detector_cards_problem (detector));
  told.service (FALSE, "Service not available.", told_data);
  ck_assert_ptr_nonnull (strstr (detector_cards_problem (detector), "Service not available."));
  told.service (TRUE, "pcscd answers", told_data);
  ck_assert_ptr_null (detector_cards_problem (detector));
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("station-detect-cards");
  TCase *tcase = tcase_create ("cards");

  tcase_add_checked_fixture (tcase, set_up, tear_down);
  tcase_set_timeout (tcase, 20);
  tcase_add_test (tcase, a_reader_without_a_card_is_nothing);
  tcase_add_test (tcase, a_token_that_was_there_before_is_found);
  tcase_add_test (tcase, a_card_elsewhere_on_usb_is_left_alone);
  tcase_add_test (tcase, a_keyboard_beside_is_yubicos_alone);
  tcase_add_test (tcase, what_is_no_reader_is_not_waited_for_as_one);
  tcase_add_test (tcase, a_reader_that_is_named_has_its_slot);
  tcase_add_test (tcase, it_is_known_why_no_card_can_be_seen);
  suite_add_tcase (suite, tcase);
  SRunner *runner = srunner_create (suite);
  srunner_run_all (runner, CK_NORMAL);
  int failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? 0 : 1;
}
