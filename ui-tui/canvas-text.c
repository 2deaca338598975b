/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Text on the canvas. It becomes a run of what is really drawn first (composed, in ASCII where the
 * terminal knows nothing else), so that everything below measures what stands there in the end.
 */
#include <string.h>

#include "ui-tui/canvas-private.h"
#include "ui-tui/text.h"

#define ELLIPSIS 0x2026

static void
run_append_ascii (GArray *run, gunichar glyph)
{
  for (const char *letter = glyph_to_ascii (glyph); *letter != '\0'; letter++) {
    const gunichar character = (gunichar)*letter;

    g_array_append_val (run, character);
  }
}

/* What is drawn for `text`, of gunichar; with line feeds where `lines` says so. */
static GArray *
run_new (const Canvas *canvas, const char *text, gboolean lines)
{
  GArray *run = g_array_new (FALSE, FALSE, sizeof (gunichar));
  glong length;
  g_autofree gunichar *glyphs = text_glyphs (text, &length);

  for (glong i = 0; i < length; i++)
    if (canvas->ascii && glyphs[i] >= 0x7f)
      run_append_ascii (run, glyphs[i]);
    else if (glyph_width (glyphs[i]) > 0 || (lines && glyphs[i] == '\n'))
      g_array_append_val (run, glyphs[i]);
  return run;
}

static gunichar
run_glyph (const GArray *run, guint i)
{
  return g_array_index (run, gunichar, i);
}

static int
run_width (const GArray *run, guint start, guint end)
{
  int width = 0;

  for (guint i = start; i < end; i++)
    width += glyph_width (run_glyph (run, i));
  return width;
}

/* Where the run must end so that an ellipsis stands within `width` behind it. */
static guint
run_cut (const GArray *run, guint start, int width)
{
  guint end = start;
  int used = 0;

  for (; end < run->len; end++) {
    used += glyph_width (run_glyph (run, end));
    if (used > width - 1)
      break;
  }
  return end;
}

static int
draw_glyphs (Canvas *canvas, Area area, int row, int column, Style style, const GArray *run,
             guint start, guint end)
{
  const Area clip = canvas_clip (canvas, area);
  const int first = column;

  for (guint i = start; i < end; i++) {
    const gunichar glyph = run_glyph (run, i);

    canvas_put (canvas, clip, area.row + row, area.column + column, glyph, style);
    column += glyph_width (glyph);
  }
  return column - first;
}

/* Draws the run from `start` to `end`, cut to `width` and to what is there of the area. */
static int
draw_run (Canvas *canvas, Area area, int row, int column, int width, Style style, const GArray *run,
          guint start, guint end)
{
  const int room = MIN (area.width, canvas->width - area.column) - column;
  const gunichar ellipsis = canvas->ascii ? '~' : ELLIPSIS;
  int used;

  width = width < 0 ? room : MIN (width, room);
  if (width <= 0)
    return 0;
  if (run_width (run, start, end) <= width)
    return draw_glyphs (canvas, area, row, column, style, run, start, end);
  end = run_cut (run, start, width);
  used = draw_glyphs (canvas, area, row, column, style, run, start, end);
  canvas_put (canvas, canvas_clip (canvas, area), area.row + row, area.column + column + used,
              ellipsis, style);
  return used + 1;
}

int
canvas_text (Canvas *canvas, Area area, int row, int column, int width, Style style,
             const char *text)
{
  g_autoptr (GArray) run = run_new (canvas, text, FALSE);

  return draw_run (canvas, area, row, column, width, style, run, 0, run->len);
}

int
canvas_printf (Canvas *canvas, Area area, int row, int column, int width, Style style,
               const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return canvas_text (canvas, area, row, column, width, style, text);
}

int
canvas_text_width (const Canvas *canvas, const char *text)
{
  g_autoptr (GArray) run = run_new (canvas, text, FALSE);

  return run_width (run, 0, run->len);
}

int
canvas_text_right (Canvas *canvas, Area area, int row, Style style, const char *text)
{
  g_autoptr (GArray) run = run_new (canvas, text, FALSE);
  const int column = MAX (area.width - run_width (run, 0, run->len), 0);

  return draw_run (canvas, area, row, column, -1, style, run, 0, run->len);
}

int
canvas_text_middle (Canvas *canvas, Area area, int row, Style style, const char *text)
{
  g_autoptr (GArray) run = run_new (canvas, text, FALSE);
  const int column = MAX ((area.width - run_width (run, 0, run->len)) / 2, 0);

  return draw_run (canvas, area, row, column, -1, style, run, 0, run->len);
}

/* ---- paragraphs ---- */

/* Marks that never begin a line in Chinese. */
static gboolean
is_closing (gunichar glyph)
{
  static const gunichar marks[] = { 0x3001, 0x3002, 0x300b, 0x300d, 0x300f, 0x3011, 0xff01,
                                    0xff09, 0xff0c, 0xff1a, 0xff1b, 0xff1f, 0x201d, 0x2019 };

  for (gsize i = 0; i < G_N_ELEMENTS (marks); i++)
    if (marks[i] == glyph)
      return TRUE;
  return FALSE;
}

/* May a line end in front of character `i`? */
static gboolean
may_break (const GArray *run, guint i)
{
  const gunichar before = run_glyph (run, i - 1), after = run_glyph (run, i);

  if (before == ' ')
    return TRUE;
  return (glyph_width (before) == 2 || glyph_width (after) == 2) && !is_closing (after);
}

/* The end of the line that starts at `start`; a word that is too long for any line is broken. */
static guint
line_end (const GArray *run, guint start, int width)
{
  guint last = 0;
  int used = 0;

  for (guint i = start; i < run->len; i++) {
    const gunichar glyph = run_glyph (run, i);

    if (glyph == '\n')
      return i;
    if (i > start && may_break (run, i))
      last = i;
    if (glyph != ' ' && used + glyph_width (glyph) > width)
      return last > start ? last : MAX (i, start + 1);
    used += glyph_width (glyph);
  }
  return run->len;
}

/* Blanks at the end of a line are not part of it. */
static guint
without_blanks (const GArray *run, guint start, guint end)
{
  while (end > start && run_glyph (run, end - 1) == ' ')
    end--;
  return end;
}

/* Where the line behind one that ended at `end` begins. */
static guint
next_line (const GArray *run, guint end)
{
  while (end < run->len && run_glyph (run, end) == ' ')
    end++;
  return end < run->len && run_glyph (run, end) == '\n' ? end + 1 : end;
}

/* What is left is drawn as one line, which cuts it. */
static void
join_lines (GArray *run, guint start)
{
  for (guint i = start; i < run->len; i++)
    if (run_glyph (run, i) == '\n')
      g_array_index (run, gunichar, i) = ' ';
}

int
canvas_paragraph (Canvas *canvas, Area area, int row, Style style, const char *text)
{
  g_autoptr (GArray) run = run_new (canvas, text, TRUE);
  const int width = MIN (area.width, canvas->width - area.column);
  const int last = MIN (area.height, canvas->height - area.row) - 1;
  guint start = 0;
  int used = 0;

  for (; start < run->len && row + used <= last && width > 0; used++) {
    guint end = line_end (run, start, width);

    if (row + used == last && next_line (run, end) < run->len) {
      join_lines (run, start);
      end = run->len;
    }
    draw_run (canvas, area, row + used, 0, width, style, run, start,
              without_blanks (run, start, end));
    start = next_line (run, end);
  }
  return used;
}
