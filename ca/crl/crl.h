/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One CA's revocation list (RFC 5280, section 5) in memory: it only ever grows. Pure but for the
 * signature. Not locked.
 */
#pragma once

#include "ca/issue/authority.h"

/* CRLReason, RFC 5280, section 5.3.1: those that a device's certificate may get here.
 * certificateHold and removeFromCRL are not among them, so that what is revoked stays so. */
typedef enum {
  CRL_UNSPECIFIED = 0, /* stands in no list: the extension is left out */
  CRL_KEY_COMPROMISE = 1,
  CRL_AFFILIATION_CHANGED = 3,
  CRL_SUPERSEDED = 4,
  CRL_CESSATION_OF_OPERATION = 5,
  CRL_PRIVILEGE_WITHDRAWN = 9,
} CrlReason;

gboolean crl_reason_is_known (guint reason);

typedef struct Crl Crl;

typedef struct {
  guint64 number;
  gint64 this_update; /* seconds since 1970 */
  gint64 next_update;
} CrlHead;

Crl *crl_new (void);
void crl_free (Crl *crl);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Crl, crl_free)

/* Reads a list of `authority` strictly: its form is that of crl_make(), its signature by the CA's
 * key. CA_ERROR_CRL. */
Crl *crl_read (const Authority *authority, GBytes *der, CrlHead *head, GError **error);

/* `serial` is an INTEGER's content of 8 bytes or more; FALSE where it is revoked already. */
gboolean crl_add (Crl *crl, Span serial, gint64 revoked_at, CrlReason reason);

/* How many are revoked, and the bytes that they take in a list. */
guint crl_count (const Crl *crl);
gsize crl_size (const Crl *crl);

/* The list (DER), signed, read back and verified. CA_ERROR_CRL, or what keystore_sign() says. */
GBytes *crl_make (const Crl *crl, const Authority *authority, const CrlHead *head, GError **error);
