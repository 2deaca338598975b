/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One sentence for what the system refused.
 */
#pragma once

#include <glib.h>

/* Sets G_IO_ERROR "`what`: the words for errno". Always FALSE. */
gboolean fail_errno (GError **error, const char *what);
