/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The answers out of the issuance log as it is: see answer.h and wire.h. Each is floating, or NULL
 * with an error.
 */
#pragma once

#include "ca/signer/signer.h"

GVariant *answer_log (Signer *signer, GVariant *request, GError **error);
GVariant *answer_consistency (Signer *signer, GVariant *request, GError **error);
