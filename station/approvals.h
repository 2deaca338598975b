/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Acts that need two people: whether a call of the API is one, what it would change, and the
 * request that waits until somebody else has looked at it. What a request is about is put in words
 * twice: when it is asked for and when it is granted. Where the two differ, what the first person
 * saw is not there any more, and nothing is done. Any thread may call.
 */
#pragma once

#include "db/ledger-approval.h"
#include "station/dual-control.h"
#include "station/station.h"

/* `needed` receives whether a call of `method` with `parameters` (a tuple) waits for a second
 * person here, and `control` why. */
gboolean approval_is_needed (Station *station, const char *method, GVariant *parameters,
                             Control *control, gboolean *needed, GError **error);

/* The same for adding `who`, before they are added. */
gboolean approval_of_supervisor_is_needed (Station *station, const Operator *who, gboolean *needed,
                                           GError **error);

/* `name` was added as supervisor, not enabled yet: asks for that. Always FALSE: with
 * STATION_ERROR_NEEDS_APPROVAL where the request waits now. */
gboolean approval_ask_for_supervisor (Station *station, const char *name, const char *person,
                                      const char *actor, GError **error);

/* Keeps the call as a request of `person`, who goes on record as `actor`. What could not be done
 * anyway is refused at once, with the error of the act itself. Free with approval_free(). */
Approval *approval_ask (Station *station, Control control, const char *method, GVariant *parameters,
                        const char *person, const char *actor, GError **error);

/* The parameters as they were, once `approval` was found to be still about the same; it is refused
 * on record where it is not. LEDGER_ERROR. Unref with g_variant_unref(). */
GVariant *approval_recall (Station *station, const Approval *approval, const char *decider,
                           const char *actor, GError **error);

/* "Request 7 waits ...": what whoever asked is told. Free with g_free(). */
char *approval_waits_text (const Approval *approval, const char *person);
