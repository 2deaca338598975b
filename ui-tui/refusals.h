/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The daemon's refusals in the operator's language. The daemon speaks English and puts names into
 * its sentences; here are the sentences that an operator may meet, to find the names in them again.
 */
#pragma once

#include <glib.h>

/* `message`, which is safe to show, in the language of the screen. A sentence that is not known
 * here stays in English, behind a word of warning. Free with g_free(). */
char *refusal_translated (const char *message);
