/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One certificate (RFC 5280, 4.1) read strictly, from its first byte to its last: nothing stands in
 * it that was not looked at. Pure; judges neither the key nor the signature.
 */
#pragma once

#include "ca/der.h"
#include "ca/signature.h"

/* Where a certificate is wrong. The words never change: damage_word(). */
typedef enum {
  DAMAGE_FORM,       /* not one certificate in DER */
  DAMAGE_VERSION,    /* not version 3 */
  DAMAGE_SERIAL,     /* not positive, or longer than 20 octets */
  DAMAGE_ALGORITHM,  /* unknown, or two different ones inside and outside */
  DAMAGE_ISSUER,     /* a name that is none, or no CA here has it */
  DAMAGE_VALIDITY,   /* times that are none, turned round, or outside its CA's */
  DAMAGE_SUBJECT,    /* a name that is none */
  DAMAGE_KEY,        /* not a key of RSA, P-256, P-384 or P-521 as RFC 3279 and 5480 write it */
  DAMAGE_EXTENSIONS, /* one that is malformed, twice there, or unknown and critical */
  DAMAGE_MARKS,      /* what it may be used for is not what a device's (or a CA's) may */
  DAMAGE_SIGNATURE,  /* not its CA's */
  DAMAGE_LEDGER,     /* the ledger's row says something else */
} Damage;

#define N_DAMAGES (DAMAGE_LEDGER + 1)

/* "form", "version" and so on. */
const char *damage_word (Damage damage);

typedef struct {
  Span signed_part; /* TBSCertificate with its header */
  Span serial;      /* INTEGER's content */
  Span issuer;      /* Name with its header; so `subject`, `spki` */
  Span subject;
  Span spki;
  gint64 not_before, not_after;        /* seconds since 1970 */
  Span identifier;                     /* AlgorithmIdentifier with its header */
  const SignatureAlgorithm *algorithm; /* NULL where it is none that a CA uses here */
  Span signature;
  Span key_id, issuer_key_id;  /* empty where it has none */
  gboolean is_authority;       /* basicConstraints says so */
  gboolean signs_certificates; /* keyUsage says so, or is not there */
  gboolean has_key_usage;
} ParsedCertificate;

/* FALSE with CA_ERROR_LINT, `damage` and a sentence with the offset; what was read by then is in
 * `form`. The spans point into `der`. */
gboolean certificate_form_read (Span der, ParsedCertificate *form, Damage *damage, GError **error);
