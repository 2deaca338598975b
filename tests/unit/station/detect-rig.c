/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See detect-rig.h.
 */
#include "detect-rig.h"

#include <check.h>
#include <string.h>

UMockdevTestbed *bench;
GString *seen;
GString *reasons;
Config *config;

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

SlotConfig *
add_slot (guint number, const char *id_path)
{
  SlotConfig *slot = g_new0 (SlotConfig, 1);

  slot->number = number;
  slot->id_path = g_strdup (id_path);
  g_ptr_array_add (config->slots, slot);
  return slot;
}

void
detect_rig_set_up (void)
{
  bench = umockdev_testbed_new ();
  seen = g_string_new (NULL);
  reasons = g_string_new (NULL);
  config = g_new0 (Config, 1);
  config->slots = g_ptr_array_new_with_free_func ((GDestroyNotify)slot_config_free);
  add_slot (1, PLACE ("1"));
  add_slot (2, PLACE ("2:1.0"));
}

void
detect_rig_tear_down (void)
{
  g_object_unref (bench);
  g_string_free (seen, TRUE);
  g_string_free (reasons, TRUE);
  config_free (config);
}

UsbPlug
zephyr (const char *port, guint number, const char *interfaces)
{
  return (UsbPlug){
    .port = port, .number = number, .vendor = "2fe3", .product = "0001", .interfaces = interfaces
  };
}

void
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

void
run_for (guint milliseconds)
{
  gboolean over = FALSE;

  g_timeout_add (milliseconds, handle_time, &over);
  while (!over)
    g_main_context_iteration (NULL, TRUE);
}

Detector *
start (void)
{
  static const DetectorCallbacks callbacks = { handle_added, handle_removed, handle_refused,
                                               handle_unclaimed };
  Detector *detector = detector_new (config, &callbacks, NULL, NULL);

  ck_assert_ptr_nonnull (detector);
  detector_start (detector);
  return detector;
}
