/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The answers about the owner's permission: see answer.h and wire.h. Each is floating, or NULL with
 * an error.
 */
#pragma once

#include "ca/signer/signer.h"

GVariant *answer_ticket (Signer *signer, GVariant *request, GError **error);
GVariant *answer_tickets (Signer *signer, GError **error);
GVariant *answer_clock (Signer *signer, GVariant *request, GError **error);
