/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of a slot share: slot.c (what happens to it), slot-attempt.c (what it shows),
 * slot-swap.c (what goes to another).
 */
#pragma once

#include "station/slot.h"

/* Keeps a copy of `with`, which may be NULL. */
void slot_note_text (char **text, const char *with);

/* Is in that state from now on, and tells it. */
void slot_show (Slot *slot, SlotState state);

/* A slot that does not work: decides what it is to show, and works with the device in it. */
void slot_settle (Slot *slot);

/* Forgets the attempt that is shown. */
void slot_forget (Slot *slot);

/* Shows one that ended before the daemon's start. */
void slot_recall (Slot *slot, const Attempt *attempt);
