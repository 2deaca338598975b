/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See pages.h.
 */
#include "station/cli/pages.h"

#include <stdio.h>
#include <string.h>

#include "station/cli/arguments.h"

#define PAGE 250u

/* ---- one page after the other ---- */

typedef struct {
  const Cli *cli;
  const PagedList *list;
  char *marker; /* of the next page; NULL at the beginning */
  gboolean ended;
} Pages;

static void
pages_clear (Pages *pages)
{
  g_clear_pointer (&pages->marker, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pages, pages_clear)

static GVariant *
page_filter (const Pages *pages, guint most)
{
  GVariantDict filter;

  g_variant_dict_init (&filter, pages->list->filter);
  g_variant_dict_insert (&filter, "limit", "u", most);
  if (pages->marker != NULL)
    g_variant_dict_insert (&filter, "marker", "s", pages->marker);
  return g_variant_dict_end (&filter);
}

/* At most `most` records; NULL with error. */
static GVariant *
next_page (Pages *pages, guint most, GError **error)
{
  g_autofree char *next = NULL;
  GVariant *records = NULL;

  if (!pages->list->call (pages->cli->api, page_filter (pages, most), &records, &next, error))
    return NULL;
  g_free (pages->marker);
  pages->marker = g_steal_pointer (&next);
  pages->ended = *pages->marker == '\0';
  return records;
}

static gboolean
is_kept (const PagedList *list, GVariant *record)
{
  return list->keep == NULL || list->keep (record, list->data);
}

static GVariant *
only_kept (const PagedList *list, GVariant *records)
{
  GVariantBuilder kept;

  g_variant_builder_init (&kept, G_VARIANT_TYPE ("aa{sv}"));
  for (gsize i = 0; i < g_variant_n_children (records); i++) {
    g_autoptr (GVariant) record = g_variant_get_child_value (records, i);
    if (is_kept (list, record))
      g_variant_builder_add_value (&kept, record);
  }
  return g_variant_ref_sink (g_variant_builder_end (&kept));
}

gboolean
pages_each (const Cli *cli, const PagedList *list,
            gboolean (*take) (GVariant *record, gpointer data, GError **error), gpointer data,
            GError **error)
{
  g_auto (Pages) pages = { .cli = cli, .list = list };

  while (!pages.ended) {
    g_autoptr (GVariant) records = next_page (&pages, PAGE, error);
    if (records == NULL)
      return FALSE;
    for (gsize i = 0; i < g_variant_n_children (records); i++) {
      g_autoptr (GVariant) record = g_variant_get_child_value (records, i);
      if (is_kept (list, record) && !take (record, data, error))
        return FALSE;
    }
  }
  return TRUE;
}

static gboolean
add_record (GVariant *record, gpointer data, GError **error)
{
  g_variant_builder_add_value (data, record);
  return TRUE;
}

GVariant *
pages_gather (const Cli *cli, const PagedList *list, GError **error)
{
  g_auto (GVariantBuilder) records;

  g_variant_builder_init (&records, G_VARIANT_TYPE ("aa{sv}"));
  if (!pages_each (cli, list, add_record, &records, error))
    return NULL;
  return g_variant_builder_end (&records);
}

/* ---- printing ---- */

/* "[", then each record on lines of its own. */
static void
print_json_page (GVariant *records, gboolean *first)
{
  for (gsize i = 0; i < g_variant_n_children (records); i++) {
    g_autoptr (GVariant) record = g_variant_get_child_value (records, i);
    g_autofree char *text = json_text (record, TRUE);
    g_strchomp (text);
    printf ("%s\n%s", *first ? "" : ",", text);
    *first = FALSE;
  }
}

static void
print_page (const Pages *pages, GVariant *records, gboolean *first)
{
  Cli shown = *pages->cli;

  if (shown.options.json) {
    print_json_page (records, first);
    return;
  }
  shown.options.no_headings = shown.options.no_headings || !*first;
  cli_print_records (&shown, records, pages->list->fields);
  if (g_variant_n_children (records) > 0)
    *first = FALSE;
}

static gboolean
print_pages (Pages *pages, guint64 left, GError **error)
{
  gboolean first = TRUE;

  while (!pages->ended && left > 0) {
    g_autoptr (GVariant) records = next_page (pages, (guint)MIN (left, PAGE), error);
    g_autoptr (GVariant) kept = NULL;
    if (records == NULL)
      return FALSE;
    left -= MIN (left, g_variant_n_children (records));
    kept = only_kept (pages->list, records);
    print_page (pages, kept, &first);
  }
  return TRUE;
}

gboolean
pages_print (const Cli *cli, const PagedList *list, GError **error)
{
  g_auto (Pages) pages = { .cli = cli, .list = list };
  const guint64 limit = cli->options.limit > 0 ? (guint64)cli->options.limit : G_MAXUINT64;

  if (!argument_text (cli->options.marker, error))
    return FALSE;
  pages.marker = g_strdup (cli->options.marker);
  if (cli->options.json)
    putchar ('[');
  if (!print_pages (&pages, limit, error))
    return FALSE;
  if (cli->options.json)
    puts ("\n]");
  if (!pages.ended)
    fprintf (stderr, "There is more: --marker %s\n", pages.marker);
  return TRUE;
}
