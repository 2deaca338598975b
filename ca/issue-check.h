/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The last look at a certificate before it is logged.
 */
#pragma once

#include "ca/authority.h"

/* What the certificate was meant to be. */
typedef struct {
  Span tbs; /* as it was given to be signed */
  Span serial;
  Span spki;
  gint64 not_before;
  gint64 not_after;
} IssuePlan;

/* Reads `der` with the strict reader, holds it against `plan` and the CA, and verifies its
 * signature with the CA's public key. CA_ERROR_INTERNAL. */
gboolean issue_check (const Authority *authority, const IssuePlan *plan, const guint8 *der,
                      gsize length, GError **error);
