/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the signer's process takes from itself before it sees a key.
 */
#pragma once

#include <glib.h>

#include "ca/error.h"

/* No core dumps, no ptrace by its own user, no new privileges, a locked heap for keys, all memory
 * locked where RLIMIT_MEMLOCK has no end, and what OpenSSL frees is wiped; so it comes before
 * OpenSSL is used. CA_ERROR_INTERNAL or G_FILE_ERROR. */
gboolean harden_process (GError **error);

/* The process ends when its parent does. */
gboolean harden_follow_parent (GError **error);

/* Overwrites what the functions that were called before have left on this thread's stack. */
void harden_wipe_stack (void);
