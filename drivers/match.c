/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See match.h. Strict: a line that can't be read is an error, never a match for less.
 */
#include "drivers/match.h"

#include <string.h>

static void
match_free (gpointer data)
{
  Match *match = data;

  g_free (match->serial_prefix);
  g_array_unref (match->also);
  g_free (match->text);
  g_free (match);
}

static gboolean
refuse (GError **error, const char *word, const char *expected)
{
  g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE, "'%s': expected %s", word,
               expected);
  return FALSE;
}

/* Exactly `digits` of hex, or "*" for -1. */
static gboolean
parse_hex (const char *text, gsize length, gsize digits, int *number)
{
  *number = 0;
  if (length == 1 && *text == '*') {
    *number = -1;
    return TRUE;
  }
  for (gsize i = 0; i < length && length == digits; i++) {
    if (!g_ascii_isxdigit (text[i]))
      return FALSE;
    *number = *number * 16 + g_ascii_xdigit_value (text[i]);
  }
  return length == digits;
}

static gboolean
parse_channel (const char *word, Match *match, GError **error)
{
  static const struct {
    const char *word;
    Channel channel;
  } kinds[] = { { "tty", CHANNEL_SERIAL },
                { "usb", CHANNEL_USB },
                { "hid", CHANNEL_HID },
                { "card", CHANNEL_CARD } };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_str_equal (word, kinds[i].word)) {
      match->channel = kinds[i].channel;
      return TRUE;
    }
  return refuse (error, word, "tty, usb, hid or card");
}

static gboolean
parse_product (const char *word, Match *match, GError **error)
{
  const char *colon = strchr (word, ':');

  if (colon != NULL && parse_hex (word, (gsize)(colon - word), 4, &match->vendor)
      && parse_hex (colon + 1, strlen (colon + 1), 4, &match->product)
      && (match->vendor >= 0 || match->product < 0))
    return TRUE;
  return refuse (error, word, "VENDOR:PRODUCT, four digits of hex each or *");
}

/* "CC", "CC/SS" or "CC/SS/PP". */
static gboolean
parse_class (const char *word, UsbClass *class, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (word, "/", -1);
  int *const numbers[] = { &class->code, &class->subclass, &class->protocol };
  const guint count = g_strv_length (parts);

  *class = (UsbClass){ -1, -1, -1 };
  for (guint i = 0; i < count && count <= G_N_ELEMENTS (numbers); i++)
    if (strlen (parts[i]) != 2 || !parse_hex (parts[i], 2, 2, numbers[i]))
      return refuse (error, word, "a USB class CC, CC/SS or CC/SS/PP, two digits of hex each");
  return (count > 0 && count <= G_N_ELEMENTS (numbers))
         || refuse (error, word, "a USB class CC, CC/SS or CC/SS/PP");
}

static gboolean
parse_also (const char *list, Match *match, GError **error)
{
  g_auto (GStrv) words = g_strsplit (list, ",", -1);

  for (char **word = words; *word != NULL; word++) {
    UsbClass class;

    if (!parse_class (*word, &class, error))
      return FALSE;
    g_array_append_val (match->also, class);
  }
  return words[0] != NULL || refuse (error, "also=", "a list of USB classes");
}

static gboolean
parse_condition (const char *word, Match *match, GError **error)
{
  if (g_str_has_prefix (word, "interface="))
    return parse_class (word + strlen ("interface="), &match->interface, error);
  if (g_str_has_prefix (word, "also="))
    return parse_also (word + strlen ("also="), match, error);
  if (!g_str_has_prefix (word, "serial=") || word[strlen ("serial=")] == '\0')
    return refuse (error, word, "interface=, serial= or also=");
  g_free (match->serial_prefix);
  match->serial_prefix = g_strdup (word + strlen ("serial="));
  return TRUE;
}

/* Whoever leaves the vendor open must say by what else the device is known: a match for every
 * serial converter of the world is none. A card shows by itself what it is. */
static gboolean
check_narrow (const Match *match, GError **error)
{
  if (match->vendor >= 0 || match->channel == CHANNEL_CARD || match->serial_prefix != NULL
      || match->interface.subclass >= 0)
    return TRUE;
  return refuse (error, match->text, "a vendor, or serial=, or interface=CC/SS");
}

static Match *
match_parse (char **words, GError **error)
{
  Match *match = g_new0 (Match, 1);
  gboolean good;

  match->interface = (UsbClass){ -1, -1, -1 };
  match->also = g_array_new (FALSE, FALSE, sizeof (UsbClass));
  match->text = g_strjoinv (" ", words);
  good = parse_channel (words[0], match, error)
         && (words[1] != NULL ? parse_product (words[1], match, error)
                              : refuse (error, words[0], "VENDOR:PRODUCT behind it"));
  for (char **word = words + 2; good && *word != NULL; word++)
    good = parse_condition (*word, match, error);
  if (good && check_narrow (match, error))
    return match;
  match_free (match);
  return NULL;
}

/* The line's words, without comment and empty ones. */
static GPtrArray *
words_of (const char *line)
{
  g_autofree char *plain = g_strndup (line, strcspn (line, "#\r"));
  g_auto (GStrv) parts = g_strsplit_set (plain, " \t", -1);
  GPtrArray *words = g_ptr_array_new_with_free_func (g_free);

  for (char **part = parts; *part != NULL; part++)
    if (**part != '\0')
      g_ptr_array_add (words, g_strdup (*part));
  g_ptr_array_add (words, NULL);
  return words;
}

GPtrArray *
matches_parse (const char *text, const char *origin, GError **error)
{
  g_autoptr (GPtrArray) matches = g_ptr_array_new_with_free_func (match_free);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++) {
    g_autoptr (GPtrArray) words = words_of (lines[i]);
    Match *match;

    if (words->len == 1)
      continue;
    match = match_parse ((char **)words->pdata, error);
    if (match == NULL) {
      g_prefix_error (error, "%s:%u: ", origin, i + 1);
      return NULL;
    }
    g_ptr_array_add (matches, match);
  }
  return g_steal_pointer (&matches);
}

gboolean
usb_class_fits (const UsbClass *wanted, const UsbClass *shown)
{
  return (wanted->code < 0 || wanted->code == shown->code)
         && (wanted->subclass < 0 || wanted->subclass == shown->subclass)
         && (wanted->protocol < 0 || wanted->protocol == shown->protocol);
}

gboolean
match_fits (const Match *match, const MatchSubject *subject)
{
  return match->channel == subject->channel
         && (match->vendor < 0 || match->vendor == subject->vendor)
         && (match->product < 0 || match->product == subject->product)
         && usb_class_fits (&match->interface, &subject->interface)
         && (match->serial_prefix == NULL
             || (subject->serial != NULL
                 && g_str_has_prefix (subject->serial, match->serial_prefix)));
}

const Match *
matches_find (const GPtrArray *matches, const MatchSubject *subject)
{
  for (guint i = 0; i < matches->len; i++)
    if (match_fits (g_ptr_array_index (matches, i), subject))
      return g_ptr_array_index (matches, i);
  return NULL;
}
