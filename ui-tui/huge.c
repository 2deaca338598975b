/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See huge.h. A Latin word is set in lines of letters (one line, or one for each of its words), at
 * the largest size that fits; umlauts take two more rows for their dots, or become AE, OE, UE.
 */
#include "ui-tui/huge.h"

#include <string.h>

#include "ui-tui/huge-characters.h"
#include "ui-tui/huge-letters.h"
#include "ui-tui/text.h"

#define BLOCK 0x2588
#define DOT_ROWS 2
/* A terminal's cell is twice as high as wide: letters up to this much wider look right. */
#define WIDEST 2

/* A way to set the word. */
typedef struct {
  char **lines;     /* of capitals; umlauts only where `dotted` */
  gboolean dotted;  /* rows above the letters are for dots */
  int across, down; /* cells of a block; 0: it does not fit */
} Setting;

/* ---- letters ---- */

static gunichar
without_dots (gunichar glyph)
{
  switch (glyph) {
  case 0xc4:
    return 'A';
  case 0xd6:
    return 'O';
  case 0xdc:
    return 'U';
  default:
    return glyph;
  }
}

static const HugeLetter *
letter_of (gunichar glyph)
{
  return huge_letter (without_dots (glyph));
}

static int
letter_width (const HugeLetter *letter)
{
  return (int)strlen (letter->rows[0]);
}

/* Blocks of a line, one between letters. */
static int
line_width (const char *line)
{
  int width = -1;

  for (; *line != '\0'; line = g_utf8_next_char (line))
    width += letter_width (letter_of (g_utf8_get_char (line))) + 1;
  return MAX (width, 0);
}

static gboolean
has_letters (const char *word)
{
  if (*word == '\0')
    return FALSE;
  for (; *word != '\0'; word = g_utf8_next_char (word))
    if (letter_of (g_utf8_get_char (word)) == NULL)
      return FALSE;
  return TRUE;
}

static gboolean
has_dots (const char *word)
{
  for (; *word != '\0'; word = g_utf8_next_char (word))
    if (without_dots (g_utf8_get_char (word)) != g_utf8_get_char (word))
      return TRUE;
  return FALSE;
}

/* In capitals and composed; "ß" is "SS". */
static char *
capitals (const char *word)
{
  g_autofree char *valid = g_utf8_make_valid (word, -1);
  g_autofree char *composed = g_utf8_normalize (valid, -1, G_NORMALIZE_NFC);

  return g_utf8_strup (composed, -1);
}

/* "PRÜFEN" as "PRUEFEN". */
static char *
spelled_out (const char *word)
{
  GString *text = g_string_new (NULL);

  for (; *word != '\0'; word = g_utf8_next_char (word)) {
    const gunichar glyph = g_utf8_get_char (word);

    g_string_append_unichar (text, without_dots (glyph));
    if (without_dots (glyph) != glyph)
      g_string_append_c (text, 'E');
  }
  return g_string_free (text, FALSE);
}

/* ---- the largest size ---- */

static int
setting_rows (const Setting *setting)
{
  const int lines = (int)g_strv_length (setting->lines);

  return lines * (HUGE_ROWS + (setting->dotted ? DOT_ROWS : 0)) + lines - 1;
}

static int
setting_width (const Setting *setting)
{
  int width = 0;

  for (guint i = 0; setting->lines[i] != NULL; i++)
    width = MAX (width, line_width (setting->lines[i]));
  return width;
}

static void
setting_measure (Setting *setting, Area area)
{
  const int width = setting_width (setting), rows = setting_rows (setting);

  if (width == 0)
    return;
  for (int down = 1; down * rows <= area.height; down++) {
    const int across = MIN (area.width / width, WIDEST * down);

    if (down > across) /* stretched letters are not read better */
      return;
    if (across * down > setting->across * setting->down) {
      setting->across = across;
      setting->down = down;
    }
  }
}

static void
setting_clear (Setting *setting)
{
  g_clear_pointer (&setting->lines, g_strfreev);
}

/* Keeps the larger of both settings in `best`. */
static void
setting_try (Setting *best, const char *text, const char *separator, gboolean dotted, Area area)
{
  Setting setting = { .lines = g_strsplit (text, separator, -1), .dotted = dotted };

  setting_measure (&setting, area);
  if (setting.across * setting.down > best->across * best->down) {
    setting_clear (best);
    *best = setting;
    return;
  }
  setting_clear (&setting);
}

