/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The system calls that are left to the signer once it serves.
 */
#pragma once

#include "ca/error.h"

/* From here on, in all threads and for good: files, Unix sockets, threads and time, and nothing
 * that starts programs, reaches other processes or a network, or makes code. What is not on the
 * list fails with EPERM. CA_ERROR_INTERNAL where the kernel has no seccomp(2). */
gboolean sandbox_enter (GError **error);
