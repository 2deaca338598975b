/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See line-signals.h. The first change after a quiet moment is told at once; a pause follows, at
 * whose end what changed meanwhile is told.
 */
#include "station/line-signals.h"

#include "station/records.h"

#define PAUSE 60 /* milliseconds: a screen that draws it then is still in time */

struct LineSignals {
  LineTell tell;
  gpointer data;
  GHashTable *told;    /* Slot → its record as it was told last */
  GHashTable *changed; /* Slots that are to be told */
  guint timer;
};

/* A key that is gone can't be told as a difference. */
static gboolean
lacks_key (GVariant *record, GVariant *before)
{
  GVariantIter iterator;
  const char *key;
  GVariant *value;

  g_variant_iter_init (&iterator, before);
  while (g_variant_iter_next (&iterator, "{&sv}", &key, &value)) {
    g_autoptr (GVariant) then G_GNUC_UNUSED = value;
    g_autoptr (GVariant) now = g_variant_lookup_value (record, key, NULL);

    if (now == NULL)
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_news (GVariant *before, const char *key, GVariant *value)
{
  g_autoptr (GVariant) then = g_variant_lookup_value (before, key, NULL);

  return then == NULL || !g_variant_equal (then, value);
}

/* With "partial", so that a reader keeps what is not in it; NULL where nothing is new. Floating. */
static GVariant *
difference (const Slot *slot, GVariant *record, GVariant *before)
{
  GVariantDict news;
  GVariantIter iterator;
  const char *key;
  GVariant *value;
  guint count = 0;

  g_variant_dict_init (&news, NULL);
  g_variant_iter_init (&iterator, record);
  while (g_variant_iter_next (&iterator, "{&sv}", &key, &value)) {
    if (is_news (before, key, value)) {
      g_variant_dict_insert_value (&news, key, value);
      count++;
    }
    g_variant_unref (value);
  }
  if (count == 0) {
    g_variant_dict_clear (&news);
    return NULL;
  }
  g_variant_dict_insert (&news, "slot", "u", slot->config->number);
  g_variant_dict_insert (&news, "partial", "b", TRUE);
  return g_variant_dict_end (&news);
}

static void
add_slot (LineSignals *signals, GVariantBuilder *records, const Slot *slot)
{
  GVariant *record = g_variant_ref_sink (record_slot (slot));
  GVariant *before = g_hash_table_lookup (signals->told, slot);
  GVariant *news =
      before != NULL && !lacks_key (record, before) ? difference (slot, record, before) : record;

  if (news != NULL)
    g_variant_builder_add_value (records, news);
  g_hash_table_replace (signals->told, (gpointer)slot, record);
}

void
line_signals_flush (LineSignals *signals)
{
  g_auto (GVariantBuilder) records = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  g_autoptr (GVariant) list = NULL;
  GHashTableIter iterator;
  gpointer slot;

  g_hash_table_iter_init (&iterator, signals->changed);
  while (g_hash_table_iter_next (&iterator, &slot, NULL))
    add_slot (signals, &records, slot);
  g_hash_table_remove_all (signals->changed);
  list = g_variant_ref_sink (g_variant_builder_end (&records));
  signals->tell (list, signals->data);
}

static gboolean
handle_pause_over (gpointer data)
{
  LineSignals *signals = data;

  const gboolean goes_on = g_hash_table_size (signals->changed) > 0;

  line_signals_flush (signals);
  if (!goes_on)
    signals->timer = 0;
  return goes_on;
}

void
line_signals_changed (LineSignals *signals, const Slot *slot)
{
  g_hash_table_add (signals->changed, (gpointer)slot);
  if (signals->timer != 0)
    return;
  signals->timer = g_timeout_add (PAUSE, handle_pause_over, signals);
  line_signals_flush (signals);
}

gboolean
line_signals_is_waiting (const LineSignals *signals)
{
  return signals->timer != 0;
}

void
line_signals_forget (LineSignals *signals)
{
  g_hash_table_remove_all (signals->changed);
  g_hash_table_remove_all (signals->told);
}

LineSignals *
line_signals_new (LineTell tell, gpointer data)
{
  LineSignals *signals = g_new0 (LineSignals, 1);

  signals->tell = tell;
  signals->data = data;
  signals->told = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)g_variant_unref);
  signals->changed = g_hash_table_new (NULL, NULL);
  return signals;
}

void
line_signals_free (LineSignals *signals)
{
  if (signals == NULL)
    return;
  g_clear_handle_id (&signals->timer, g_source_remove);
  g_hash_table_unref (signals->told);
  g_hash_table_unref (signals->changed);
  g_free (signals);
}
