/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See slot-signals.h. A slot that was told of has a pause; what changes in it is told at its end,
 * and begins the next one.
 */
#include "station/slot-signals.h"

#define PAUSE 40 /* milliseconds: a screen that shows it then is still in time */

struct SlotSignals {
  SlotTell tell;
  gpointer data;
  GHashTable *pauses; /* Slot → Pause */
};

typedef struct {
  SlotSignals *signals;
  const Slot *slot;
  SlotState told;
  gboolean changed; /* since it was told */
  guint timer;
} Pause;

static void
pause_free (gpointer data)
{
  Pause *pause = data;

  g_source_remove (pause->timer);
  g_free (pause);
}

static void
tell (Pause *pause)
{
  const SlotSignals *signals = pause->signals;

  pause->told = pause->slot->state;
  pause->changed = FALSE;
  signals->tell (pause->slot, signals->data);
}

static gboolean
handle_pause_over (gpointer data)
{
  Pause *pause = data;

  if (pause->changed)
    tell (pause);
  else
    g_hash_table_remove (pause->signals->pauses, pause->slot);
  return G_SOURCE_CONTINUE; /* of a removed one too: its source is destroyed already */
}

void
slot_signals_changed (SlotSignals *signals, const Slot *slot)
{
  Pause *pause = g_hash_table_lookup (signals->pauses, slot);

  if (pause != NULL && pause->told == slot->state) {
    pause->changed = TRUE;
    return;
  }
  if (pause == NULL) {
    pause = g_new0 (Pause, 1);
    pause->signals = signals;
    pause->slot = slot;
    pause->timer = g_timeout_add (PAUSE, handle_pause_over, pause);
    g_hash_table_insert (signals->pauses, (gpointer)slot, pause);
  }
  tell (pause);
}

SlotSignals *
slot_signals_new (SlotTell tell_slot, gpointer data)
{
  SlotSignals *signals = g_new0 (SlotSignals, 1);

  signals->tell = tell_slot;
  signals->data = data;
  signals->pauses = g_hash_table_new_full (NULL, NULL, NULL, pause_free);
  return signals;
}

void
slot_signals_free (SlotSignals *signals)
{
  if (signals == NULL)
    return;
  g_hash_table_unref (signals->pauses);
  g_free (signals);
}
