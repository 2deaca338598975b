/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The help, made from the key table: what can be done here, what the words and patterns of the
 * slots mean, and how to do it all with the scanner. As many pages as the terminal needs;
 * dialog.field counts them.
 */
#include "ui-tui/keys.h"
#include "ui-tui/language.h"
#include "ui-tui/parts.h"
#include "ui-tui/text.h"
#include "ui-tui/view.h"

#define KEY_COLUMNS 11
#define TWO_COLUMNS_FROM 120

typedef struct {
  gboolean heading;
  Pattern pattern; /* drawn where the key would stand */
  Style style;
  char *key;
  const char *text; /* translated */
} Entry;

static void
entry_free (Entry *entry)
{
  g_free (entry->key);
  g_free (entry);
}

static void
add (GPtrArray *entries, gboolean heading, char *key, const char *text)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->heading = heading;
  entry->key = key;
  entry->text = text;
  g_ptr_array_add (entries, entry);
}

/* ---- what it says ---- */

/* "F1, ?": twins have no help of their own; "P*" asks for the supervisor, as in the footer. */
static char *
all_key_names (const Key *key, ViewKind view)
{
  GString *names = g_string_new (_ (key->key_name));

  for (const Key *line = key_table; line->request != REQUEST_NONE; line++)
    if (line->request == key->request && line->help == NULL && (line->views & IN_VIEW (view)) != 0)
      g_string_append_printf (names, ", %s", _ (line->key_name));
  if (key->supervisor)
    g_string_append_c (names, '*');
  return g_string_free (names, FALSE);
}

static void
add_keys (GPtrArray *entries, ViewKind view, gboolean everywhere, const char *heading)
{
  add (entries, TRUE, NULL, heading);
  for (const Key *key = key_table; key->request != REQUEST_NONE; key++) {
    if (key->help == NULL || (key->views & IN_VIEW (view)) == 0
        || (key->views == IN_ALL_VIEWS) != everywhere)
      continue;
    add (entries, FALSE, all_key_names (key, view), _ (key->help));
  }
}

static void
add_state (GPtrArray *entries, const char *word, Pattern pattern, Style style, const char *text)
{
  Entry *entry;

  add (entries, FALSE, g_strdup (word), text);
  entry = g_ptr_array_index (entries, entries->len - 1);
  entry->pattern = pattern;
  entry->style = style;
}

/* The words and patterns of tile-face.c. */
static void
add_states (GPtrArray *entries)
{
  add (entries, TRUE, NULL, _ ("What a slot says"));
  add_state (entries, _ ("INSERT"), PATTERN_NONE, STYLE_EMPTY, _ ("Put the next unit in."));
  add_state (entries, _ ("SCAN"), PATTERN_DOT, STYLE_ATTENTION,
             _ ("Dots: scan the serial number of the unit in this slot."));
  add_state (entries, _ ("WAIT"), PATTERN_DOT, STYLE_ATTENTION,
             _ ("Dots: leave the unit in, it waits for a batch to be started."));
  add_state (entries, _ ("BUSY"), PATTERN_NONE, STYLE_WORKING,
             _ ("Leave the unit in; the bar shows how far it is."));
  add_state (entries, _ ("PASS"), PATTERN_SOLID, STYLE_PASS,
             _ ("A full frame: the unit is done. Take it out."));
  add_state (entries, _ ("FAIL"), PATTERN_CROSS, STYLE_FAIL,
             _ ("Crosses: do with the unit what the slot says."));
  add_state (entries, _ ("OFF"), PATTERN_SLASH, STYLE_DISABLED,
             _ ("Strokes: out of service, put no unit in."));
  add_state (entries, _ ("EMPTY"), PATTERN_NONE, STYLE_EMPTY,
             _ ("No batch runs: start one before units are put in."));
}

static GPtrArray *
help_entries (const Model *model)
{
  GPtrArray *entries = g_ptr_array_new_with_free_func ((GDestroyNotify)entry_free);

  add_keys (entries, model->view, FALSE, _ ("Here (* asks for the supervisor)"));
  if (model->view == VIEW_LINE || model->view == VIEW_SLOTS)
    add_states (entries);
  add_keys (entries, model->view, TRUE, _ ("Everywhere"));
  if (model->view != VIEW_LINE && model->view != VIEW_SLOTS)
    add_states (entries);
  add (entries, TRUE, NULL, _ ("With the scanner"));
  add (entries, FALSE, g_strdup (_ ("Card")),
       _ ("'keycradle card' prints a code to scan for each key and slot."));
  return entries;
}

