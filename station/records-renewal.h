/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The records of devices that come back; see records.h and docs/api.md.
 */
#pragma once

#include "db/renewal.h"
#include "station/records.h"

/* A device with all its certificates (of LineageEntry) and what it was given to trust. */
GVariant *record_device_whole (const Device *device, const AttestationRecord *attestation,
                               const GPtrArray *lineage, const DeviceTrust *trust);
GVariant *record_batch_unit (const BatchUnit *unit);
GVariant *record_ending (const UnitEnding *ending, EndingWhat what);
