/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A running station as the registry of a rehearsal.
 */
#pragma once

#include "station/cli/cli.h"
#include "station/rehearse/registry.h"

typedef struct RehearseStation RehearseStation;

/* Asks the daemon of `cli`, which must outlive it, about `target` (NULL: only what the ledger knows
 * of certificates). CLI_NOT_FOUND: there is no such target. */
RehearseStation *rehearse_station_open (Cli *cli, const char *target, GError **error);
void rehearse_station_close (RehearseStation *station);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RehearseStation, rehearse_station_close)

/* The target's endpoint, or "". */
const char *rehearse_station_endpoint (const RehearseStation *station);

RehearsalRegistry rehearse_station_registry (RehearseStation *station);
