/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See match-rules.h. A rule may name more than its match does (all ttys of a device, characters of
 * a serial that udev's patterns can't tell): it only decides who may open a node. Which device is
 * worked with is decided by the daemon.
 */
#include "drivers/match-rules.h"

#define GROUP "keycradle"

static void
append_condition (GString *rule, const char *key, const char *value)
{
  g_string_append_printf (rule, ", %s==\"%s\"", key, value);
}

static void
append_number (GString *rule, const char *key, int number)
{
  g_autofree char *text = g_strdup_printf ("%04x", (guint)number);

  if (number >= 0)
    append_condition (rule, key, text);
}

/* What would be special in a pattern, and what udev writes otherwise, is any character. */
static void
append_prefix (GString *rule, const char *key, const char *prefix)
{
  g_autofree char *pattern = g_strconcat (prefix != NULL ? prefix : "", "*", NULL);

  if (prefix == NULL)
    return;
  for (char *at = pattern; at[1] != '\0'; at++)
    if (!g_ascii_isalnum (*at) && *at != '-' && *at != '_' && *at != '.')
      *at = '?';
  append_condition (rule, key, pattern);
}

static void
append_class_digits (GString *pattern, int number)
{
  if (number < 0)
    g_string_append (pattern, "??");
  else
    g_string_append_printf (pattern, "%02x", (guint)number);
}

/* ID_USB_INTERFACES lists all of a device: ":020201:0a0000:". */
static void
append_interface (GString *rule, const UsbClass *class)
{
  g_autoptr (GString) pattern = g_string_new ("*:");

  if (class->code < 0)
    return;
  append_class_digits (pattern, class->code);
  append_class_digits (pattern, class->subclass);
  append_class_digits (pattern, class->protocol);
  g_string_append (pattern, ":*");
  append_condition (rule, "ENV{ID_USB_INTERFACES}", pattern->str);
}

static void
append_usb_rule (GString *rules, const Match *match)
{
  g_string_append (rules, "SUBSYSTEM==\"usb\", ENV{DEVTYPE}==\"usb_device\"");
  append_number (rules, "ATTR{idVendor}", match->vendor);
  append_number (rules, "ATTR{idProduct}", match->product);
  append_prefix (rules, "ATTR{serial}", match->serial_prefix);
  append_interface (rules, &match->interface);
  g_string_append (rules, ", ENV{KEYCRADLE_DEVICE}=\"1\"");
  if (match->channel == CHANNEL_USB)
    g_string_append (rules, ", ENV{KEYCRADLE_OPEN}=\"1\"");
  g_string_append_c (rules, '\n');
}

static void
append_tty_rule (GString *rules, const Match *match)
{
  g_string_append (rules, "SUBSYSTEM==\"tty\"");
  append_number (rules, "ENV{ID_VENDOR_ID}", match->vendor);
  append_number (rules, "ENV{ID_MODEL_ID}", match->product);
  append_prefix (rules, "ENV{ID_SERIAL_SHORT}", match->serial_prefix);
  append_interface (rules, &match->interface);
  g_string_append (rules, ", ENV{KEYCRADLE_DEVICE}=\"1\"\n");
}

/* Its USB device is one of its parents, and all ATTRS of a rule are of the same one. Without vendor
 * and serial nothing is left to tell it by there. */
static void
append_hidraw_rule (GString *rules, const Match *match)
{
  if (match->vendor < 0 && match->serial_prefix == NULL)
    return;
  g_string_append (rules, "SUBSYSTEM==\"hidraw\"");
  append_number (rules, "ATTRS{idVendor}", match->vendor);
  append_number (rules, "ATTRS{idProduct}", match->product);
  append_prefix (rules, "ATTRS{serial}", match->serial_prefix);
  g_string_append (rules, ", ENV{KEYCRADLE_DEVICE}=\"1\"\n");
}

void
match_rules_append (GString *rules, const char *origin, const GPtrArray *matches)
{
  for (guint i = 0; i < matches->len; i++) {
    const Match *match = g_ptr_array_index (matches, i);

    if (match->channel == CHANNEL_CARD) /* pcscd's */
      continue;
    g_string_append_printf (rules, "\n# %s: %s\n", origin, match->text);
    append_usb_rule (rules, match);
    if (match->channel == CHANNEL_SERIAL)
      append_tty_rule (rules, match);
    if (match->channel == CHANNEL_HID)
      append_hidraw_rule (rules, match);
  }
}

void
match_rules_begin (GString *rules, const char *story)
{
  g_string_append_printf (rules,
                          "# %s\n"
                          "# For the daemon's group, and not for ModemManager, which would send AT "
                          "commands into them.\n"
                          "ACTION==\"remove\", GOTO=\"keycradle_end\"\n"
                          "SUBSYSTEM!=\"tty|usb|hidraw\", GOTO=\"keycradle_end\"\n",
                          story);
}

void
match_rules_end (GString *rules)
{
  g_string_append (rules, "\nENV{KEYCRADLE_DEVICE}!=\"1\", GOTO=\"keycradle_end\"\n"
                          "ENV{ID_MM_DEVICE_IGNORE}=\"1\", ENV{ID_MM_PORT_IGNORE}=\"1\"\n"
                          "SUBSYSTEM==\"tty|hidraw\", GROUP=\"" GROUP "\", MODE=\"0660\"\n"
                          "SUBSYSTEM==\"usb\", ENV{KEYCRADLE_OPEN}==\"1\", GROUP=\"" GROUP
                          "\", MODE=\"0660\"\n"
                          "\nLABEL=\"keycradle_end\"\n");
}
