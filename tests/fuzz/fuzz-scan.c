/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any keys at any times: each comes out as a key or within a code, in order, or is dropped with a
 * code that was cut or stuttered; nothing stays in the scanner when the keys have ended; and what
 * a code is can be judged whatever it is. Three bytes are one key: pause, then what was pressed.
 */
#include <string.h>

#include "ui-tui/scan.h"

#define LONGEST_SCAN 4096

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

/* The first byte says how the scanner is set up. */
static void
set_up (Preferences *preferences, guint8 choice)
{
  static char prefixes[][4] = { "", "~", "]C1", "" };
  static char suffixes[][6] = { "enter", "tab", "#", "##" };
  static char badges[][2] = { "", "B" };

  preferences->scan_prefix = prefixes[choice & 3];
  preferences->scan_suffix = suffixes[choice >> 2 & 3];
  preferences->badge_prefix = badges[choice >> 4 & 1];
  preferences->scan_gap = (choice & 32) != 0 ? 5 : 50;
}

static Model *
model_of_line (guint8 choice)
{
  Model *model = model_new ();
  BatchLine *batch = g_new0 (BatchLine, 1);

  batch->name = g_strdup ("WO-1");
  batch->state = g_strdup ("running");
  batch->serial_scan = (choice & 64) != 0;
  batch->serial_pattern = (choice & 128) != 0 ? g_strdup ("AC-[0-9]+") : NULL;
  g_ptr_array_add (model->batches, batch);
  model->health.batch = g_strdup ("WO-1");
  model->health.operators = choice & 1;
  return model;
}

/* Returns how many characters an event gives back. */
static gsize
take (ScannerEvent *event, const Model *model, const Preferences *preferences)
{
  g_autofree char *code = event->code;

  if (event->result != SCANNER_CODE)
    return event->result == SCANNER_KEY ? 1 : 0;
  if (code == NULL || *code == '\0' || !g_utf8_validate (code, -1, NULL))
    g_abort ();
  scan_judge (code, model, preferences);
  return (gsize)g_utf8_strlen (code, -1);
}

static gsize
drain (Scanner *scanner, gint64 now, const Model *model)
{
  gsize count = 0;

  for (;;) {
    ScannerEvent event = scanner_wake (scanner, now);

    if (event.result == SCANNER_NOTHING)
      return count;
    count += take (&event, model, scanner->preferences);
  }
}

static gunichar
key_of (const guint8 *bytes)
{
  const gunichar key = (gunichar)bytes[0] | (gunichar)(bytes[1] & 7) << 8;

  if ((bytes[1] & 0x80) != 0)
    return KEY_CODE_BASE + key % 32;
  return g_unichar_validate (key) ? key : '?';
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  gint64 now = G_USEC_PER_SEC;
  gsize in = 0, out = 0;
  Preferences set = { 0 };
  Scanner scanner;

  if (size < 1 || size > LONGEST_SCAN)
    return 0;
  set_up (&set, data[0]);
  g_autoptr (Model) model = model_of_line (data[0]);
  scanner_init (&scanner, &set);
  for (gsize i = 1; i + 2 < size; i += 3, in++) {
    now += data[i] * 1000;
    ScannerEvent event = scanner_feed (&scanner, key_of (data + i + 1), now);

    out += take (&event, model, &set);
    if ((data[i + 2] & 0x40) != 0)
      out += drain (&scanner, now, model);
  }
  for (guint turn = 0; scanner_deadline (&scanner) != 0; turn++) {
    now = MAX (now, scanner_deadline (&scanner));
    out += drain (&scanner, now, model);
    if (turn > 2) /* what a deadline is for, is done when it has come */
      g_abort ();
  }
  if (out > in || scanner.text->len > 0 || scanner.ready.length > 0)
    g_abort ();
  scanner_clear (&scanner);
  return 0;
}
