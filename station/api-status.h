/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The status record in its two halves: what takes a while is gathered in an errand, the rest is
 * read on the main loop.
 */
#pragma once

#include "station/station.h"

/* People, disk, clock, exports, and with a `client` the signer as "ca". In an errand. Floating. */
GVariant *api_status_gather (Station *station, SignerClient *client);

/* The whole, without what only one connection may know and without "ca". Main loop. Floating. */
GVariant *api_status_for_signal (const Station *station, GVariant *gathered);

/* TRUE where a client that was told `before` should be told `now`: counts that always move do not
 * matter. */
gboolean api_status_differs (GVariant *before, GVariant *now);
