/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * All slots in one signal, for a screen that shows many: what changed on the line within a moment
 * is told together, and of each slot only what is new. A signal costs its reader more than its
 * content does, and of a slot that takes a step one word is new.
 */
#pragma once

#include "station/slot.h"

typedef struct LineSignals LineSignals;

/* `records` is an aa{sv}, empty at the end of a pause in which no slot changed. */
typedef void (*LineTell) (GVariant *records, gpointer data);

/* `tell` runs on the main loop. */
LineSignals *line_signals_new (LineTell tell, gpointer data);
void line_signals_free (LineSignals *signals);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LineSignals, line_signals_free)

/* The slot, which must outlive `signals`, has changed. */
void line_signals_changed (LineSignals *signals, const Slot *slot);

/* Tells now what would be told in a moment: somebody is about to read the slots as they are, and
 * will take the next signal for the difference to that. */
void line_signals_flush (LineSignals *signals);

/* A pause runs: `tell` will be called at its end. */
gboolean line_signals_is_waiting (const LineSignals *signals);

/* Nobody heard what was told: the next record of each slot is whole. */
void line_signals_forget (LineSignals *signals);
