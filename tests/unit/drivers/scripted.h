/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A device out of a list: it expects to be told `hears` and says `says` then.
 * What it says comes in pieces of `piece` bytes, so that readers have to put it
 * together. Time does not pass: a read where nothing is left fails with NO_ANSWER.
 */
#pragma once

#include "drivers/transport.h"

typedef struct {
  const char *hears; /* exactly what must be written next; NULL ends the list */
  const char *says;
} Step;

/* The list must live as long as the transport. A write that does not fit fails with INTERNAL. */
Transport *scripted_transport (const Step *steps, gsize piece);

/* TRUE once all that the list expects was written. */
gboolean scripted_is_through (Transport *transport);

/* How many steps were taken. */
guint scripted_steps_taken (Transport *transport);
