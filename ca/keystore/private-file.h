/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opening a file that must be nobody else's business.
 */
#pragma once

#include <glib.h>

#include "ca/error.h"

/* Opens `path` for reading where it is a plain file of root or of this user, which neither group
 * nor others may touch (`lenient`: whoever may); else CA_ERROR_CA_KEY, which names `what` it is,
 * and -1. */
int private_file_open (const char *path, const char *what, gboolean lenient, GError **error);
