/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A CA key in a TPM that counts its signatures: what the TPM counted against what stands in the
 * log. While nothing is being signed, the count is the signatures of that CA in the log and those
 * that entries of type 10 (LOST) confess, exactly. What is missing in the log is entered so; what
 * is missing in the TPM means that TPM or log is another one, and nothing is signed. Any thread may
 * call.
 */
#pragma once

#include "ca/issue/generation.h"
#include "ca/log/log.h"
#include "ca/proof/report.h"
#include "ca/proof/ticket.h"

typedef struct SignatureCount SignatureCount;

SignatureCount *signature_count_new (IssuanceLog *log);
void signature_count_free (SignatureCount *count);

/* Before something is signed with `authority`, until it stands in the log or not; `clean`: it does,
 * or nothing was signed. The first time, and after an end that was not, the account is taken. TRUE
 * at once for a CA that does not count. CA_ERROR_COUNT, CA_ERROR_CA_TOKEN, CA_ERROR_CA_KEY,
 * CA_ERROR_LOG. */
gboolean signature_count_begin (SignatureCount *count, const Authority *authority, GError **error);
void signature_count_end (SignatureCount *count, const Authority *authority, gboolean clean);

/* Takes the account of a CA that counts, once nothing is being signed; what was lost is entered
 * first. Errors as above. */
gboolean signature_count_take (SignatureCount *count, const Authority *authority,
                               TpmAccount *account, GError **error);

/* The same, and nothing is signed from then on until signature_count_release(), where this is TRUE:
 * so the log can be read at the size for which the account is true. */
gboolean signature_count_hold (SignatureCount *count, const Authority *authority,
                               TpmAccount *account, GError **error);
void signature_count_release (SignatureCount *count);

/* The same for show: does not wait where something is being signed, and then enters nothing. */
gboolean signature_count_look (SignatureCount *count, const Authority *authority,
                               TpmAccount *account, GError **error);

/* What keeps `authority` from signing as far as counts go, or NULL. Free with g_free(). */
char *signature_count_problem (SignatureCount *count, const Authority *authority);

/* The TPM's side of loading a ticket for `authority`: judges [tpm], and sets the limit as `owner`
 * (whose signature the ticket bears) allowed. The same again does no harm. CA_ERROR_TICKET_INVALID,
 * CA_ERROR_COUNT, CA_ERROR_CA_TOKEN, CA_ERROR_CA_KEY. */
gboolean signature_count_allow (const Authority *authority, const Ticket *ticket, EVP_PKEY *owner,
                                GError **error);
