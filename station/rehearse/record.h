/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A verdict for people and for programs.
 */
#pragma once

#include "station/rehearse/session.h"

/* One line, and two for each remark: what was wrong, what to change. No colour, nothing that
 * steers a terminal. Free with g_free(). */
char *verdict_text (const Verdict *verdict);

/* a{sv} with the keys of docs/rehearsal.md; floating. */
GVariant *verdict_record (const Verdict *verdict);
