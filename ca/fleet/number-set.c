/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See number-set.h: open addressing with linear probing.
 */
#include "ca/fleet/number-set.h"

#define FIRST_SLOTS 1024

struct NumberSet {
  guint64 *slots; /* 0: empty */
  gsize n_slots;  /* a power of two */
  gsize used;
};

NumberSet *
number_set_new (void)
{
  NumberSet *set = g_new0 (NumberSet, 1);

  set->n_slots = FIRST_SLOTS;
  set->slots = g_new0 (guint64, set->n_slots);
  return set;
}

void
number_set_free (NumberSet *set)
{
  if (set == NULL)
    return;
  g_free (set->slots);
  g_free (set);
}

guint64
number_tail (Span number)
{
  gsize length = MIN (number.length, 8);
  guint64 tail = 0;

  for (gsize i = number.length - length; i < number.length; i++)
    tail = tail << 8 | number.data[i];
  return tail;
}

/* 0 marks an empty slot, so the number 0 goes by 1's name: a yes that is looked into. */
static guint64
stored_as (guint64 tail)
{
  return tail != 0 ? tail : 1;
}

/* Where `tail` stands or would stand. RSA moduli are odd, so the bits are spread first (by 2^64
 * divided by the golden ratio: Knuth, volume 3, 6.4). */
static gsize
slot_for (const NumberSet *set, guint64 tail)
{
  gsize at = (gsize)((tail * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)) >> 32) & (set->n_slots - 1);

  while (set->slots[at] != 0 && set->slots[at] != tail)
    at = (at + 1) & (set->n_slots - 1);
  return at;
}

static void
grow (NumberSet *set)
{
  g_autofree guint64 *old = set->slots;
  gsize n_old = set->n_slots;

  set->n_slots *= 2;
  set->slots = g_new0 (guint64, set->n_slots);
  for (gsize i = 0; i < n_old; i++)
    if (old[i] != 0)
      set->slots[slot_for (set, old[i])] = old[i];
}

void
number_set_add (NumberSet *set, guint64 tail)
{
  guint64 wanted = stored_as (tail);
  gsize at;

  if (set->used * 3 >= set->n_slots * 2)
    grow (set);
  at = slot_for (set, wanted);
  if (set->slots[at] == 0)
    set->used++;
  set->slots[at] = wanted;
}

gboolean
number_set_has (const NumberSet *set, guint64 tail)
{
  return set->slots[slot_for (set, stored_as (tail))] != 0;
}
