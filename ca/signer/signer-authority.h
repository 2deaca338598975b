/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is asked of one of the signer's CAs, beside certificates for devices. `name` is the CA's in
 * signer.conf, "" for the one that issues; CA_ERROR_CA_UNKNOWN where there is none. Any thread may
 * call.
 */
#pragma once

#include "ca/crl/revocations.h"
#include "ca/signer/signer.h"

/* Certifies a cloud's code: see verification.h. Logged and synced before it is returned. `index` is
 * its place in the log. CA_ERROR_SUBJECT, CA_ERROR_CLOCK, CA_ERROR_LOG ... */
GBytes *signer_certify_code (Signer *signer, const char *name, const char *code, guint64 *index,
                             GError **error);

/* See revocations_add(), revocations_look() and, with `make`, revocations_make(). */
gboolean signer_revoke (Signer *signer, const Revocation *items, gsize n_items,
                        RevocationCounts *counts, GError **error);
gboolean signer_revocation_list (Signer *signer, const char *name, gboolean make,
                                 RevocationList *list, GError **error);