static Setting
setting_find (const char *word, Area area)
{
  g_autofree char *spelled = spelled_out (word);
  Setting best = { 0 };

  setting_try (&best, word, "\n", has_dots (word), area);
  setting_try (&best, word, " ", has_dots (word), area);
  setting_try (&best, spelled, "\n", FALSE, area);
  setting_try (&best, spelled, " ", FALSE, area);
  return best;
}

/* ---- drawing ---- */

static void
draw_block (Canvas *canvas, Area area, const Setting *setting, int row, int column, Style style)
{
  const Area block = { area.row + row, area.column + column, setting->down, setting->across };

  canvas_fill (canvas, block, BLOCK, style);
}

static void
draw_letter (Canvas *canvas, Area area, const Setting *setting, int row, int column, Style style,
             const HugeLetter *letter)
{
  for (int y = 0; y < HUGE_ROWS; y++)
    for (int x = 0; x < letter_width (letter); x++)
      if (letter->rows[y][x] == '#')
        draw_block (canvas, area, setting, row + y * setting->down, column + x * setting->across,
                    style);
}

static void
draw_line (Canvas *canvas, Area area, const Setting *setting, int row, const char *line,
           Style style)
{
  const int dots = setting->dotted ? DOT_ROWS * setting->down : 0;
  int column = (area.width - line_width (line) * setting->across) / 2;

  for (; *line != '\0'; line = g_utf8_next_char (line)) {
    const gunichar glyph = g_utf8_get_char (line);
    const HugeLetter *letter = letter_of (glyph);

    draw_letter (canvas, area, setting, row + dots, column, style, letter);
    if (without_dots (glyph) != glyph) {
      draw_block (canvas, area, setting, row, column, style);
      draw_block (canvas, area, setting, row, column + 2 * setting->across, style);
    }
    column += (letter_width (letter) + 1) * setting->across;
  }
}

static void
draw_setting (Canvas *canvas, Area area, const Setting *setting, Style style)
{
  const int lines = (int)g_strv_length (setting->lines);
  const int rows = setting_rows (setting) * setting->down;
  const int pitch = (rows + setting->down) / lines;

  for (int i = 0; i < lines; i++)
    draw_line (canvas, area, setting, (area.height - rows) / 2 + i * pitch, setting->lines[i],
               style);
}

/* "INSERT" as "I N S E R T". */
static char *
spaced_out (const char *word, const char *space)
{
  GString *text = g_string_new (NULL);

  for (; *word != '\0'; word = g_utf8_next_char (word)) {
    if (text->len > 0)
      g_string_append (text, space);
    g_string_append_unichar (text, g_utf8_get_char (word));
  }
  return g_string_free (text, FALSE);
}

/* A word that has neither letters nor characters here: far apart, in a frame that is as large as
 * can be without being a box around nothing. FALSE where there is no room. */
static gboolean
draw_framed (Canvas *canvas, Area area, Style style, const char *word)
{
  g_autofree char *text = spaced_out (word, "  ");
  const int width = canvas_text_width (canvas, text);
  const int rows = area.height >= 5 ? 5 : 3;
  const int columns = MIN (width + 2 * (rows + 1), area.width);
  const Area frame = { area.row + (area.height - rows) / 2,
                       area.column + (area.width - columns) / 2, rows, columns };

  if (area.height < 3 || area.width < width + 2)
    return FALSE;
  canvas_box (canvas, frame, BOX_DOUBLE, style);
  canvas_text_middle (canvas, area_inside (frame, 1, 1), (rows - 2) / 2, style, text);
  return TRUE;
}

static void
draw_plain (Canvas *canvas, Area area, Style style, const char *word)
{
  g_autofree char *text = spaced_out (word, " ");

  canvas_text_middle (canvas, area, (area.height - 1) / 2, style,
                      canvas_text_width (canvas, text) <= area.width ? text : word);
}

void
huge_draw (Canvas *canvas, Area area, Style style, const char *word)
{
  g_autofree char *text = capitals (word);
  Setting setting = { 0 };

  if (area.height < 1 || area.width < 1)
    return;
  if (has_letters (text))
    setting = setting_find (text, area);
  if (setting.lines != NULL)
    draw_setting (canvas, area, &setting, style);
  else if (huge_characters_draw (canvas, area, style, text))
    return;
  else if (has_letters (text) || !draw_framed (canvas, area, style, text))
    draw_plain (canvas, area, style, text);
  setting_clear (&setting);
}
