/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The CAs that certificates and revocation lists are held against: those that issue, and those
 * above them. Read once, strictly, and read-only from then on, so that threads share them.
 */
#pragma once

#include <openssl/evp.h>

#include "ca/der.h"

typedef struct {
  char *name; /* of the CA in whose chain it was seen first */
  char *sha256;
  GBytes *der;
  /* These point into `der`. Names and key with their headers, the serial number as it stands. */
  Span serial, issuer, subject, spki;
  Span key_id, issuer_key_id;   /* empty where it has none */
  gint64 not_before, not_after; /* seconds since 1970 */
  gboolean issues;              /* certificates of devices: it came first in a chain */
  gboolean self_signed;
  EVP_PKEY *key;
  char
      *problem; /* why it is no CA to believe, or NULL: "its signature is not by the CA above it" */
} CheckedAuthority;

typedef struct CheckedAuthorities CheckedAuthorities;

/* `chains`: of GPtrArray of GBytes DER, the issuing CA first, and `names` of these CAs. What is no
 * certificate at all is left out, with its sentence in `unreadable` (of char *, may be NULL). */
CheckedAuthorities *checked_authorities_new (const GPtrArray *chains, const char *const *names,
                                             GPtrArray *unreadable);
void checked_authorities_free (CheckedAuthorities *authorities);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CheckedAuthorities, checked_authorities_free)

guint checked_authorities_count (const CheckedAuthorities *authorities);
const CheckedAuthority *checked_authorities_at (const CheckedAuthorities *authorities, guint i);

/* Whose subject is `issuer` and whose key identifier is `key_id` (empty: any); NULL. */
const CheckedAuthority *checked_authorities_find (const CheckedAuthorities *authorities,
                                                  Span issuer, Span key_id);
