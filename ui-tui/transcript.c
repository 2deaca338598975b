/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See transcript.h. Long lines go on in the next one: an engineer reads every byte.
 */
#include "ui-tui/transcript.h"

#include "ui-tui/language.h"
#include "ui-tui/parts.h"
#include "ui-tui/text.h"

/* How many bytes of `line` fit in `width` columns; at least one character. */
static gsize
bytes_that_fit (const char *line, int width)
{
  const char *end = line;
  int columns = 0;

  while (*end != '\0') {
    columns += glyph_width (g_utf8_get_char (end));
    if (columns > width && end > line)
      break;
    end = g_utf8_next_char (end);
  }
  return (gsize)(end - line);
}

static void
add_broken_line (GPtrArray *lines, const char *line, int width)
{
  do {
    const gsize bytes = bytes_that_fit (line, width);

    g_ptr_array_add (lines, g_strndup (line, bytes));
    line += bytes;
  } while (*line != '\0');
}

/* Of char *, none wider than `width`. */
static GPtrArray *
break_lines (const char *text, int width)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func (g_free);
  g_auto (GStrv) whole = g_strsplit (text, "\n", -1);

  for (char **line = whole; *line != NULL; line++)
    if (line[0][0] != '\0' || line[1] != NULL)
      add_broken_line (lines, *line, width);
  return lines;
}

static void
draw_title (Canvas *canvas, Area area, const Model *model, const AttemptLine *attempt)
{
  g_autofree char *when = date_words (attempt->started_at);
  g_autofree char *title =
      g_strdup_printf (_ ("What was said: %s, slot %s, %s"), or_dash (model->detail.wanted),
                       or_dash (attempt->slot), when);
  g_autofree char *back = g_strdup_printf (_ ("%s goes back"), key_name (REQUEST_TRANSCRIPT));

  heading_draw (canvas, area, 0, title, back);
}

static void
draw_lines (Model *model, Canvas *canvas, Area area, const char *text)
{
  g_autoptr (GPtrArray) lines = break_lines (text, MAX (area.width - 1, 1));
  const guint visible = (guint)MAX (area.height - 2, 1);
  const guint last_top = lines->len > visible ? lines->len - visible : 0;
  guint end;

  model->transcript_top = MIN (model->transcript_top, last_top);
  end = MIN (model->transcript_top + visible, lines->len);
  for (guint i = model->transcript_top; i < end; i++)
    canvas_text (canvas, area, 1 + (int)(i - model->transcript_top), 1, -1, STYLE_NORMAL,
                 g_ptr_array_index (lines, i));
  if (last_top > 0)
    canvas_printf (canvas, area, area.height - 1, 1, -1, STYLE_QUIET,
                   _ ("lines %u to %u of %u; %s and %s turn the page"), model->transcript_top + 1,
                   end, lines->len, key_name (REQUEST_PAGE_DOWN), key_name (REQUEST_PAGE_UP));
}

void
transcript_draw (Model *model, Canvas *canvas, Area area)
{
  const AttemptLine *attempt = model_selected_attempt (model);

  if (attempt == NULL) {
    canvas_text (canvas, area, 1, 1, -1, STYLE_NORMAL, _ ("This unit was never tried here."));
    return;
  }
  draw_title (canvas, area, model, attempt);
  if (attempt->transcript == NULL)
    canvas_text (canvas, area, 1, 1, -1, STYLE_NORMAL, _ ("The station is being asked."));
  else if (*attempt->transcript == '\0')
    canvas_text (canvas, area, 1, 1, -1, STYLE_NORMAL, _ ("Nothing was kept of this attempt."));
  else
    draw_lines (model, canvas, area, attempt->transcript);
}
