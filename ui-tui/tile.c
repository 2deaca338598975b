/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See tile.h. First a tile's face is made: what is to be said, by weight; then it is drawn in
 * letters as large as the tile has room for.
 */
#include "ui-tui/tile.h"

#include "ui-tui/huge.h"
#include "ui-tui/parts.h"
#include "ui-tui/text.h"
#include "ui-tui/tile-face.h"

/* Room inside from which on the word stands in large letters. */
#define LETTERS_WIDTH 15
#define LETTERS_HEIGHT 6
#define LETTER_ROWS 5
#define LEAST_BAR 6
/* Text gets a margin in tiles that are wider. */
#define WIDE 24
/* An operator's text is no longer, in the narrowest tile. */
#define MOST_LINES 16

/* ---- the frame ---- */

/* The end of a serial tells units apart, so its beginning is what goes. */
static const char *
serial_end (const char *serial, int room)
{
  while (*serial != '\0' && text_width (serial) > room)
    serial = g_utf8_next_char (serial);
  return serial;
}

static void
draw_frame (Canvas *canvas, Area area, const Tile *tile, const TileFace *face, gboolean focused)
{
  const Style style = focused ? STYLE_STRONG : STYLE_NORMAL;
  const int room = area.width - 3;
  int used;

  canvas_box (canvas, area, focused ? BOX_DOUBLE : BOX_SINGLE, style);
  used = canvas_printf (canvas, area, 0, 1, room, STYLE_STRONG, focused ? ">%u<" : " %u ",
                        tile->number);
  if (face->serial == NULL || room - used < 4)
    return;
  canvas_printf (canvas, area, 0, 1 + used, room - used, STYLE_NORMAL, "%s ",
                 serial_end (face->serial, room - used - 1));
}

/* ---- the levels of detail ---- */

/* A row of the pattern with text in its middle. */
static void
draw_hatched_line (Canvas *canvas, Area area, int row, const TileFace *face, const char *text)
{
  const Area line = area_top (area_below (area, row), 1);
  const int width = MIN (text_width (text) + 2, line.width);
  Area middle = line;

  canvas_pattern (canvas, line, face->pattern, face->style);
  if (face->pattern == PATTERN_SOLID && width >= line.width)
    canvas_fill (canvas, line, ' ', face->style);
  middle.column += (line.width - width) / 2;
  middle.width = width;
  canvas_fill (canvas, middle, ' ', face->style);
  canvas_text_middle (canvas, middle, 0, face->style, text);
}

/* The progress, or the time. */
static void
draw_measure (Canvas *canvas, Area area, int row, const TileFace *face)
{
  const int time_width = text_width (face->time);
  const int bar_width = area.width - time_width - 1;

  if (face->steps == 0 || bar_width < LEAST_BAR) {
    canvas_text_middle (canvas, area, row, face->style, face->time);
    return;
  }
  canvas_bar (canvas, area, row, 0, bar_width, face->step_number, face->steps, face->style);
  canvas_text_right (canvas, area, row, face->style, face->time);
}

/* Only then is time worth a line of its own. */
static gboolean
is_measured (const TileFace *face)
{
  return face->steps != 0 || (face->first == NULL && *face->time != '\0');
}

/* What follows the word, as far as there are rows: the first line, the paragraph, what to do. */
static void
draw_details (Canvas *canvas, Area area, const TileFace *face)
{
  int rows = area.height;
  int row = 0;

  if (rows <= 0)
    return;
  if (face->first != NULL) {
    canvas_text_middle (canvas, area, row++, face->style, face->first);
    rows--;
  }
  if (face->action != NULL && rows > 0 && text_width (face->action) <= area.width) {
    canvas_text_middle (canvas, area, area.height - 1, face->style, face->action);
    rows--;
  }
  if (is_measured (face) && rows > 0) {
    draw_measure (canvas, area, row++, face);
    rows--;
  }
  if (face->text != NULL && rows > 0 && text_width (face->text) <= area.width)
    canvas_text_middle (canvas, area, row, face->style, face->text);
  else if (face->text != NULL && rows > 0
           && (face->text_may_be_cut || paragraph_lines (face->text, area.width, rows + 1) <= rows))
    canvas_paragraph (canvas, area_top (area_below (area, row), rows), 0, face->style, face->text);
}

static int
detail_rows (const TileFace *face, int width)
{
  return (face->first != NULL ? 1 : 0) + (is_measured (face) ? 1 : 0)
         + (face->action != NULL ? 1 : 0)
         + (face->text != NULL ? paragraph_lines (face->text, width, MOST_LINES) : 0);
}

