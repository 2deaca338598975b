/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The box in front of everything: a question, fields to fill in, a list to choose from. It is as
 * small as its text, so that the line stays in sight around it, and says which key does what.
 */
#include "ui-tui/language.h"
#include "ui-tui/parts.h"
#include "ui-tui/text.h"
#include "ui-tui/view.h"

#define WIDEST 72
#define NARROWEST 30
#define FRAME 2 /* columns of frame and margin on each side */
#define MOST_LINES 30
#define LABEL_GAP 2
#define LEAST_INPUT 16

/* ---- how large it is ---- */

static const Field *
field_at (const Dialog *dialog, guint index)
{
  return g_ptr_array_index (dialog->fields, index);
}

static guint
n_fields (const Dialog *dialog)
{
  return dialog->fields != NULL ? dialog->fields->len : 0;
}

static guint
n_choices (const Dialog *dialog)
{
  return dialog->choices != NULL ? g_strv_length (dialog->choices) : 0;
}

static int
widest_label (const Dialog *dialog)
{
  int widest = 0;

  for (guint i = 0; i < n_fields (dialog); i++)
    widest = MAX (widest, text_width (_ (field_at (dialog, i)->label)));
  return widest;
}

static int
widest_line (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "", "\n", -1);
  int widest = 0;

  for (char **line = lines; *line != NULL; line++)
    widest = MAX (widest, text_width (*line));
  return widest;
}

/* Which keys do what here; translated. Free with g_free(). */
static char *
keys_words (const Dialog *dialog)
{
  const char *enter = key_name (REQUEST_ENTER), *back = key_name (REQUEST_BACK);

  switch (dialog->kind) {
  case DIALOG_CONFIRM:
    return g_strdup_printf (_ ("%s: yes, do it   %s: no"), enter, back);
  case DIALOG_INPUT:
    return g_strdup_printf (_ ("%s: go on   %s: leave"), enter, back);
  case DIALOG_SUPERVISOR:
    if (dialog->field > 0)
      return g_strdup_printf (_ ("Type the PIN, then %s   %s: leave"), enter, back);
    return g_strdup_printf (_ ("Scan the badge, or type and press %s   %s: leave"), enter, back);
  case DIALOG_FORM:
    return g_strdup_printf (_ ("%s: next field, after the last: done   %s: leave"), enter, back);
  case DIALOG_CHOICE:
    return g_strdup_printf (_ ("%s %s: choose   %s: take it   %s: leave"), key_name (REQUEST_UP),
                            key_name (REQUEST_DOWN), enter, back);
  case DIALOG_WAIT:
    return g_strdup_printf (_ ("%s: stop waiting"), back);
  case DIALOG_MESSAGE:
    return g_strdup (_ ("Any key or scan goes on."));
  case DIALOG_NONE:
  case DIALOG_HELP:
    break;
  }
  return g_strdup ("");
}

static int
wanted_width (const Dialog *dialog)
{
  g_autofree char *keys = keys_words (dialog);
  int width = MAX (widest_line (dialog->text), text_width (keys));

  width = MAX (width, widest_line (dialog->problem));
  width = MAX (width, text_width (or_dash (dialog->title)) + 2);
  for (guint i = 0; i < n_choices (dialog); i++)
    width = MAX (width, text_width (dialog->choices[i]) + 4);
  for (guint i = 0; i < n_fields (dialog); i++)
    width = MAX (width, widest_label (dialog) + LABEL_GAP
                            + MAX (LEAST_INPUT, text_width (field_at (dialog, i)->value->str) + 1));
  return CLAMP (width, NARROWEST, WIDEST);
}

static int
text_lines (const char *text, int width)
{
  return text != NULL && *text != '\0' ? paragraph_lines (text, width, MOST_LINES) : 0;
}

/* Lines between the frame's upper and lower edge; a blank one stands between parts. */
static int
wanted_lines (const Dialog *dialog, int width)
{
  g_autofree char *keys = keys_words (dialog);
  const int text = text_lines (dialog->text, width);
  const int middle = (int)n_fields (dialog) + (int)n_choices (dialog);
  const int problem = text_lines (dialog->problem, width);

  return text + (middle > 0 ? middle + (text > 0) : 0) + (problem > 0 ? problem + 1 : 0) + 1
         + text_lines (keys, width);
}

static Area
box_area (const Dialog *dialog, const Canvas *canvas)
{
  const int width = MIN (wanted_width (dialog) + 2 * FRAME, canvas->width);
  const int lines = wanted_lines (dialog, MAX (width - 2 * FRAME, 1));
  const int height = MIN (lines + 2, canvas->height);

  return (Area){ (canvas->height - height) / 2, (canvas->width - width) / 2, height, width };
}

/* ---- fields ---- */

static char *
stars (const char *text)
{
  return g_strnfill ((gsize)g_utf8_strlen (text, -1), '*');
}

/* The end of a text that is too long for its field: one types there. */
static const char *
visible_end (const char *text, int width)
{
  while (*text != '\0' && text_width (text) > width)
    text = g_utf8_next_char (text);
  return text;
}

