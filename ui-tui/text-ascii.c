/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a terminal without Unicode shows in place of a character: a table for what has a customary
 * spelling, and the letter below the accent for the rest.
 */
#include "ui-tui/text.h"

#include <string.h>

typedef struct {
  gunichar first;
  gunichar last;
  const char *ascii;
} Spelling;

/* In ascending order. */
static const Spelling spellings[] = {
  { 0x00a0, 0x00a0, " " },   { 0x00a3, 0x00a3, "GBP" }, { 0x00a7, 0x00a7, "S." },
  { 0x00a9, 0x00a9, "(C)" }, { 0x00ab, 0x00ab, "\"" },  { 0x00ae, 0x00ae, "(R)" },
  { 0x00b0, 0x00b0, "o" },   { 0x00b1, 0x00b1, "+-" },  { 0x00b2, 0x00b2, "2" },
  { 0x00b3, 0x00b3, "3" },   { 0x00b4, 0x00b4, "'" },   { 0x00b5, 0x00b5, "u" },
  { 0x00b7, 0x00b7, "." },   { 0x00b9, 0x00b9, "1" },   { 0x00bb, 0x00bb, "\"" },
  { 0x00bc, 0x00bc, "1/4" }, { 0x00bd, 0x00bd, "1/2" }, { 0x00be, 0x00be, "3/4" },
  { 0x00c4, 0x00c4, "Ae" },  { 0x00c6, 0x00c6, "AE" },  { 0x00d0, 0x00d0, "D" },
  { 0x00d6, 0x00d6, "Oe" },  { 0x00d7, 0x00d7, "x" },   { 0x00d8, 0x00d8, "O" },
  { 0x00dc, 0x00dc, "Ue" },  { 0x00de, 0x00de, "Th" },  { 0x00df, 0x00df, "ss" },
  { 0x00e4, 0x00e4, "ae" },  { 0x00e6, 0x00e6, "ae" },  { 0x00f0, 0x00f0, "d" },
  { 0x00f6, 0x00f6, "oe" },  { 0x00f7, 0x00f7, "/" },   { 0x00f8, 0x00f8, "o" },
  { 0x00fc, 0x00fc, "ue" },  { 0x00fe, 0x00fe, "th" },  { 0x0110, 0x0110, "D" },
  { 0x0111, 0x0111, "d" },   { 0x0131, 0x0131, "i" },   { 0x0141, 0x0141, "L" },
  { 0x0142, 0x0142, "l" },   { 0x0152, 0x0152, "OE" },  { 0x0153, 0x0153, "oe" },
  { 0x03a9, 0x03a9, "Ohm" }, { 0x03bc, 0x03bc, "u" },   { 0x1e9e, 0x1e9e, "SS" },
  { 0x2000, 0x200a, " " },   { 0x2010, 0x2015, "-" },   { 0x2018, 0x201b, "'" },
  { 0x201c, 0x201f, "\"" },  { 0x2020, 0x2021, "+" },   { 0x2022, 0x2023, "*" },
  { 0x2024, 0x2024, "." },   { 0x2025, 0x2025, ".." },  { 0x2026, 0x2026, "..." },
  { 0x202f, 0x202f, " " },   { 0x2030, 0x2030, "o/o" }, { 0x2032, 0x2032, "'" },
  { 0x2033, 0x2033, "\"" },  { 0x2039, 0x2039, "<" },   { 0x203a, 0x203a, ">" },
  { 0x2044, 0x2044, "/" },   { 0x205f, 0x205f, " " },   { 0x20ac, 0x20ac, "EUR" },
  { 0x2122, 0x2122, "TM" },  { 0x2126, 0x2126, "Ohm" }, { 0x2190, 0x2190, "<-" },
  { 0x2191, 0x2191, "^" },   { 0x2192, 0x2192, "->" },  { 0x2193, 0x2193, "v" },
  { 0x2194, 0x2194, "<->" }, { 0x2195, 0x2195, "|" },   { 0x21b5, 0x21b5, "<-'" },
  { 0x21d0, 0x21d0, "<=" },  { 0x21d2, 0x21d2, "=>" },  { 0x2212, 0x2212, "-" },
  { 0x2215, 0x2215, "/" },   { 0x221e, 0x221e, "oo" },  { 0x2248, 0x2248, "~" },
  { 0x2260, 0x2260, "!=" },  { 0x2264, 0x2264, "<=" },  { 0x2265, 0x2265, ">=" },
  { 0x2500, 0x2501, "-" },   { 0x2502, 0x2503, "|" },   { 0x2504, 0x2505, "-" },
  { 0x2506, 0x2507, "|" },   { 0x2508, 0x2509, "-" },   { 0x250a, 0x250b, "|" },
  { 0x250c, 0x254b, "+" },   { 0x254c, 0x254d, "-" },   { 0x254e, 0x254f, "|" },
  { 0x2550, 0x2550, "=" },   { 0x2551, 0x2551, "#" },   { 0x2552, 0x256c, "#" },
  { 0x256d, 0x2570, "+" },   { 0x2571, 0x2571, "/" },   { 0x2572, 0x2572, "\\" },
  { 0x2573, 0x2573, "X" },   { 0x2574, 0x257f, "-" },   { 0x2580, 0x2590, "#" },
  { 0x2591, 0x2591, "." },   { 0x2592, 0x2592, ":" },   { 0x2593, 0x259f, "#" },
  { 0x25a0, 0x25a0, "#" },   { 0x25a1, 0x25a1, "o" },   { 0x25aa, 0x25ab, "*" },
  { 0x25b2, 0x25b3, "^" },   { 0x25b6, 0x25b8, ">" },   { 0x25ba, 0x25ba, ">" },
  { 0x25bc, 0x25be, "v" },   { 0x25c0, 0x25c2, "<" },   { 0x25c6, 0x25c7, "*" },
  { 0x25cb, 0x25cb, "o" },   { 0x25cf, 0x25cf, "*" },   { 0x2605, 0x2606, "*" },
  { 0x2610, 0x2610, "[ ]" }, { 0x2611, 0x2612, "[x]" }, { 0x26a0, 0x26a0, "!" },
  { 0x2713, 0x2714, "v" },   { 0x2715, 0x2718, "x" },   { 0x2764, 0x2764, "<3" },
  { 0x3000, 0x3000, " " },   { 0x3001, 0x3001, "," },   { 0x3002, 0x3002, "." },
  { 0x300a, 0x300a, "<<" },  { 0x300b, 0x300b, ">>" },  { 0x300c, 0x300f, "\"" },
  { 0x3010, 0x3010, "[" },   { 0x3011, 0x3011, "]" },
};

