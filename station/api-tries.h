/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Badges are tried one at a time for the whole station, and after some refusals only now and then:
 * who guesses has no time to, and a station never digests many badges at once.
 */
#pragma once

#include "station/api-private.h"

typedef struct ApiTries ApiTries;

ApiTries *api_tries_new (Station *station);
/* Refuses what still waits; none may be under way. */
void api_tries_free (ApiTries *tries);

/* Runs the errand when it is its turn and answers it. Where it fails with
 * G_IO_ERROR_PERMISSION_DENIED, that is on record, as an event about `errand->format`. TRUE, as a
 * handler returns it. */
gboolean api_tries_add (ApiTries *tries, ApiErrand *errand);
