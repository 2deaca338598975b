/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whatever a device calls itself, the terminal sees only printable characters.
 */
#include "base/text.h"

#include <string.h>

gboolean
character_is_showable (gunichar character)
{
  const GUnicodeType type = g_unichar_type (character);

  /* isprint() has none of the format characters, which turn, reorder or hide text (UAX 9) */
  return g_unichar_isprint (character) && type != G_UNICODE_LINE_SEPARATOR
         && type != G_UNICODE_PARAGRAPH_SEPARATOR;
}

char *
bytes_for_display (const guint8 *data, gsize length, gsize most)
{
  const char *at = (const char *)data, *end = at + length;
  GString *shown = g_string_new (NULL);

  for (gsize count = 0; at < end; count++) {
    gunichar character = g_utf8_get_char_validated (at, end - at);
    gboolean valid = character != (gunichar)-1 && character != (gunichar)-2;

    if (count == most) {
      g_string_append_c (shown, '~');
      break;
    }
    if (valid && character_is_showable (character))
      g_string_append_unichar (shown, character);
    else
      g_string_append_c (shown, '?');
    at = valid && *at != '\0' ? g_utf8_next_char (at) : at + 1;
  }
  return g_string_free (shown, FALSE);
}

char *
text_for_display (const char *text, gsize most)
{
  return bytes_for_display ((const guint8 *)text, strlen (text), most);
}

gboolean
serial_is_valid (const char *serial)
{
  gsize length = strlen (serial);

  return length >= 1 && length <= 64 && g_ascii_isalnum (serial[0])
         && strspn (serial, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS ".:_-") == length;
}

/* Steps that a match may take. Patterns that say what a serial looks like need some hundred at
 * most; "(a{0,1000}){0,1000}" would hold everything up for a quarter of a minute. */
#define MOST_STEPS "20000"

/* The pattern alone must be sound, so that a parenthesis of its own can't end the group. */
static GRegex *
compile_whole (const char *pattern, GError **error)
{
  g_autofree char *whole = g_strdup_printf ("(*LIMIT_MATCH=" MOST_STEPS ")\\A(?:%s)\\z", pattern);
  g_autoptr (GRegex) alone = g_regex_new (pattern, 0, 0, error);

  return alone == NULL ? NULL : g_regex_new (whole, 0, 0, error);
}

gboolean
serial_pattern_check (const char *pattern, GError **error)
{
  g_autoptr (GRegex) regex = compile_whole (pattern, error);

  return regex != NULL;
}

gboolean
serial_fits_pattern (const char *serial, const char *pattern)
{
  g_autoptr (GRegex) regex = compile_whole (pattern, NULL);

  return regex != NULL && g_regex_match (regex, serial, 0, NULL);
}

/* ---- slips of the pen ---- */

#define LONGEST_WORD 64

/* One more row of the table of edit distances (Damerau's, with neighbours swapped): `row` is for
 * `count` letters of `text`, `last` and `before` are the two rows above. */
static void
distance_row (const char *text, const char *word, gsize count, const guint *before,
              const guint *last, guint *row)
{
  row[0] = (guint)count;
  for (gsize i = 1; word[i - 1] != '\0'; i++) {
    const char letter = g_ascii_tolower (text[count - 1]), other = g_ascii_tolower (word[i - 1]);

    row[i] = MIN (MIN (last[i], row[i - 1]) + 1, last[i - 1] + (letter != other));
    if (count > 1 && i > 1 && letter == g_ascii_tolower (word[i - 2])
        && other == g_ascii_tolower (text[count - 2]))
      row[i] = MIN (row[i], before[i - 2] + 1);
  }
}

/* How many slips lie between two words. */
static guint
distance (const char *text, const char *word)
{
  guint rows[3][LONGEST_WORD + 1] = { 0 };
  const gsize length = strlen (text);

  for (guint i = 0; i <= LONGEST_WORD; i++)
    rows[0][i] = i;
  for (gsize count = 1; count <= length; count++)
    distance_row (text, word, count, rows[(count + 1) % 3], rows[(count + 2) % 3], rows[count % 3]);
  return rows[length % 3][strlen (word)];
}

const char *
text_nearest (const char *text, const char *const *words)
{
  const char *nearest = NULL;
  guint least = (guint)MAX (strlen (text) / 3, 1) + 1;

  for (; *words != NULL && strlen (text) <= LONGEST_WORD; words++) {
    const guint slips = strlen (*words) <= LONGEST_WORD ? distance (text, *words) : least;

    if (slips < least) {
      least = slips;
      nearest = *words;
    }
  }
  return nearest;
}

/* ---- JSON ---- */

static gboolean
is_plain_in_json (char character)
{
  return (guchar)character >= 0x20 && character != '"' && character != '\\' && character != 0x7f;
}

static void
append_json_character (GString *text, char character)
{
  if (character == '"' || character == '\\') {
    g_string_append_c (text, '\\');
    g_string_append_c (text, character);
  }
  else if (character == '\n')
    g_string_append (text, "\\n");
  else
    g_string_append_printf (text, "\\u%04x", (guint)(guchar)character);
}

void
append_json_string (GString *text, const char *value)
{
  const char *at = value == NULL ? "" : value;

  g_string_append_c (text, '"');
  while (*at != '\0') {
    const char *end = at;

    while (is_plain_in_json (*end))
      end++;
    g_string_append_len (text, at, end - at);
    if (*end != '\0')
      append_json_character (text, *end++);
    at = end;
  }
  g_string_append_c (text, '"');
}

/* What RFC 8259 has outside strings, and spaces: no comment, no other quotes. */
static gboolean
stands_outside_strings (char character)
{
  return g_ascii_isalnum (character)
         || (character != '\0' && strchr ("{}[]:,+-. \t\r\n", character) != NULL);
}

gboolean
json_is_shallow (const char *text, gsize length, guint most)
{
  gboolean in_string = FALSE;
  guint open = 0;

  for (gsize i = 0; i < length && open <= most; i++) {
    if (in_string && text[i] == '\\')
      i++;
    else if (text[i] == '"')
      in_string = !in_string;
    else if (in_string)
      continue;
    else if (!stands_outside_strings (text[i]))
      return FALSE;
    else if (text[i] == '{' || text[i] == '[')
      open++;
    else if (open > 0 && (text[i] == '}' || text[i] == ']'))
      open--;
  }
  return open <= most;
}
