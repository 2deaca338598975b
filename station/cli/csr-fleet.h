/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What only shows in many requests together: equal keys, RSA keys that share a prime, EC keys that
 * lie close to each other.
 */
#pragma once

#include "station/cli/csr-files.h"

/* Rejects both requests of each pair that was found, and names the other one's file; who is
 * rejected for something else already keeps that reason. `verdicts` are CsrVerdict. */
gboolean csr_fleet_judge (GPtrArray *verdicts, GError **error);
