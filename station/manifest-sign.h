/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The station's signature under rows of a manifest, as db/manifest.h asks for it.
 */
#pragma once

#include <glib.h>

/* `data` is the SignerClient of the thread that exports. A JWS in flattened JSON serialization;
 * CA_ERROR. Free with g_free(). */
char *manifest_sign (gpointer data, const char *payload, const char *unique_id, GError **error);
