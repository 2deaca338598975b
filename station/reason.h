/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From an error to what stands on the operator's screen: a stable word, kept in the ledger,
 * and one sentence that says what to do with the unit or whom to call.
 */
#pragma once

#include <glib.h>

/* The stable word for any error of a driver, the CA, the ledger or the station;
 * "internal" for what none of them made. */
const char *reason_word (const GError *error);

/* The operator's sentence for a word that reason_word() gives; for an unknown word a sentence that
 * sends for the engineer. Never NULL. */
const char *reason_operator_text (const char *word);
