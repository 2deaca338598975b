/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which smart card readers there are, and which of them have a card in. PC/SC can only be waited
 * for in a call that blocks, so a thread does that; what it sees is told on the main loop. pcscd
 * may be absent, or go and come back.
 */
#pragma once

#include <glib.h>

typedef struct Cards Cards;

typedef struct {
  /* A card came into the reader, or left it (also where the reader was unplugged, or pcscd ended).
   * `bus` and `device` are where a USB reader is, 0 where that can't be told. One that was
   * exchanged for another left and came. */
  void (*card) (const char *reader, guint bus, guint device, gboolean present, gpointer data);
  /* pcscd answers from now on, or not any more; `why` is a sentence for engineers. Told once for
   * each change, first when it is known. */
  void (*service) (gboolean answers, const char *why, gpointer data);
} CardsCallbacks;

/* Begins to watch. Callbacks run in the main context that is the thread's default now. NULL where
 * Keycradle was built without PC/SC. */
Cards *cards_new (const CardsCallbacks *callbacks, gpointer data);

/* Nothing is told any more when this returns. */
void cards_free (Cards *cards);
