/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The answer to a request for signatures under entries of a manifest. As answer.h has it: the
 * reply's payload, floating, or NULL with an error.
 */
#pragma once

#include "ca/signer/signer.h"

GVariant *answer_jws (Signer *signer, GVariant *request, GError **error);
