/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See scan.h. Characters gather in `text` until it is known what they are: a code when the suffix
 * comes (or, without a prefix, when a long enough burst ends), keys when a hand was too slow for a
 * scanner. With a prefix everything else is a key at once.
 */
#include "ui-tui/scan.h"

#include <string.h>

#include "base/text.h"

#define STUTTER (2 * G_USEC_PER_SEC)
#define PAUSE_GAPS 3        /* so long a burst may halt */
#define LEAST_WITHOUT_END 4 /* characters of a code that no suffix ended */
#define LONGEST 256

void
scanner_init (Scanner *scanner, const Preferences *preferences)
{
  *scanner = (Scanner){ .preferences = preferences, .text = g_string_new (NULL) };
  g_queue_init (&scanner->ready);
}

static void
event_free (gpointer data)
{
  ScannerEvent *event = data;

  g_free (event->code);
  g_free (event);
}

void
scanner_clear (Scanner *scanner)
{
  g_queue_clear_full (&scanner->ready, event_free);
  g_string_free (scanner->text, TRUE);
  g_clear_pointer (&scanner->last_code, g_free);
  scanner->text = NULL;
}

/* ---- what became known ---- */

static void
push_event (Scanner *scanner, ScannerResult result, gunichar key, char *code)
{
  ScannerEvent *event = g_new (ScannerEvent, 1);

  *event = (ScannerEvent){ result, key, code };
  g_queue_push_tail (&scanner->ready, event);
}

static ScannerEvent
pop_event (Scanner *scanner)
{
  g_autofree ScannerEvent *event = g_queue_pop_head (&scanner->ready);

  return event != NULL ? *event : (ScannerEvent){ SCANNER_NOTHING, 0, NULL };
}

static void
forget_text (Scanner *scanner)
{
  g_string_truncate (scanner->text, 0);
  scanner->burst = FALSE;
}

/* A hand typed it. */
static void
text_is_keys (Scanner *scanner)
{
  for (const char *at = scanner->text->str; *at != '\0'; at = g_utf8_next_char (at))
    push_event (scanner, SCANNER_KEY, g_utf8_get_char (at), NULL);
  forget_text (scanner);
}

static gboolean
is_stutter (const Scanner *scanner, const char *code, gint64 now)
{
  return g_strcmp0 (scanner->last_code, code) == 0 && now - scanner->last_code_at < STUTTER;
}

/* The text between prefix and suffix is a code. */
static void
text_is_code (Scanner *scanner, gsize suffix, gint64 now)
{
  const gsize prefix = strlen (scanner->preferences->scan_prefix);
  g_autofree char *code =
      g_strndup (scanner->text->str + prefix, scanner->text->len - prefix - suffix);

  forget_text (scanner);
  if (*code == '\0' || is_stutter (scanner, code, now))
    return;
  g_free (scanner->last_code);
  scanner->last_code = g_strdup (code);
  scanner->last_code_at = now;
  push_event (scanner, SCANNER_CODE, 0, g_steal_pointer (&code));
}

/* ---- prefix and suffix ---- */

static gboolean
has_prefix (const Scanner *scanner)
{
  return *scanner->preferences->scan_prefix != '\0';
}

/* The text is the prefix and more, or just the prefix. */
static gboolean
is_inside_code (const Scanner *scanner)
{
  return has_prefix (scanner)
         && g_str_has_prefix (scanner->text->str, scanner->preferences->scan_prefix);
}

/* The text can't be what a scanner sends first. */
static gboolean
is_no_prefix (const Scanner *scanner)
{
  return has_prefix (scanner) && !is_inside_code (scanner)
         && !g_str_has_prefix (scanner->preferences->scan_prefix, scanner->text->str);
}

static gunichar
suffix_key (const Scanner *scanner)
{
  if (g_str_equal (scanner->preferences->scan_suffix, "enter"))
    return KEY_CODE_ENTER;
  if (g_str_equal (scanner->preferences->scan_suffix, "tab"))
    return KEY_CODE_TAB;
  return 0;
}

/* Bytes of the suffix at the text's end; 0 where it does not end so. */
static gsize
suffix_at_end (const Scanner *scanner)
{
  const char *suffix = scanner->preferences->scan_suffix;
  const gsize length = strlen (suffix);

  if (suffix_key (scanner) != 0 || scanner->text->len <= length)
    return 0;
  return g_str_has_suffix (scanner->text->str, suffix) ? length : 0;
}

/* ---- time ---- */

static gint64
gap (const Scanner *scanner)
{
  return (gint64)scanner->preferences->scan_gap * 1000;
}

/* How long the text may stand without another character. */
static gint64
patience (const Scanner *scanner)
{
  return scanner->burst || is_inside_code (scanner) ? PAUSE_GAPS * gap (scanner) : gap (scanner);
}

/* Nothing more came. A code that lost its end is dropped: as keys it would do anything. */
static void
text_has_ended (Scanner *scanner, gint64 now)
{
  if (has_prefix (scanner)) {
    if (is_inside_code (scanner) && scanner->text->len > strlen (scanner->preferences->scan_prefix))
      forget_text (scanner);
    text_is_keys (scanner);
    return;
  }
  if (scanner->burst && g_utf8_strlen (scanner->text->str, -1) >= LEAST_WITHOUT_END)
    text_is_code (scanner, 0, now);
  else
    text_is_keys (scanner);
}

