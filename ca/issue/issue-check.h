/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The last look at a certificate before it is logged.
 */
#pragma once

#include "ca/issue/authority.h"

/* TRUE where `der` is `tbs`, which was given to be signed, with the CA's algorithm and a signature
 * that its public key verifies. CA_ERROR_INTERNAL. */
gboolean issue_check (const Authority *authority, Span tbs, const guint8 *der, gsize length,
                      GError **error);
