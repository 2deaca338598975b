/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What two slots exchange when the fixture's cables were swapped.
 */
#include "station/slot-private.h"

/* A device that comes out of a slot without work, or into one, is looked at anew. */
static void
slot_show_swapped (Slot *slot)
{
  if (slot->enabled && slot->state != SLOT_DISABLED)
    slot_show (slot, slot->state);
  else
    slot_settle (slot);
}

/* What a slot knows of a device goes to the other; what it knows of itself stays. */
void
slot_swap (Slot *first, Slot *second)
{
  const Slot before = *first;

#define EXCHANGE(member) (first->member = second->member, second->member = before.member)
  EXCHANGE (state);
  EXCHANGE (path);
  EXCHANGE (drivers);
  EXCHANGE (refusal);
  EXCHANGE (arrived);
  EXCHANGE (arrival);
  EXCHANGE (bound_serial);
  EXCHANGE (failure_stands);
  EXCHANGE (last_pass);
  EXCHANGE (attempt_id);
  EXCHANGE (step);
  EXCHANGE (driver);
  EXCHANGE (device);
  EXCHANGE (model);
  EXCHANGE (batch);
  EXCHANGE (started_at);
  EXCHANGE (ended_at);
  EXCHANGE (reason);
  EXCHANGE (detail);
#undef EXCHANGE
  slot_show_swapped (first);
  slot_show_swapped (second);
}
