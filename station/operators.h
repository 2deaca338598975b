/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who may sign in: badges and PINs are kept as digests that take their time to make (scrypt), so
 * that a copied ledger does not give them away. All of it blocks for a tenth of a second or more:
 * it belongs into an errand, not on the main loop.
 *
 * Whatever is wrong with a badge or a PIN, the refusal is the same, and takes as long.
 */
#pragma once

#include "db/ledger.h"

#define BADGE_MOST 64u /* characters */
#define PIN_LEAST 4u
#define PIN_MOST 32u

/* A copy of a badge or PIN, and its end: nothing of it stays in memory. NULL is fine for both. */
char *secret_copy (const char *secret);
void secret_free (char *secret);

/* Digests `badge` and `pin` (NULL or "": none is asked) into `who`, checks role and language, and
 * adds it, enabled where `who` is. LEDGER_ERROR. */
gboolean operator_add (Ledger *ledger, Operator *who, const char *badge, const char *pin,
                       const char *actor, GError **error);

/* Sets the refusal, G_IO_ERROR_PERMISSION_DENIED, that all refused badges get. */
void operator_refuse (GError **error);

/* The enabled operator with this badge. G_IO_ERROR_PERMISSION_DENIED, or LEDGER_ERROR. */
Operator *operator_sign_in (Ledger *ledger, const char *badge, GError **error);

/* The enabled supervisor with this badge and, where one is set, this PIN. The same errors. */
Operator *operator_authorize (Ledger *ledger, const char *badge, const char *pin, GError **error);

/* FALSE with the same refusal where `name` may not sign in any more. */
gboolean operator_check_enabled (Ledger *ledger, const char *name, GError **error);

/* How many may sign in to work, which auditors do not, and whether one of them is a supervisor. */
gboolean operator_count (Ledger *ledger, guint *enabled, gboolean *supervisor, GError **error);
