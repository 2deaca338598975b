/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What issuer.c and issuer-chains.c share.
 */
#pragma once

#include "station/issuer.h"

struct Issuer {
  Ledger *ledger;
  char *socket;
  gboolean demo;
  Acceptance *acceptance;
  GMutex catching_up; /* held by whoever does it */
  GMutex lock;        /* guards what follows */
  gboolean caught_up;
  GPtrArray *chains; /* of chains (GPtrArray of GBytes): every CA that ever issued here */
  GBytes *issuing;   /* the certificate of the one that issues now, or NULL */
  gboolean read;     /* `chains` holds what the ledger has */
  char *problem;
  void (*news) (guint64 index, gpointer data);
  gpointer news_data;
};

/* What an earlier life of this station has seen. Once is enough. */
gboolean issuer_read_chains (Issuer *issuer, GError **error);

/* Keeps the chains of all CAs in `status`, and remembers which of them issues. */
gboolean issuer_keep_chains (Issuer *issuer, const SignerStatus *status, GError **error);

/* Keeps the CA that an entry of the signer's log tells of. */
gboolean issuer_keep_authority (Issuer *issuer, const IssuanceEntry *entry, GError **error);

/* Of all CAs' chains, that of the one whose signature `certificate` carries; NULL where it is none
 * of them. Unref with g_ptr_array_unref(). */
GPtrArray *issuer_find_chain_of (Issuer *issuer, GBytes *certificate);
