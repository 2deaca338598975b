/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Frames, bars and patterns. A frame's character is known by its four arms, so that what stands
 * there already says how lines join: a new arm is added to those that are there.
 */
#include "ui-tui/canvas-private.h"

#include <string.h>

/* 0: no line goes that way; 1: a single one; 2: a double one */
typedef struct {
  guint8 up;
  guint8 right;
  guint8 down;
  guint8 left;
} Arms;

typedef struct {
  gunichar glyph;
  Arms arms;
} Joint;

static const Joint joints[] = {
  { 0x2500, { 0, 1, 0, 1 } }, { 0x2502, { 1, 0, 1, 0 } }, { 0x250c, { 0, 1, 1, 0 } },
  { 0x2510, { 0, 0, 1, 1 } }, { 0x2514, { 1, 1, 0, 0 } }, { 0x2518, { 1, 0, 0, 1 } },
  { 0x251c, { 1, 1, 1, 0 } }, { 0x2524, { 1, 0, 1, 1 } }, { 0x252c, { 0, 1, 1, 1 } },
  { 0x2534, { 1, 1, 0, 1 } }, { 0x253c, { 1, 1, 1, 1 } }, { 0x2550, { 0, 2, 0, 2 } },
  { 0x2551, { 2, 0, 2, 0 } }, { 0x2552, { 0, 2, 1, 0 } }, { 0x2553, { 0, 1, 2, 0 } },
  { 0x2554, { 0, 2, 2, 0 } }, { 0x2555, { 0, 0, 1, 2 } }, { 0x2556, { 0, 0, 2, 1 } },
  { 0x2557, { 0, 0, 2, 2 } }, { 0x2558, { 1, 2, 0, 0 } }, { 0x2559, { 2, 1, 0, 0 } },
  { 0x255a, { 2, 2, 0, 0 } }, { 0x255b, { 1, 0, 0, 2 } }, { 0x255c, { 2, 0, 0, 1 } },
  { 0x255d, { 2, 0, 0, 2 } }, { 0x255e, { 1, 2, 1, 0 } }, { 0x255f, { 2, 1, 2, 0 } },
  { 0x2560, { 2, 2, 2, 0 } }, { 0x2561, { 1, 0, 1, 2 } }, { 0x2562, { 2, 0, 2, 1 } },
  { 0x2563, { 2, 0, 2, 2 } }, { 0x2564, { 0, 2, 1, 2 } }, { 0x2565, { 0, 1, 2, 1 } },
  { 0x2566, { 0, 2, 2, 2 } }, { 0x2567, { 1, 2, 0, 2 } }, { 0x2568, { 2, 1, 0, 1 } },
  { 0x2569, { 2, 2, 0, 2 } }, { 0x256a, { 1, 2, 1, 2 } }, { 0x256b, { 2, 1, 2, 1 } },
  { 0x256c, { 2, 2, 2, 2 } },
};

/* In ASCII: - | + of single lines, = and # of double ones. */
static const Joint ascii_joints[] = {
  { '-', { 0, 1, 0, 1 } }, { '|', { 1, 0, 1, 0 } }, { '+', { 1, 1, 1, 1 } },
  { '=', { 0, 2, 0, 2 } }, { '#', { 2, 2, 2, 2 } },
};

static Arms
arms_of (const Canvas *canvas, gunichar glyph)
{
  const Joint *table = canvas->ascii ? ascii_joints : joints;
  const gsize count = canvas->ascii ? G_N_ELEMENTS (ascii_joints) : G_N_ELEMENTS (joints);

  for (gsize i = 0; i < count && glyph != ' '; i++)
    if (table[i].glyph == glyph)
      return table[i].arms;
  return (Arms){ 0, 0, 0, 0 };
}

static gboolean
has_arms (Arms arms)
{
  return arms.up + arms.right + arms.down + arms.left > 0;
}

/* No character has a single arm opposite to a double one: both become double. */
static void
arms_level (guint8 *arm, guint8 *opposite)
{
  if (*arm > 0 && *opposite > 0)
    *arm = *opposite = MAX (*arm, *opposite);
}

static Arms
arms_add (Arms arms, Arms more)
{
  arms.up = MAX (arms.up, more.up);
  arms.right = MAX (arms.right, more.right);
  arms.down = MAX (arms.down, more.down);
  arms.left = MAX (arms.left, more.left);
  arms_level (&arms.up, &arms.down);
  arms_level (&arms.left, &arms.right);
  return arms;
}

static gunichar
ascii_of_arms (Arms arms)
{
  const guint upright = MAX (arms.up, arms.down), level = MAX (arms.left, arms.right);

  if (upright == 0)
    return level == 2 ? '=' : '-';
  if (level == 0)
    return upright == 2 ? '#' : '|';
  return upright == 2 ? '#' : '+';
}

static gunichar
glyph_of_arms (const Canvas *canvas, Arms arms)
{
  if (canvas->ascii)
    return ascii_of_arms (arms);
  for (gsize i = 0; i < G_N_ELEMENTS (joints); i++)
    if (memcmp (&joints[i].arms, &arms, sizeof arms) == 0)
      return joints[i].glyph;
  return arms.up + arms.down > 0 ? 0x2502 : 0x2500; /* a line's end has no character of its own */
}

