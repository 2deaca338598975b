/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The card as text: two modules of a bar in one character, so that the longest code fits in 80
 * columns.
 */
#include <string.h>

#include "ui-tui/card/card.h"

#define BAR_LINES 3

/* Bars must be dark on light to be read, whatever the terminal's own colours: this is no
 * decoration, so NO_COLOR does not ask it away. */
#define DARK_ON_LIGHT "\033[30;47m"
#define AS_BEFORE "\033[0m"

static const char *
half_blocks (char left, char right)
{
  if (left == '#')
    return right == '#' ? "█" : "▌";
  return right == '#' ? "▐" : " ";
}

static void
append_bars (GString *text, const char *modules, gboolean on_terminal)
{
  g_autoptr (GString) line = g_string_new (NULL);

  for (const char *at = modules; *at != '\0'; at += at[1] == '\0' ? 1 : 2)
    g_string_append (line, half_blocks (at[0], at[1]));
  for (guint i = 0; i < BAR_LINES; i++)
    g_string_append_printf (text, "%s%s%s\n", on_terminal ? DARK_ON_LIGHT : "", line->str,
                            on_terminal ? AS_BEFORE : "");
}

/* "Pause (supervisor)"; free with g_free(). */
static char *
words_of (const Card *card, const CardEntry *entry)
{
  return entry->supervisor ? g_strdup_printf ("%s (%s)", entry->label, card->supervisor_mark)
                           : g_strdup (entry->label);
}

static gboolean
append_entry (GString *text, const Card *card, const CardEntry *entry, gboolean on_terminal,
              GError **error)
{
  g_autofree char *words = words_of (card, entry);
  g_autofree char *modules = card_modules (entry->code, error);

  if (modules == NULL)
    return FALSE;
  g_string_append_printf (text, "\n%s\n", words);
  append_bars (text, modules, on_terminal);
  g_string_append_printf (text, "%*s%s\n", (int)CARD_QUIET_MODULES / 2, "", entry->code);
  return TRUE;
}

char *
card_text (const Card *card, gboolean on_terminal, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text, "%s\n", card->title);
  for (guint i = 0; i < card->groups->len; i++) {
    const CardGroup *group = g_ptr_array_index (card->groups, i);
    g_string_append_printf (text, "\n\n== %s ==\n", group->title);
    for (guint j = 0; j < group->entries->len; j++)
      if (!append_entry (text, card, g_ptr_array_index (group->entries, j), on_terminal, error))
        return NULL;
  }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
card_ascii (const Card *card)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < card->groups->len; i++) {
    const CardGroup *group = g_ptr_array_index (card->groups, i);
    for (guint j = 0; j < group->entries->len; j++) {
      const CardEntry *entry = g_ptr_array_index (group->entries, j);
      g_autofree char *words = words_of (card, entry);
      g_autofree char *ascii = g_str_to_ascii (words, card->language);
      g_string_append_printf (text, "%-12s %s\n", entry->code, ascii);
    }
  }
  return g_string_free (g_steal_pointer (&text), FALSE);
}