gint64
scanner_deadline (const Scanner *scanner)
{
  if (scanner->ready.length > 0)
    return scanner->last_at;
  return scanner->text->len > 0 ? scanner->last_at + patience (scanner) : 0;
}

ScannerEvent
scanner_wake (Scanner *scanner, gint64 now)
{
  if (scanner->text->len > 0 && now - scanner->last_at >= patience (scanner))
    text_has_ended (scanner, now);
  return pop_event (scanner);
}

/* ---- characters ---- */

/* Enter or Tab, which end a code and are keys otherwise. */
static void
feed_suffix_key (Scanner *scanner, gunichar key, gint64 now)
{
  const gboolean is_code = has_prefix (scanner) ? is_inside_code (scanner) : scanner->burst;

  if (is_code) {
    text_is_code (scanner, 0, now);
    scanner->ended_at = now;
    return;
  }
  text_is_keys (scanner);
  push_event (scanner, SCANNER_KEY, key, NULL);
}

/* CR LF, as many scanners end a code, is one Enter. */
static gboolean
is_second_end (const Scanner *scanner, gunichar key, gint64 now)
{
  return (key == KEY_CODE_ENTER || key == KEY_CODE_TAB) && scanner->text->len == 0
         && scanner->ended_at != 0 && now - scanner->ended_at <= gap (scanner);
}

static void
feed_special (Scanner *scanner, gunichar key, gint64 now)
{
  if (is_second_end (scanner, key, now))
    return;
  if (key == suffix_key (scanner)) {
    feed_suffix_key (scanner, key, now);
    return;
  }
  if (scanner->text->len > 0)
    text_has_ended (scanner, now);
  push_event (scanner, SCANNER_KEY, key, NULL);
}

static void
feed_character (Scanner *scanner, gunichar character, gint64 now)
{
  gsize suffix;

  scanner->burst = scanner->text->len > 0;
  if (scanner->text->len < LONGEST)
    g_string_append_unichar (scanner->text, character);
  scanner->last_at = now;
  scanner->ended_at = 0;
  if (is_no_prefix (scanner)) {
    text_is_keys (scanner);
    return;
  }
  suffix = suffix_at_end (scanner);
  if (suffix > 0 && (is_inside_code (scanner) || !has_prefix (scanner)))
    text_is_code (scanner, suffix, now);
}

/* What terminals send for keys that have a KEY_CODE. */
static gunichar
usual_key (gunichar key)
{
  if (key == '\r' || key == '\n')
    return KEY_CODE_ENTER;
  return key == '\t' ? KEY_CODE_TAB : key;
}

ScannerEvent
scanner_feed (Scanner *scanner, gunichar key, gint64 now)
{
  key = usual_key (key);
  if (scanner->text->len > 0 && now - scanner->last_at > patience (scanner))
    text_has_ended (scanner, now);
  if (key >= KEY_CODE_BASE || key < 0x20)
    feed_special (scanner, key, now);
  else
    feed_character (scanner, key, now);
  return pop_event (scanner);
}

/* ---- what a code is ---- */

/* All that our own codes and serials are made of. */
gboolean
scan_fits_keyboard (const char *text)
{
  return *text != '\0'
         && strspn (text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS ".:_-") == strlen (text);
}

static gboolean
slot_waits_for_serial (const Model *model)
{
  for (guint i = 0; i < model->tiles->len; i++) {
    const Tile *tile = g_ptr_array_index (model->tiles, i);

    if (tile->state == TILE_WAITING && g_strcmp0 (tile->waiting_for, "serial") == 0)
      return TRUE;
  }
  return FALSE;
}

/* A serial and a badge look alike where neither a pattern nor a badge prefix tells them apart: then
 * it is what the line waits for. */
static gboolean
is_serial (const char *text, const Model *model, gboolean maybe_badge)
{
  const BatchLine *batch = model_running_batch (model);
  const char *pattern = batch != NULL ? batch->serial_pattern : NULL;

  if (batch == NULL || !batch->serial_scan)
    return FALSE;
  if (!maybe_badge || slot_waits_for_serial (model))
    return pattern == NULL || *pattern == '\0' || !maybe_badge
           || serial_fits_pattern (text, pattern);
  return pattern != NULL && *pattern != '\0' && serial_fits_pattern (text, pattern);
}

Code
scan_judge (const char *text, const Model *model, const Preferences *preferences)
{
  const gboolean prefixed = *preferences->badge_prefix != '\0';
  const gboolean maybe_badge = !prefixed && model->health.operators > 0;
  Code code = { CODE_UNKNOWN, code_request (text), code_slot (text) };

  if (!scan_fits_keyboard (text))
    return code;
  if (code.request != REQUEST_NONE)
    code.kind = CODE_REQUEST;
  else if (code.slot != 0)
    code.kind = CODE_SLOT;
  else if (prefixed && g_str_has_prefix (text, preferences->badge_prefix))
    code.kind = CODE_BADGE;
  else if (model_batch_as_typed (model, text) != NULL)
    code.kind = CODE_BATCH;
  else if (is_serial (text, model, maybe_badge))
    code.kind = CODE_SERIAL;
  else if (maybe_badge)
    code.kind = CODE_BADGE;
  return code;
}