static void
draw_choices_field (Canvas *canvas, Area input, const Field *field, gboolean current)
{
  const int used = canvas_printf (canvas, input, 0, 0, -1, current ? STYLE_INPUT : STYLE_DIALOG,
                                  current ? "< %s >" : "  %s", _ (field->value->str));

  if (current)
    canvas_printf (canvas, input, 0, used + 2, -1, STYLE_LABEL, _ ("%s %s: choose"),
                   key_name (REQUEST_LEFT), key_name (REQUEST_RIGHT));
}

static void
draw_text_field (Canvas *canvas, Area input, const Field *field, gboolean current)
{
  g_autofree char *hidden = stars (field->value->str);
  const char *text = visible_end (field->hidden ? hidden : field->value->str, input.width - 1);
  int used;

  canvas_fill (canvas, input, current ? ' ' : '.', current ? STYLE_INPUT : STYLE_DIALOG);
  used = canvas_text (canvas, input, 0, 0, -1, current ? STYLE_INPUT : STYLE_DIALOG, text);
  if (!current)
    return;
  canvas->cursor_row = input.row;
  canvas->cursor_column = input.column + MIN (used, input.width - 1);
}

static void
draw_field (Canvas *canvas, Area area, int row, const Dialog *dialog, guint index)
{
  const Field *field = field_at (dialog, index);
  const gboolean current = index == dialog->field;
  const int start = widest_label (dialog) + LABEL_GAP;
  const Area input = { area.row + row, area.column + start, 1, MAX (area.width - start, 1) };

  if (row >= area.height)
    return;
  canvas_text (canvas, area, row, 0, start - 1, current ? STYLE_STRONG : STYLE_DIALOG,
               _ (field->label));
  if (field->choices != NULL)
    draw_choices_field (canvas, input, field, current);
  else
    draw_text_field (canvas, input, field, current);
}

/* The first of `all` lines that is drawn, so that the current one is in sight. */
static guint
first_in_sight (guint current, guint all, guint room)
{
  if (all <= room || current < room)
    return 0;
  return MIN (current - room + 1, all - room);
}

static int
draw_fields (Canvas *canvas, Area area, int row, const Dialog *dialog, guint room)
{
  const guint first = first_in_sight (dialog->field, n_fields (dialog), room);

  for (guint i = first; i < n_fields (dialog) && i < first + room; i++)
    draw_field (canvas, area, row++, dialog, i);
  return row;
}

static int
draw_choices (Canvas *canvas, Area area, int row, const Dialog *dialog, guint room)
{
  const guint first = first_in_sight (dialog->field, n_choices (dialog), room);

  for (guint i = first; i < n_choices (dialog) && i < first + room; i++) {
    const gboolean current = i == dialog->field;

    canvas_printf (canvas, area, row, 0, -1, current ? STYLE_SELECTED : STYLE_DIALOG, "%s %s",
                   current ? ">" : " ", dialog->choices[i]);
    row++;
  }
  return row;
}

/* ---- all ---- */

static void
draw_frame (Canvas *canvas, Area box, const Dialog *dialog)
{
  canvas_fill (canvas, box, ' ', STYLE_DIALOG);
  canvas_box (canvas, box, BOX_DOUBLE, STYLE_DIALOG);
  if (dialog->title != NULL)
    canvas_printf (canvas, box, 0, 2, MAX (box.width - 4, 0), STYLE_STRONG, " %s ", dialog->title);
}

static void
draw_inside (Canvas *canvas, Area area, const Dialog *dialog)
{
  g_autofree char *keys = keys_words (dialog);
  const int below = text_lines (dialog->problem, area.width) + text_lines (keys, area.width);
  const int middle = (int)n_fields (dialog) + (int)n_choices (dialog);
  const int text_room = MAX (area.height - below - MIN (middle, 2), 1);
  int row = 0, room;

  if (text_lines (dialog->text, area.width) > 0)
    row = canvas_paragraph (canvas, area_top (area, text_room), 0, STYLE_DIALOG, dialog->text);
  if (row > 0 && row + 1 + middle + below <= area.height)
    row++;
  room = CLAMP (area.height - row - below, 0, middle);
  row = draw_fields (canvas, area, row, dialog, (guint)room);
  row = draw_choices (canvas, area, row, dialog, (guint)room);
  row = MAX (row, area.height - below - (dialog->problem != NULL ? 1 : 0));
  if (dialog->problem != NULL)
    canvas_paragraph (canvas, area, MIN (row, area.height - below), STYLE_ALARM, dialog->problem);
  canvas_paragraph (canvas, area, area.height - text_lines (keys, area.width), STYLE_LABEL, keys);
}

void
dialog_draw (Model *model, Canvas *canvas)
{
  const Dialog *dialog = &model->dialog;
  Area box;

  if (dialog->kind == DIALOG_NONE)
    return;
  if (dialog->kind == DIALOG_HELP) {
    help_draw (model, canvas, canvas_area (canvas));
    return;
  }
  box = box_area (dialog, canvas);
  canvas->cursor_row = -1; /* what is behind it takes no typing */
  draw_frame (canvas, box, dialog);
  draw_inside (canvas, area_inside (box, 1, FRAME), dialog);
}
