/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the reader of keycradle.conf (config.c) and that of slots.conf (config-learned.c) share.
 */
#pragma once

#include "station/config.h"

/* The number in "slot 7"; nothing like "slot 07" or "slot seven": one slot has one name. */
gboolean config_read_slot_number (const Keyfile *file, const char *group, guint *number,
                                  GError **error);

/* The slot that has this port or path, or NULL. */
const SlotConfig *config_slot_with_binding (const Config *config, const char *port,
                                            const char *id_path);
