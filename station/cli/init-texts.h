/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The files that `keycradle init` writes. `folder` and `ports` are absolute paths; free
 * what is not const with g_free().
 */
#pragma once

#include <glib.h>

/* `acknowledge`: a FAIL stays until somebody has seen it. */
char *init_demo_station_text (const char *folder, const char *ports, guint slots,
                              gboolean acknowledge);
char *init_demo_signer_text (const char *folder);
const char *init_demo_profile_text (void);
char *init_demo_screen_text (const char *folder);

char *init_station_text (const char *folder);
char *init_signer_text (const char *folder);
const char *init_profile_text (void);
