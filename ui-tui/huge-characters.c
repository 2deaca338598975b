/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See huge-characters.h. A character of text is one row high and read from one metre; these are
 * five rows high and more. They are as wide as two letters of the Latin ones, so that a word of two
 * characters fits into every tile that "PASS" fits into. Who changes such a word in po/zh_CN.po
 * draws its characters here; a test asks for them.
 */
#include "ui-tui/huge-characters.h"

#define DOTS_ACROSS 7
#define DOTS_DOWN 10
#define PITCH (DOTS_ACROSS + 1)
#define DOTS_IN_CELL 2 /* one above the other, which makes them square */

#define UPPER_HALF 0x2580
#define LOWER_HALF 0x2584
#define BLOCK 0x2588

typedef struct {
  gunichar glyph;
  const char *rows[DOTS_DOWN];
} Character;

/* clang-format off */
static const Character characters[] = {
  { 0x5408, /* 合 */
    { "...#...", "..#.#..", ".#...#.", "#.###.#", ".......",
      ".#####.", ".#...#.", ".#...#.", ".#...#.", ".#####." } },
  { 0x683c, /* 格 */
    { ".#..#..", ".#..###", "##.#..#", ".#..##.", "##.#..#",
      "##.....", ".#.####", ".#.#..#", ".#.#..#", ".#.####" } },
  { 0x4e0d, /* 不 */
    { "#######", "...#...", "..##...", "..###..", ".#.#.#.",
      "#..#..#", "...#...", "...#...", "...#...", "...#..." } },
  { 0x826f, /* 良 */
    { "...#...", ".#####.", ".#...#.", ".#####.", ".#...#.",
      ".#####.", ".#.#..#", ".#..##.", ".#.#.#.", "###...#" } },
  { 0x653e, /* 放 */
    { ".#..#..", "....#..", "###.###", "#...#.#", "###.#.#",
      "#.#.#.#", "#.#..#.", "#.#..#.", "#.#.#.#", "#.#.#.#" } },
  { 0x5165, /* 入 */
    { "..##...", "...#...", "...#...", "...#...", "..#.#..",
      "..#.#..", "..#.#..", ".#...#.", ".#...#.", "#.....#" } },
  { 0x626b, /* 扫 */
    { ".#.....", ".#.####", "##....#", ".#....#", ".##...#",
      "##.####", ".#....#", ".#....#", ".#....#", "##.####" } },
  { 0x7801, /* 码 */
    { "###.##.", ".#...#.", ".#.#.#.", ".#.#.#.", "#..#.#.",
      "#..####", "###...#", "#.#.#.#", "#.#...#", "###..##" } },
  { 0x7b49, /* 等 */
    { ".#..#..", "###.###", "#.#.#.#", ".#####.", "...#...",
      "#######", "....#..", "#######", ".#..#..", "...##.." } },
  { 0x5f85, /* 待 */
    { ".#..#..", "#..###.", ".#..#..", "#.#####", "#......",
      "#....#.", "#.#####", "#..#.#.", "#....#.", "#...##." } },
  { 0x5de5, /* 工 */
    { ".......", ".#####.", "...#...", "...#...", "...#...",
      "...#...", "...#...", "...#...", "...#...", "#######" } },
  { 0x4f5c, /* 作 */
    { ".#.#...", ".#.####", "#.#.#..", "#...#..", "#...###",
      "#...#..", "#...#..", "#...###", "#...#..", "#...#.." } },
  { 0x505c, /* 停 */
    { ".#..#..", "#.#####", "#......", "#..###.", "#..#.#.",
      "#..###.", "#......", "#.#####", "#...#..", "#..##.." } },
  { 0x7528, /* 用 */
    { "#######", "#..#..#", "#..#..#", "#######", "#..#..#",
      "#..#..#", "#######", "#..#..#", "#..#..#", "#..#.##" } },
  { 0x7a7a, /* 空 */
    { "...#...", "#######", "#.....#", "..#.#..", ".#...#.",
      ".......", ".#####.", "...#...", "...#...", "#######" } },
  { 0x4f4d, /* 位 */
    { ".#..#..", "#...#..", "#.#####", "#......", "#.#...#",
      "#.#...#", "#..#.#.", "#..#.#.", "#......", "#.#####" } },
  { 0x6279, /* 批 */
    { ".#.#.#.", ".#.#.#.", "##.#.##", ".#.#.#.", ".#.###.",
      "##.#.#.", ".#.#.#.", ".#.#.#.", ".#.#.#.", "##.#.##" } },
  { 0x6b21, /* 次 */
    { "...#...", "#..####", ".##...#", "....#.#", ".#..#..",
      ".#..#..", "#...#..", "#..#.#.", "...#.#.", ".##...#" } },
  { 0x5b8c, /* 完 */
    { "...#...", "#######", "#.....#", ".#####.", ".......",
      "#######", "..#.#..", "..#.#..", ".#..#.#", "#...###" } },
  { 0x6210, /* 成 */
    { "....#.#", "....#..", "#######", "#...#..", "###.#.#",
      "#.#.#.#", "#.#.##.", "#.#..#.", "#.#.#.#", "##.#..#" } },
  { 0x65e0, /* 无 */
    { ".#####.", "...#...", "...#...", "#######", "..#.#..",
      "..#.#..", "..#.#..", ".#..#..", ".#..#.#", "#...###" } },
  { 0x8bf7, /* 请 */
    { "#...#..", "..#####", "...###.", "#.#####", "#......",
      "#..###.", "#..#.#.", "#..###.", "#..#.#.", "##.#.##" } },
  { 0x5361, /* 卡 */
    { "...#...", "...####", "...#...", "...#...", "#######",
      "...#...", "...##..", "...#.#.", "...#...", "...#..." } },
  { 0x4fe1, /* 信 */
    { ".#..#..", "#.#####", "#......", "#..###.", "#......",
      "#..###.", "#......", "#..###.", "#..#.#.", "#..###." } },
  { 0x53f7, /* 号 */
    { ".#####.", ".#...#.", ".#...#.", ".#####.", ".......",
      "#######", "..#....", ".#####.", ".....#.", "...##.." } },
  { 0x5df2, /* 已 */
    { "######.", ".....#.", ".....#.", "#....#.", "######.",
      "#......", "#......", "#.....#", "#.....#", ".######" } },
  { 0x6682, /* 暂 */
    { ".#...##", "###.#..", "#.#.###", "###.#.#", "..#.#.#",
      ".#####.", ".#...#.", ".#####.", ".#...#.", ".#####." } },
};
/* clang-format on */

