/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A card out of a list, for tests: it expects to be told one APDU after the other, and says what
 * stands beside each, in pieces of seven bytes.
 */
#pragma once

#include "drivers/driver.h"

/* In hex. */
typedef struct {
  const char *hears; /* "*": anything */
  const char *says;
} Turn;

/* The list ends with a Turn of NULLs and must live as long as the transport. */
Transport *list_card (const Turn *turns);

/* How many turns the card that was made last has taken. */
guint list_card_taken (void);

/* Fails the test unless `error`, which is freed, has the code and says `part`. */
void list_expect_error (GError *error, DriverError code, const char *part);
