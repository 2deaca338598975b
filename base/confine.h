/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a daemon gives away for good before it does anything else, so that it holds without systemd
 * too. Errors are GLib's own (G_FILE_ERROR).
 */
#pragma once

#include <glib.h>

/* No core dumps, no debugger of its own user, nothing gained by running a set-user-id program.
 * prctl(2) PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS. */
gboolean confine_process (GError **error);

/* Gives up all capabilities, also where the process runs as root: capabilities(7). They belong to a
 * thread, so this comes before there are others. */
gboolean confine_drop_capabilities (GError **error);
