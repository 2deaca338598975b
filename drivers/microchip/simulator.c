/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A kit with a secure element on it: lines of text, one answer each. --host zero-touch has the kit
 * carry the zero-touch firmware as well; --firmware lists, by ',', how its chip differs from a
 * sound ATECC608B: 508a, config-open, data-open, key-fixed, encrypted.
 */
#include <string.h>

#include "base/encode.h"
#include "drivers/microchip/simulator-chip.h"
#include "drivers/microchip/simulator-zero-touch.h"

#define LINE_MAX_LENGTH 32768u
#define NONSENSE "C0()\n"

typedef struct {
  Device *device;
  SimulatedChip chip;
  gboolean selected;
} Kit;

static gboolean
say (Kit *kit, const char *text)
{
  return machine_answer (kit->device->machine, text, strlen (text));
}

static gboolean
say_bytes (Kit *kit, const guint8 *data, gsize length)
{
  g_autofree char *lower = hex_encode (data, length);
  g_autofree char *hex = g_ascii_strup (lower, -1);
  g_autofree char *line = g_strdup_printf ("00(%s)\n", hex);

  return say (kit, line);
}

/* The text between the brackets of `line`, where it begins with `verb`; NULL elsewhere. */
static char *
argument_of (const char *line, const char *verb)
{
  const gsize length = strlen (line), prefix = strlen (verb);

  if (length < prefix + 2 || !g_str_has_prefix (line, verb) || line[prefix] != '('
      || line[length - 1] != ')')
    return NULL;
  return g_strndup (line + prefix + 1, length - prefix - 2);
}

static gboolean
wake (Kit *kit)
{
  static const guint8 woken = 0x11;
  g_autoptr (GBytes) packet = simulated_chip_packet (&woken, 1);

  if (!kit->selected)
    return say (kit, NONSENSE);
  simulated_chip_wake (&kit->chip);
  return say_bytes (kit, g_bytes_get_data (packet, NULL), g_bytes_get_size (packet));
}

static gboolean
talk (Kit *kit, const char *hex)
{
  g_autoptr (GBytes) packet = hex_decode (hex);
  g_autoptr (GBytes) answer =
      packet != NULL && kit->selected ? simulated_chip_answer (&kit->chip, packet) : NULL;

  if (packet == NULL)
    return say (kit, NONSENSE);
  if (answer == NULL)
    return say (kit, "D0()\n"); /* it is asleep */
  if (device_fault (kit->device, FAULT_LEAK_PRIVATE_KEY)) {
    g_autoptr (EVP_PKEY) key = device_key (kit->device, "key");
    g_autofree char *leak = key != NULL ? device_leak (kit->device, key) : NULL;

    if (leak != NULL && !say (kit, leak))
      return FALSE;
  }
  return say_bytes (kit, g_bytes_get_data (answer, NULL), g_bytes_get_size (answer));
}

static gboolean
run_app (Kit *kit, const char *hex)
{
  g_autoptr (GBytes) bytes = hex_decode (hex);
  g_autofree char *text = NULL, *answer = NULL;

  if (bytes == NULL || !kit->device->settings.zero_touch_host)
    return say (kit, NONSENSE);
  text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  answer = simulated_zero_touch_answer (&kit->chip, text);
  if (answer == NULL)
    return say (kit, NONSENSE);
  return say_bytes (kit, (const guint8 *)answer, strlen (answer));
}

static gboolean
show_device (Kit *kit, const char *place)
{
  if (!g_str_equal (place, "00"))
    return say (kit, "no_device\n");
  return say (kit, kit->chip.config[6] == 0x50 ? "ECC508A TWI 00(C0)\n" : "ECC608 TWI 00(C0)\n");
}

static gboolean
run_line (Kit *kit, const char *line)
{
  g_autofree char *place = argument_of (line, "board:device"),
                  *app = argument_of (line, "board:app");
  g_autofree char *select = argument_of (line, "E:physical:select"),
                  *hex = argument_of (line, "E:t");

  if (place != NULL)
    return show_device (kit, place);
  if (app != NULL)
    return run_app (kit, app);
  if (hex != NULL)
    return talk (kit, hex);
  if (select != NULL) {
    kit->selected = g_str_equal (select, "C0");
    return say (kit, kit->selected ? "00()\n" : NONSENSE);
  }
  if (g_str_equal (line, "board:version()"))
    return say (kit, "1.10.0\n");
  if (g_str_equal (line, "E:w()"))
    return wake (kit);
  if (g_str_equal (line, "E:i()") || g_str_equal (line, "E:s()")) {
    if (line[2] == 'i')
      simulated_chip_idle (&kit->chip);
    else
      simulated_chip_sleep (&kit->chip);
    return say (kit, "00()\n");
  }
  return say (kit, NONSENSE);
}

/* Without the padding of reports. FALSE once pulled. */
static gboolean
read_line (Kit *kit, GString *line)
{
  guint8 byte;

  g_string_truncate (line, 0);
  while (machine_receive (kit->device->machine, &byte)) {
    if (byte == '\n')
      return TRUE;
    if (g_ascii_isprint ((char)byte) && line->len < LINE_MAX_LENGTH)
      g_string_append_c (line, (char)byte);
  }
  return FALSE;
}

static void
microchip_run (Device *device)
{
  g_autoptr (GString) line = g_string_new (NULL);
  Kit kit = { .device = device };

  simulated_chip_init (&kit.chip, device);
  while (read_line (&kit, line) && run_line (&kit, line->str))
    ;
}

const Personality microchip_personality = {
  .name = "microchip",
  .title = "ATECC608 secure element behind a kit; with --host zero-touch, that kit's firmware too",
  .key_kinds = 1u << KEY_KIND_P256,
  .key_kind = KEY_KIND_P256,
  .long_answer = 128,
  .run = microchip_run,
};
