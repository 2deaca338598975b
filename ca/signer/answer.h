/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a request's payload to its reply's: the table of what may be asked.
 */
#pragma once

#include "ca/signer/signer.h"
#include "ca/wire/wire.h"

/* The payload that answers, and in `reply_kind` its kind (WIRE_ERROR where the answer is no).
 * Floating. */
GVariant *answer (Signer *signer, WireKind kind, GVariant *request, WireKind *reply_kind);
