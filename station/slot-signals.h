/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How often clients hear of a slot. A fast device takes a step each millisecond, and nobody can
 * look at that: the first change is told at once, those of the next moment are told together, by
 * what the slot is then. A change of state is always told at once.
 */
#pragma once

#include "station/slot.h"

typedef struct SlotSignals SlotSignals;

typedef void (*SlotTell) (const Slot *slot, gpointer data);

/* `tell` runs on the main loop. */
SlotSignals *slot_signals_new (SlotTell tell, gpointer data);
/* What waited to be told is not told any more. */
void slot_signals_free (SlotSignals *signals);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SlotSignals, slot_signals_free)

/* The slot, which must outlive `signals`, has changed. */
void slot_signals_changed (SlotSignals *signals, const Slot *slot);
