/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of a slot share: slot.c (what happens to it), slot-attempt.c (what it shows).
 */
#pragma once

#include "station/slot.h"

/* Keeps a copy of `with`, which may be NULL. */
void slot_note_text (char **text, const char *with);

/* Forgets the attempt that is shown. */
void slot_forget (Slot *slot);

/* Shows one that ended before the daemon's start. */
void slot_recall (Slot *slot, const Attempt *attempt);