static const Character *
character_of (gunichar glyph)
{
  for (gsize i = 0; i < G_N_ELEMENTS (characters); i++)
    if (characters[i].glyph == glyph)
      return &characters[i];
  return NULL;
}

static gboolean
is_drawn_here (const char *word)
{
  for (; *word != '\0'; word = g_utf8_next_char (word))
    if (character_of (g_utf8_get_char (word)) == NULL)
      return FALSE;
  return TRUE;
}

/* `line` counts half rows, `scale` says how many of them a dot takes. */
static gboolean
has_dot (const Character *character, int line, int column, int scale)
{
  return character->rows[line / scale][column / scale] == '#';
}

static void
draw_cell (Canvas *canvas, Area cell, Style style, gboolean upper, gboolean lower)
{
  if (upper && lower)
    canvas_fill (canvas, cell, BLOCK, style);
  else if (upper)
    canvas_fill (canvas, cell, UPPER_HALF, style);
  else if (lower)
    canvas_fill (canvas, cell, LOWER_HALF, style);
}

static void
draw_character (Canvas *canvas, Area area, Style style, const Character *character, int scale)
{
  for (int row = 0; row < DOTS_DOWN * scale / DOTS_IN_CELL; row++)
    for (int column = 0; column < DOTS_ACROSS * scale; column++) {
      const Area cell = { area.row + row, area.column + column, 1, 1 };

      draw_cell (canvas, cell, style, has_dot (character, DOTS_IN_CELL * row, column, scale),
                 has_dot (character, DOTS_IN_CELL * row + 1, column, scale));
    }
}

gboolean
huge_characters_draw (Canvas *canvas, Area area, Style style, const char *word)
{
  const int width = (int)g_utf8_strlen (word, -1) * PITCH - 1;
  const int rows = DOTS_DOWN / DOTS_IN_CELL;
  int scale;

  if (canvas->ascii || *word == '\0' || !is_drawn_here (word))
    return FALSE;
  scale = MIN (area.width / width, area.height / rows);
  if (scale < 1)
    return FALSE;
  area.row += (area.height - rows * scale) / 2;
  area.column += (area.width - width * scale) / 2;
  for (; *word != '\0'; word = g_utf8_next_char (word)) {
    draw_character (canvas, area, style, character_of (g_utf8_get_char (word)), scale);
    area.column += PITCH * scale;
  }
  return TRUE;
}
