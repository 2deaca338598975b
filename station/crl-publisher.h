/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Revocation lists: the publisher tells the signer what is void in the ledger, has it make the
 * lists, and puts them into CrlFolder= as CA.crl (DER) and CA.pem. With a folder, a thread does
 * that soon after something became void, and well before a list's nextUpdate; without one, only who
 * asks gets a list. Any thread may call.
 */
#pragma once

#include "station/issuer.h"

typedef struct CrlPublisher CrlPublisher;

/* `folder` may be NULL. Both others must outlive it. `changed` is called in some thread when
 * crl_publisher_problem() says something else than before; it must return at once. */
CrlPublisher *crl_publisher_new (Ledger *ledger, Issuer *issuer, const char *folder,
                                 void (*changed) (gpointer data), gpointer data);

/* Nothing is published any more; returns at once. */
void crl_publisher_stop (CrlPublisher *publisher);
void crl_publisher_free (CrlPublisher *publisher);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrlPublisher, crl_publisher_free)

typedef struct {
  char *ca; /* its name in signer.conf */
  guint64 number;
  gint64 this_update; /* seconds since 1970 */
  gint64 next_update;
  guint count; /* how many are revoked */
  GBytes *der;
  char *path; /* where it was published; NULL without a folder */
} MadeCrl;

void made_crl_free (MadeCrl *made);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MadeCrl, made_crl_free)

/* Has a new list made of the CA called `ca` (NULL: the one that issues) with all that is void now,
 * and publishes it; on record as the act of `actor`. CA_ERROR, LEDGER_ERROR, G_FILE_ERROR. */
MadeCrl *crl_publisher_make (CrlPublisher *publisher, SignerClient *client, const char *ca,
                             const char *actor, GError **error);

/* Why a list is old or about to be, or NULL. Free with g_free(). */
char *crl_publisher_problem (CrlPublisher *publisher);

/* The CRLReason (RFC 5280, section 5.3.1) for a reason in the ledger: a word of the RFC at its
 * beginning, in any case and with or without dashes ("key-compromise: ..."), or one of the line's
 * own. 0 for all other text. */
guint8 crl_reason_of (const char *reason);
