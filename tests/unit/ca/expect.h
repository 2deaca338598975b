/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the gate must say to a request. Both take the request's reference.
 */
#pragma once

#include "ca/judge/csr.h"

/* `says`: what the engineer's sentence must hold; NULL: anything. */
void expect_refused (GBytes *request, CaError code, const char *says);

void expect_accepted (GBytes *request);

gboolean judge_request (GBytes *request, GError **error);
