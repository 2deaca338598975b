/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a slot remembers of the attempt that it shows.
 */
#include "station/slot-private.h"

const char *
slot_state_word (SlotState state)
{
  switch (state) {
  case SLOT_EMPTY:
    return "empty";
  case SLOT_WAITING:
    return "waiting";
  case SLOT_WORKING:
    return "working";
  case SLOT_PASS:
    return "pass";
  case SLOT_FAIL:
    return "fail";
  case SLOT_DISABLED:
    return "disabled";
  }
  return "empty";
}

void
slot_note_text (char **text, const char *with)
{
  if (g_strcmp0 (*text, with) == 0)
    return;
  g_free (*text);
  *text = g_strdup (with);
}

void
slot_forget (Slot *slot)
{
  slot->attempt_id = 0;
  slot->step = STEP_OPEN;
  slot->started_at = slot->ended_at = 0;
  g_clear_pointer (&slot->driver, g_free);
  g_clear_pointer (&slot->device, g_free);
  g_clear_pointer (&slot->model, g_free);
  g_clear_pointer (&slot->batch, g_free);
  g_clear_pointer (&slot->reason, g_free);
  g_clear_pointer (&slot->detail, g_free);
}

void
slot_recall (Slot *slot, const Attempt *attempt)
{
  slot->attempt_id = attempt->id;
  slot->step = step_from_word (attempt->step);
  slot->started_at = attempt->started_at;
  slot->ended_at = attempt->ended_at;
  slot_note_text (&slot->driver, attempt->driver);
  slot_note_text (&slot->device, attempt->device);
  slot_note_text (&slot->batch, attempt->batch);
  slot_note_text (&slot->reason, attempt->reason);
  slot_note_text (&slot->detail, attempt->detail);
}
