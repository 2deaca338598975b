/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the card shows, and where on its sheets. Draws nothing.
 */
#include "ui-tui/card/card.h"

#include "ui-tui/keys.h"
#include "ui-tui/language.h"

static void
entry_free (CardEntry *entry)
{
  g_free (entry->code);
  g_free (entry->label);
  g_free (entry->help);
  g_free (entry);
}

static void
group_free (CardGroup *group)
{
  g_free (group->title);
  g_ptr_array_unref (group->entries);
  g_free (group);
}

void
card_free (Card *card)
{
  g_free (card->title);
  g_free (card->supervisor_mark);
  g_ptr_array_unref (card->groups);
  g_free (card);
}

static CardGroup *
add_group (Card *card, const char *title)
{
  CardGroup *group = g_new0 (CardGroup, 1);

  group->title = g_strdup (title);
  group->entries = g_ptr_array_new_with_free_func ((GDestroyNotify)entry_free);
  g_ptr_array_add (card->groups, group);
  return group;
}

static CardEntry *
add_entry (CardGroup *group, const char *code, const char *label)
{
  CardEntry *entry = g_new0 (CardEntry, 1);

  entry->code = g_strdup (code);
  entry->label = g_strdup (label);
  g_ptr_array_add (group->entries, entry);
  return entry;
}

/* ---- groups ---- */

#define EVERYWHERE N_VIEWS

/* The view that a code is for: the first of its views, or EVERYWHERE where most have it. */
static guint
home_of_key (const Key *key)
{
  guint n = 0, first = EVERYWHERE;

  for (guint view = 0; view < N_VIEWS; view++) {
    if ((key->views & IN_VIEW (view)) == 0)
      continue;
    first = n == 0 ? view : first;
    n++;
  }
  return n > N_VIEWS / 2 ? EVERYWHERE : first;
}

static const char *
title_of_home (guint home)
{
  return home == EVERYWHERE ? _ ("Everywhere")
                            : _ (key_of_request (request_of_view ((ViewKind)home))->label);
}

static void
add_home (Card *card, guint home)
{
  CardGroup *group = NULL;

  for (const Key *key = key_table; key->request != REQUEST_NONE; key++) {
    if (key->code == NULL || home_of_key (key) != home)
      continue;
    if (group == NULL)
      group = add_group (card, title_of_home (home));
    CardEntry *entry = add_entry (group, key->code, _ (key->label));
    entry->help = key->help == NULL ? NULL : g_strdup (_ (key->help));
    entry->supervisor = key->supervisor;
  }
}

static void
add_slots (Card *card, guint slots)
{
  CardGroup *group = slots == 0 ? NULL : add_group (card, _ ("Choose a slot"));

  for (guint slot = 1; slot <= slots; slot++) {
    g_autofree char *code = code_of_slot (slot);
    g_autofree char *label = g_strdup_printf (_ ("Slot %u"), slot);
    add_entry (group, code, label);
  }
}

/* The line first, as it is what operators look at; then what works in every view. */
Card *
card_new (guint slots, const char *language)
{
  Card *card = g_new0 (Card, 1);

  card->title = g_strdup (_ ("Keycradle: control barcodes"));
  card->supervisor_mark = g_strdup (_ ("supervisor"));
  card->language = language;
  card->groups = g_ptr_array_new_with_free_func ((GDestroyNotify)group_free);
  add_home (card, VIEW_LINE);
  add_home (card, EVERYWHERE);
  for (guint view = VIEW_LINE + 1; view < N_VIEWS; view++)
    add_home (card, view);
  add_slots (card, slots);
  return card;
}

/* ---- places ---- */

typedef struct {
  const CardSheet *sheet;
  GArray *places;
  guint page;
  int y;
} Pen;

static int
top_of (const CardSheet *sheet)
{
  return sheet->margin + sheet->title_height;
}

/* To the next sheet, unless `height` still fits on this one. TRUE where it turned. */
static gboolean
make_room (Pen *pen, int height)
{
  const CardSheet *sheet = pen->sheet;

  if (pen->y + height <= sheet->height - sheet->margin || pen->y == top_of (sheet))
    return FALSE;
  pen->page++;
  pen->y = top_of (sheet);
  return TRUE;
}

static void
put (Pen *pen, int column, const CardGroup *group, const CardEntry *entry)
{
  const CardSheet *sheet = pen->sheet;
  const int inside = sheet->width - 2 * sheet->margin;
  const int width = entry == NULL ? inside : inside / sheet->columns;
  const CardPlace place = {
    pen->page, sheet->margin + column * width, pen->y, width, group, entry
  };

  g_array_append_val (pen->places, place);
}

static void
put_heading (Pen *pen, const CardGroup *group)
{
  put (pen, 0, group, NULL);
  pen->y += pen->sheet->heading_height;
}

static void
put_group (Pen *pen, const CardGroup *group)
{
  const CardSheet *sheet = pen->sheet;
  const guint columns = (guint)sheet->columns;

  make_room (pen, sheet->heading_height + sheet->entry_height);
  put_heading (pen, group);
  for (guint i = 0; i < group->entries->len; i++) {
    const guint column = i % columns;
    if (i > 0 && column == 0) {
      pen->y += sheet->entry_height;
      if (make_room (pen, sheet->entry_height))
        put_heading (pen, group);
    }
    put (pen, (int)column, group, g_ptr_array_index (group->entries, i));
  }
  pen->y += sheet->entry_height;
}

GArray *
card_place (const Card *card, const CardSheet *sheet)
{
  Pen pen = { sheet, g_array_new (FALSE, FALSE, sizeof (CardPlace)), 0, top_of (sheet) };

  for (guint i = 0; i < card->groups->len; i++)
    put_group (&pen, g_ptr_array_index (card->groups, i));
  return pen.places;
}