/* The cells that the word will take, and one around them. */
static Area
word_extent (const Canvas *canvas, Area area, const char *word)
{
  g_autoptr (Canvas) trial = canvas_new (area.height, area.width, canvas->ascii);
  int top = area.height, bottom = -1, left = area.width, right = -1;

  huge_draw (trial, canvas_area (trial), STYLE_NORMAL, word);
  for (int row = 0; row < area.height; row++)
    for (int column = 0; column < area.width; column++) {
      if (canvas_cell (trial, row, column).glyph == ' ')
        continue;
      top = MIN (top, row);
      bottom = MAX (bottom, row);
      left = MIN (left, column);
      right = MAX (right, column);
    }
  if (bottom < 0)
    return (Area){ area.row, area.column, 0, 0 };
  left = MAX (left - 1, 0);
  return (Area){ area.row + top, area.column + left, bottom - top + 1,
                 MIN (right + 2, area.width) - left };
}

/* A frame needs a free cell between itself and the letters, or it runs into them. */
static gboolean
has_room_for_frame (Area area, Area word)
{
  return word.row - area.row >= 2 && word.column - area.column >= 1
         && area.row + area.height - word.row - word.height >= 2
         && area.column + area.width - word.column - word.width >= 1;
}

/* The word in the middle of its pattern. */
static void
draw_hatched_word (Canvas *canvas, Area area, const TileFace *face)
{
  const Area word = word_extent (canvas, area, face->word);

  if (face->pattern != PATTERN_SOLID || has_room_for_frame (area, word))
    canvas_pattern (canvas, area, face->pattern, face->style);
  if (face->pattern != PATTERN_SOLID)
    canvas_fill (canvas, word, ' ', face->style);
  huge_draw (canvas, area, face->style, face->word);
}

static void
draw_large (Canvas *canvas, Area area, const TileFace *face)
{
  const Area text = area_inside (area, 0, area.width > WIDE ? 1 : 0);
  const int details = MIN (detail_rows (face, text.width), area.height - LETTER_ROWS);
  const int rows = area.height - details;

  if (face->pattern == PATTERN_NONE)
    huge_draw (canvas, area_top (area, rows), face->style, face->word);
  else
    draw_hatched_word (canvas, area_top (area, rows), face);
  draw_details (canvas, area_below (text, rows), face);
}

static void
draw_lines (Canvas *canvas, Area area, const TileFace *face)
{
  g_autofree char *word = g_strconcat (face->word, "  ", face->time, NULL);
  const gboolean timed = *face->time != '\0' && text_width (word) + 2 <= area.width;
  TileFace rest = *face;

  draw_hatched_line (canvas, area, 0, face, timed ? word : face->word);
  if (timed)
    rest.time = (char *)"";
  draw_details (canvas, area_below (area, 1), &rest);
}

/* One line, or two where the second says how far or how long. */
static void
draw_least (Canvas *canvas, Area area, const TileFace *face)
{
  g_autofree char *line = g_strconcat (face->word, " ", face->least, NULL);
  const gboolean fits = text_width (line) <= area.width;

  draw_hatched_line (canvas, area, 0, face, area.height == 1 && fits ? line : face->word);
  if (area.height > 1)
    canvas_text_middle (canvas, area, 1, face->style, face->least);
}

static void
draw_inside (Canvas *canvas, Area area, const TileFace *face)
{
  canvas_fill (canvas, area, ' ', face->style);
  if (area.width >= LETTERS_WIDTH && area.height >= LETTERS_HEIGHT)
    draw_large (canvas, area, face);
  else if (area.height >= 3)
    draw_lines (canvas, area, face);
  else
    draw_least (canvas, area, face);
}

/* Of sixty-four tiles few differ from what they were a moment ago. The frame joins those of the
 * neighbours, and which of them stand there already depends on the focus. */
void
tile_draw (Canvas *canvas, Area area, const Tile *tile, const TileSurroundings *surroundings)
{
  const gboolean focused = tile->number == surroundings->focus;
  g_auto (TileFace) face = tile_face (tile, surroundings);
  g_autofree char *key = tile_face_key (&face, tile->number, surroundings->focus);

  if (canvas_recall (canvas, area, key))
    return;
  draw_frame (canvas, area, tile, &face, focused);
  draw_inside (canvas, area_inside (area, 1, 1), &face);
  canvas_keep (canvas, area, key);
}