static void
join (Canvas *canvas, Area clip, int row, int column, Arms arms, Style style)
{
  const Arms there = arms_of (canvas, canvas_cell (canvas, row, column).glyph);

  canvas_put (canvas, clip, row, column, glyph_of_arms (canvas, arms_add (there, arms)), style);
}

void
canvas_box (Canvas *canvas, Area area, BoxKind kind, Style style)
{
  const Area clip = canvas_clip (canvas, area);
  const guint8 line = kind == BOX_DOUBLE ? 2 : 1;
  const int bottom = area.row + area.height - 1, right = area.column + area.width - 1;

  if (area.height < 2 || area.width < 2)
    return;
  for (int column = area.column + 1; column < right; column++) {
    join (canvas, clip, area.row, column, (Arms){ 0, line, 0, line }, style);
    join (canvas, clip, bottom, column, (Arms){ 0, line, 0, line }, style);
  }
  for (int row = area.row + 1; row < bottom; row++) {
    join (canvas, clip, row, area.column, (Arms){ line, 0, line, 0 }, style);
    join (canvas, clip, row, right, (Arms){ line, 0, line, 0 }, style);
  }
  join (canvas, clip, area.row, area.column, (Arms){ 0, line, line, 0 }, style);
  join (canvas, clip, area.row, right, (Arms){ 0, 0, line, line }, style);
  join (canvas, clip, bottom, area.column, (Arms){ line, line, 0, 0 }, style);
  join (canvas, clip, bottom, right, (Arms){ line, 0, 0, line }, style);
}

/* An end of a rule: an arm of the frame that stands there, or plain line. */
static void
rule_end (Canvas *canvas, Area clip, int row, int column, Arms arms, Style style)
{
  if (!has_arms (arms_of (canvas, canvas_cell (canvas, row, column).glyph)))
    arms = (Arms){ 0, 1, 0, 1 };
  join (canvas, clip, row, column, arms, style);
}

void
canvas_rule (Canvas *canvas, Area area, int row, Style style)
{
  const Area clip = canvas_clip (canvas, area);
  const int right = area.column + area.width - 1;

  if (area.width < 1)
    return;
  for (int column = area.column + 1; column < right; column++)
    join (canvas, clip, area.row + row, column, (Arms){ 0, 1, 0, 1 }, style);
  rule_end (canvas, clip, area.row + row, area.column, (Arms){ 0, 1, 0, 0 }, style);
  rule_end (canvas, clip, area.row + row, right, (Arms){ 0, 0, 0, 1 }, style);
}

/* ---- patterns and bars ---- */

static void
pattern_border (Canvas *canvas, Area area, Style style)
{
  const Area left = { area.row, area.column, area.height, 1 };
  const Area right = { area.row, area.column + area.width - 1, area.height, 1 };
  const Area bottom = { area.row + area.height - 1, area.column, 1, area.width };

  if (area.height < 1 || area.width < 1)
    return;
  canvas_fill (canvas, area_top (area, 1), 0x2588, style);
  canvas_fill (canvas, bottom, 0x2588, style);
  canvas_fill (canvas, left, 0x2588, style);
  canvas_fill (canvas, right, 0x2588, style);
}

static void
pattern_check (Canvas *canvas, Area area, gunichar glyph, Style style)
{
  const Area clip = canvas_clip (canvas, area);

  for (int row = 0; row < area.height; row++)
    for (int column = 0; column < area.width; column++)
      canvas_put (canvas, clip, area.row + row, area.column + column,
                  (row + column) % 2 == 0 ? glyph : ' ', style);
}

void
canvas_pattern (Canvas *canvas, Area area, Pattern pattern, Style style)
{
  switch (pattern) {
  case PATTERN_NONE:
    return;
  case PATTERN_CROSS:
    pattern_check (canvas, area, 'X', style);
    return;
  case PATTERN_SLASH:
    pattern_check (canvas, area, '/', style);
    return;
  case PATTERN_DOT:
    pattern_check (canvas, area, '.', style);
    return;
  case PATTERN_SOLID:
    pattern_border (canvas, area, style);
    return;
  }
}

void
canvas_bar (Canvas *canvas, Area area, int row, int column, int width, guint64 part, guint64 whole,
            Style style)
{
  const Area clip = canvas_clip (canvas, area);
  const int inner = width - 2;
  const double share = whole > 0 ? (double)MIN (part, whole) / (double)whole : 0;
  const int full = part >= whole && whole > 0 ? inner : (int)(share * inner);

  if (inner < 1)
    return;
  canvas_put (canvas, clip, area.row + row, area.column + column, '[', style);
  for (int i = 0; i < inner; i++)
    canvas_put (canvas, clip, area.row + row, area.column + column + 1 + i,
                canvas_glyph (canvas, i < full ? 0x2588 : 0x2591), style);
  canvas_put (canvas, clip, area.row + row, area.column + column + 1 + inner, ']', style);
}
