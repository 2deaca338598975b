/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Revocation lists of any CA (RFC 5280, section 5), ours or one above: read strictly, held against
 * the CA that signed it, and walked entry by entry without a copy.
 */
#pragma once

#include "checks/authorities.h"

typedef struct {
  GBytes *der;
  const CheckedAuthority *authority; /* who signed it */
  gint64 this_update;                /* seconds since 1970 */
  gint64 next_update;                /* 0: it says none */
  guint64 count;
  DerReader entries; /* before the first */
} CrlList;

/* `bytes` is DER or PEM ("X509 CRL"). CA_ERROR_CRL with a sentence: not a whole list, of a CA that
 * is not among `authorities`, a signature that is not that CA's, a list that speaks of a part of
 * its certificates only or of other CAs' (delta and indirect lists). */
CrlList *crl_list_read (GBytes *bytes, const CheckedAuthorities *authorities, GError **error);
void crl_list_free (CrlList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrlList, crl_list_free)

/* The next revoked serial number (an INTEGER's content) and when that was; FALSE at the end. Begin
 * with a copy of `entries`. */
gboolean crl_list_next (DerReader *entries, Span *serial, gint64 *revoked_at);

/* FALSE where it does not stand there. */
gboolean crl_list_has (const CrlList *list, Span serial);
