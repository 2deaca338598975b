/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The revocation lists of a signer's CAs: each is kept in the StateFolder (crl-KEY.der, KEY being
 * the SHA-256 of the CA's SubjectPublicKeyInfo), and each that was made stands in the issuance log
 * by number and hash before it leaves. A list only grows. Any thread may call.
 */
#pragma once

#include "ca/crl/crl.h"
#include "ca/issue/generation.h"
#include "ca/log/log.h"

typedef struct Revocations Revocations;

/* `log` is lent. */
Revocations *revocations_new (const char *folder, IssuanceLog *log);
void revocations_free (Revocations *revocations);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Revocations, revocations_free)

/* A certificate is named by its place in the issuance log: nothing can be revoked that is not
 * there. */
typedef struct {
  guint64 place;
  gint64 revoked_at; /* microseconds since 1970 */
  guint reason;      /* CrlReason */
} Revocation;

typedef struct {
  guint added;   /* were not revoked before */
  guint unknown; /* of CAs that `generation` does not have: passed over */
} RevocationCounts;

/* Revokes all of them, or, where one of them may not be revoked, none: a place that is no device's
 * certificate, or a reason that is not known. They stand in the next list that is made; until then
 * they are in memory only, so a signer that was started again is to be told again. CA_ERROR_CRL,
 * CA_ERROR_LOG. */
gboolean revocations_add (Revocations *revocations, const Generation *generation,
                          const Revocation *items, gsize n_items, RevocationCounts *counts,
                          GError **error);

typedef struct {
  GBytes *der; /* NULL where none was made yet */
  CrlHead head;
  guint count;   /* in `der` */
  guint waiting; /* revoked since it was made */
} RevocationList;

void revocation_list_clear (RevocationList *list);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RevocationList, revocation_list_clear)

/* The newest list of `authority`. CA_ERROR_CRL, CA_ERROR_LOG. */
gboolean revocations_look (Revocations *revocations, const Authority *authority,
                           RevocationList *list, GError **error);

/* A new one as of `now` (microseconds since 1970), with the next number and with all that is
 * revoked. CA_ERROR_CRL, CA_ERROR_LOG, CA_ERROR_CA_TOKEN ... */
gboolean revocations_make (Revocations *revocations, const Authority *authority, gint64 now,
                           RevocationList *list, GError **error);
