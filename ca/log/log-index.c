/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See log-index.h: open addressing with linear probing. The keys are hashes already.
 */
#include "ca/log/log-index.h"

#include <string.h>

#define FIRST_SLOTS 1024

typedef struct {
  guint64 prefix;
  guint64 place_plus_one; /* 0: empty */
} Slot;

struct LogIndex {
  Slot *slots;
  gsize n_slots; /* a power of two */
  gsize used;
};

LogIndex *
log_index_new (void)
{
  LogIndex *index = g_new0 (LogIndex, 1);

  index->n_slots = FIRST_SLOTS;
  index->slots = g_new0 (Slot, index->n_slots);
  return index;
}

void
log_index_free (LogIndex *index)
{
  if (index == NULL)
    return;
  g_free (index->slots);
  g_free (index);
}

static guint64
prefix_of (const guint8 *key)
{
  guint64 prefix;

  memcpy (&prefix, key, sizeof prefix);
  return prefix;
}

static void
put (LogIndex *index, Slot slot)
{
  gsize at = slot.prefix & (index->n_slots - 1);

  while (index->slots[at].place_plus_one != 0)
    at = (at + 1) & (index->n_slots - 1);
  index->slots[at] = slot;
}

static void
grow (LogIndex *index)
{
  g_autofree Slot *old = index->slots;
  gsize n_old = index->n_slots;

  index->n_slots *= 2;
  index->slots = g_new0 (Slot, index->n_slots);
  for (gsize i = 0; i < n_old; i++)
    if (old[i].place_plus_one != 0)
      put (index, old[i]);
}

void
log_index_add (LogIndex *index, const guint8 *key, guint64 place)
{
  if (index->used * 3 >= index->n_slots * 2)
    grow (index);
  put (index, (Slot){ prefix_of (key), place + 1 });
  index->used++;
}

void
log_index_look (const LogIndex *index, const guint8 *key, GArray *places)
{
  guint64 prefix = prefix_of (key);

  for (gsize at = prefix & (index->n_slots - 1); index->slots[at].place_plus_one != 0;
       at = (at + 1) & (index->n_slots - 1))
  {
    guint64 place = index->slots[at].place_plus_one - 1;

    if (index->slots[at].prefix == prefix)
      g_array_append_val (places, place);
  }
}

GArray *
log_index_find (const LogIndex *index, const guint8 *key)
{
  GArray *places = g_array_new (FALSE, FALSE, sizeof (guint64));

  log_index_look (index, key, places);
  return places;
}

void
log_index_each (const LogIndex *index, LogIndexEach each, gpointer data)
{
  for (gsize at = 0; at < index->n_slots; at++)
    if (index->slots[at].place_plus_one != 0)
      each ((const guint8 *)&index->slots[at].prefix, index->slots[at].place_plus_one - 1, data);
}
