/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The checkpoints of the log: signed by the station's key, one behind the other in a file beside
 * it. The newest one is what the log is held against when the signer starts. Errors are
 * CA_ERROR_LOG.
 */
#pragma once

#include "ca/proof/checkpoint.h"
#include "ca/signer/station-key.h"

typedef struct Checkpoints Checkpoints;

/* Reads the newest one of `folder`; a last one that is torn is cut off. `station` is lent, and must
 * live longer. With LOG_OPEN_CHECK nothing is written. */
Checkpoints *checkpoints_open (const char *folder, StationKey *station, LogOpenMode mode,
                               GError **error);

/* The log must be an extension of the newest checkpoint; lent. From here on there will be one each
 * time that the log has grown by `every` entries, unless that is 0. */
gboolean checkpoints_follow (Checkpoints *checkpoints, IssuanceLog *log, guint every,
                             GError **error);

void checkpoints_close (Checkpoints *checkpoints);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Checkpoints, checkpoints_close)

/* Something was entered into the log. Never waits. */
void checkpoints_grown (Checkpoints *checkpoints);

/* The newest one, and its note (may be NULL; free with g_free()). FALSE where there is none. */
gboolean checkpoints_newest (Checkpoints *checkpoints, Checkpoint *newest, char **note);

/* One that covers the log as it is now: signed where the newest does not. On the disk before it is
 * returned. */
gboolean checkpoints_make (Checkpoints *checkpoints, Checkpoint *newest, char **note,
                           GError **error);

/* The same for whom it is no matter: a problem is only told. */
void checkpoints_try (Checkpoints *checkpoints);
