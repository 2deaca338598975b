/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which CAs may issue here. The signer has a CA from one moment to the next; whoever put it there
 * may have meant to, or not. So a CA that the ledger never saw is accepted by a person before
 * anything is issued under it, or by the station itself where nobody wants to be asked; on record
 * in any case. Any thread may call.
 */
#pragma once

#include "ca/wire/client.h"
#include "db/ledger.h"

typedef struct Acceptance Acceptance;

/* `ledger` is borrowed. New CAs are accepted by the station itself until acceptance_by_people(). */
Acceptance *acceptance_new (Ledger *ledger);
void acceptance_free (Acceptance *acceptance);

/* From now on a person must say so. */
void acceptance_by_people (Acceptance *acceptance);

/* Takes note of the CAs that the signer has, and which of them issues what. The ledger has them
 * already. LEDGER_ERROR. */
gboolean acceptance_take (Acceptance *acceptance, const SignerStatus *status, GError **error);

/* May the CA issue that `profile` is issued by (NULL: the one for profiles that name none)?
 * STATION_ERROR_CA_NOT_ACCEPTED with what to type. TRUE as long as the signer told of none. */
gboolean acceptance_check (Acceptance *acceptance, const char *profile, GError **error);

/* The same for the CA of that name in signer.conf; "": for the one that issues by default. */
gboolean acceptance_check_ca (Acceptance *acceptance, const char *name, GError **error);

/* The same for the CA with this certificate (DER). */
gboolean acceptance_check_certificate (Acceptance *acceptance, GBytes *authority, GError **error);

/* A person says so of the CA with this fingerprint (hex). As ledger_accept_authority(). */
gboolean acceptance_give (Acceptance *acceptance, const char *fingerprint, const char *actor,
                          GError **error);

/* Has somebody? */
gboolean acceptance_has (Acceptance *acceptance, const char *fingerprint);
