/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the daemon tells clients of its own accord. Changes of a batch that come close together are
 * told once; audit events follow the ledger's commits; and while somebody listens, the signer is
 * looked after, so that its loss is known before a device needs it.
 */
#pragma once

#include "station/station-api.h"
#include "station/station.h"

typedef struct ApiSignals ApiSignals;

/* Becomes the station's listener. All is borrowed; `connections` tells whether anybody listens. */
ApiSignals *api_signals_new (ApiStation1 *skeleton, Station *station, GPtrArray *connections);
void api_signals_free (ApiSignals *signals);