/* A character as a string that stays. */
static const char *
single (gunichar glyph)
{
  const char text[] = { (char)glyph, '\0' };

  return g_intern_string (text);
}

static const char *
spelling_of (gunichar glyph)
{
  gsize low = 0, high = G_N_ELEMENTS (spellings);

  while (low < high) {
    const gsize middle = (low + high) / 2;

    if (glyph > spellings[middle].last)
      low = middle + 1;
    else if (glyph < spellings[middle].first)
      high = middle;
    else
      return spellings[middle].ascii;
  }
  return NULL;
}

const char *
glyph_to_ascii (gunichar glyph)
{
  const char *spelling = spelling_of (glyph);
  gunichar letters[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];

  if (glyph < 0x7f)
    return glyph >= 0x20 ? single (glyph) : "";
  if (spelling != NULL)
    return spelling;
  if (glyph >= 0xff01 && glyph <= 0xff5e) /* full width */
    return single (glyph - 0xff01 + '!');
  if (glyph_width (glyph) == 0)
    return "";
  g_unichar_fully_decompose (glyph, FALSE, letters, G_N_ELEMENTS (letters));
  return letters[0] < 0x7f && letters[0] >= 0x20 ? single (letters[0]) : "?";
}

static gboolean
is_beside_capital (const char *text, const char *at)
{
  const char *before = g_utf8_find_prev_char (text, at);

  return g_unichar_isupper (g_utf8_get_char (g_utf8_next_char (at)))
         || (before != NULL && g_unichar_isupper (g_utf8_get_char (before)));
}

char *
text_to_ascii (const char *text)
{
  GString *ascii = g_string_new (NULL);

  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at)) {
    const gunichar glyph = g_utf8_get_char (at);
    const gsize from = ascii->len;

    if (glyph == '\n')
      g_string_append_c (ascii, '\n');
    else
      g_string_append (ascii, glyph_to_ascii (glyph));
    for (gsize i = from;
         g_unichar_isupper (glyph) && is_beside_capital (text, at) && i < ascii->len; i++)
      ascii->str[i] = g_ascii_toupper (ascii->str[i]);
  }
  return g_string_free (ascii, FALSE);
}