/* ---- where it stands ---- */

/* Where the next entry goes. */
typedef struct {
  Area inside; /* of the box, without the line at its end */
  int columns;
  guint page;
  int column;
  int row;
} Place;

static int
column_width (const Place *place)
{
  return place->inside.width / place->columns;
}

static int
text_columns (const Place *place)
{
  return MAX (column_width (place) - KEY_COLUMNS - 2, 1);
}

static int
entry_lines (const Place *place, const Entry *entry)
{
  return entry->heading ? 1 : MAX (1, paragraph_lines (entry->text, text_columns (place), 5));
}

static void
next_column (Place *place)
{
  place->row = 0;
  if (++place->column < place->columns)
    return;
  place->column = 0;
  place->page++;
}

static void
draw_entry (Canvas *canvas, const Place *place, const Entry *entry)
{
  const Area inside = place->inside;
  Area column = { inside.row, inside.column + place->column * column_width (place), inside.height,
                  column_width (place) };

  if (entry->heading) {
    canvas_text (canvas, column, place->row, 1, column.width - 2, STYLE_STRONG, entry->text);
    return;
  }
  if (entry->pattern != PATTERN_NONE)
    canvas_pattern (canvas,
                    (Area){ column.row + place->row, column.column + 1, 1, KEY_COLUMNS - 1 },
                    entry->pattern, entry->style);
  if (*entry->key != '\0')
    canvas_printf (canvas, column, place->row, 1, KEY_COLUMNS - 1,
                   entry->style != STYLE_NORMAL ? entry->style : STYLE_KEY, "%s ", entry->key);
  column.width = KEY_COLUMNS + 1 + text_columns (place);
  canvas_paragraph (canvas, area_right (column, KEY_COLUMNS + 1), place->row, STYLE_NORMAL,
                    entry->text);
}

/* Lays all entries out, draws those of `page` where there is a canvas; returns how many pages. */
static guint
lay_out (Canvas *canvas, Area inside, const GPtrArray *entries, guint page)
{
  Place place = { .inside = inside, .columns = inside.width >= TWO_COLUMNS_FROM - 2 ? 2 : 1 };

  for (guint i = 0; i < entries->len; i++) {
    const Entry *entry = g_ptr_array_index (entries, i);
    const int lines = entry_lines (&place, entry);
    const int gap = entry->heading && place.row > 0 ? 1 : 0;
    const int needed = gap + lines + (entry->heading ? 1 : 0); /* none stands alone at the end */

    if (place.row > 0 && place.row + needed > inside.height)
      next_column (&place);
    else
      place.row += gap;
    if (canvas != NULL && place.page == page)
      draw_entry (canvas, &place, entry);
    place.row += lines;
  }
  return place.page + 1;
}

static void
draw_end (Canvas *canvas, Area area, guint page, guint pages)
{
  const int last = area.height - 2;

  if (pages == 1)
    canvas_printf (canvas, area, last, 2, -1, STYLE_LABEL, _ ("%s leaves the help."),
                   key_name (REQUEST_BACK));
  else
    canvas_printf (canvas, area, last, 2, -1, STYLE_LABEL,
                   _ ("Page %u of %u: %s shows the next one, %s leaves the help."), page + 1, pages,
                   key_name (REQUEST_PAGE_DOWN), key_name (REQUEST_BACK));
}

void
help_draw (Model *model, Canvas *canvas, Area area)
{
  g_autoptr (GPtrArray) entries = help_entries (model);
  Area inside = area_inside (area, 1, 1);
  guint pages, page;

  canvas_fill (canvas, area, ' ', STYLE_NORMAL);
  canvas_box (canvas, area, BOX_DOUBLE, STYLE_STRONG);
  canvas_printf (canvas, area, 0, 2, area.width - 4, STYLE_STRONG, " %s ", _ ("Help"));
  inside.height = MAX (inside.height - 1, 1);
  pages = lay_out (NULL, inside, entries, 0);
  page = model->dialog.field % pages;
  lay_out (canvas, inside, entries, page);
  draw_end (canvas, area, page, pages);
}
