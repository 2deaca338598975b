/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the daemon takes from itself before it opens a port: it reads what hostile devices send.
 */
#pragma once

#include <glib.h>

/* No core dumps, no debugger of its own user, no new privileges, no capabilities, and none of the
 * system calls that reach other processes, a network, the kernel's inside or other namespaces; no
 * programs either, unless `starts_signer`. They fail with EPERM. For good, and for every thread
 * that is started later. G_FILE_ERROR. */
gboolean sandbox_daemon (gboolean starts_signer, GError **error);
