/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What crl.c and crl-read.c share, and nobody else sees.
 */
#pragma once

#include "ca/crl/crl.h"
#include "ca/log/log-index.h"

/* Ours have 20; RFC 5280 allows no more. */
#define CRL_SERIAL_LEAST 8
#define CRL_SERIAL_MOST 20

struct Crl {
  GByteArray *entries; /* as they stand in revokedCertificates */
  LogIndex *index;     /* a serial's last bytes → its entry's offset */
  guint count;
};

gboolean crl_has (const Crl *crl, Span serial);

/* Adds an entry as it stands in a list. */
void crl_note (Crl *crl, Span serial, Span entry);

/* TBSCertList. */
void crl_put_info (GByteArray *out, const Crl *crl, const Authority *authority,
                   const CrlHead *head);
