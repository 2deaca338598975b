/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who a device is that the ledger knows, and whether it may run in a batch.
 */
#pragma once

#include "db/ledger-private.h"

/* What a batch lets in. */
typedef struct {
  gint64 id;
  BatchKind kind;
  gboolean listed;
} BatchAdmission;

gboolean batch_admission_read (Database *database, gint64 batch_id, BatchAdmission *batch,
                               GError **error);
/* A device that nobody knows, in a batch that takes devices back: NOT_FINISHED. Always FALSE. */
gboolean batch_refuse_unknown (const BatchAdmission *batch, const DeviceFacts *facts,
                               GError **error);

/* What the ledger knows of a device, and of the batch it stands in. */
typedef struct {
  gint64 id; /* 0: it is new */
  char *serial;
  char *chip_id;
  gint64 batch_id;
  gboolean passed;
  gboolean held;
  gboolean retry_allowed;
} KnownDevice;

void known_device_clear (KnownDevice *known);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (KnownDevice, known_device_clear)

/* The serial under which a device may be known: the one it carries, or where it carries none
 * and the batch has no range, its chip id. */
const char *known_device_serial (const DeviceFacts *facts, gboolean ranged);

/* Finds the device by chip, then by serial. DUPLICATE_DEVICE where these two contradict. */
gboolean known_device_find (Database *database, const DeviceFacts *facts, const SerialRule *rule,
                            KnownDevice *known, GError **error);
gboolean known_device_of_serial (Database *database, const char *serial, KnownDevice *known,
                                 GError **error);

/* May it run in the batch, in this attempt (0: in none yet)? ledger_identify_device() has the
 * errors. */
gboolean known_device_check (Database *database, const BatchAdmission *batch, gint64 attempt_id,
                             const KnownDevice *known, GError **error);

/* On record, where it stood in another batch until now. */
gboolean known_device_note_return (Database *database, const BatchAdmission *batch,
                                   const KnownDevice *known, GError **error);
