/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The closed list of reasons for which the CA refuses. Each has a stable word,
 * one sentence for the operator and one for the engineer.
 */
#pragma once

#include <glib.h>

typedef enum {
  /* The device's fault: judged from the CSR alone. */
  CA_ERROR_CSR_MALFORMED,       /* not one strict-DER PKCS#10 request */
  CA_ERROR_CSR_TRAILING_DATA,   /* something follows the request */
  CA_ERROR_CSR_SIGNATURE,       /* proof of possession fails */
  CA_ERROR_SIGNATURE_ALGORITHM, /* not SHA-256/384/512 with RSA, RSASSA-PSS or ECDSA */
  CA_ERROR_SIGNATURE_WEAK,      /* made with MD5 or SHA-1 */
  CA_ERROR_KEY_ALGORITHM,       /* neither RSA nor EC */
  CA_ERROR_RSA_TOO_SMALL,       /* under 2048 bits */
  CA_ERROR_RSA_TOO_LARGE,       /* over 8192 bits */
  CA_ERROR_RSA_MALFORMED,       /* the modulus can't be a public key's */
  CA_ERROR_RSA_EXPONENT,        /* even, 1, or not below 2^256 */
  CA_ERROR_RSA_SMALL_FACTOR,    /* a small prime divides the modulus */
  CA_ERROR_RSA_PERFECT_POWER,   /* the modulus is a square, a cube ... */
  CA_ERROR_RSA_CLOSE_PRIMES,    /* Fermat's method finds the primes */
  CA_ERROR_RSA_ROCA,            /* CVE-2017-15361 */
  CA_ERROR_RSA_SHARED_PRIME,    /* another key has one of its primes */
  CA_ERROR_EC_CURVE,            /* not P-256, P-384 or P-521 by name */
  CA_ERROR_EC_POINT,            /* compressed, off the curve, or infinity */
  CA_ERROR_EC_TINY_KEY,         /* the private key is a small number */
  CA_ERROR_EC_NEAR_KEY,         /* the private key is another one's plus a small number */
  CA_ERROR_KNOWN_KEY,           /* on a list of known keys */
  CA_ERROR_DUPLICATE_KEY,       /* another device has this key already */
  /* The order's fault. */
  CA_ERROR_PROFILE,     /* unknown profile, or another version of it than the station's */
  CA_ERROR_PROFILE_KEY, /* the profile does not allow the device's kind of key */
  CA_ERROR_SUBJECT,     /* subject or other names can't be filled for this device */
  CA_ERROR_VALIDITY,    /* the asked-for time lies outside the CA's own */
  CA_ERROR_CLOCK,       /* this PC's clock can't be right */
  CA_ERROR_LINT,        /* the certificate would break RFC 5280 or its profile's rules */
  CA_ERROR_CA_UNKNOWN,  /* the signer has no CA of that name */
  CA_ERROR_CRL,         /* a revocation that is not of this signer, or a list that can't be kept */
  /* The owner's permission. */
  CA_ERROR_TICKET_MISSING,     /* the batch has none */
  CA_ERROR_TICKET_USED_UP,     /* as many as it allows were issued */
  CA_ERROR_TICKET_TIME,        /* not yet, or no longer */
  CA_ERROR_TICKET_FOREIGN,     /* for another station, CA, profile or batch */
  CA_ERROR_TICKET_REPLAYED,    /* loaded already, or older than one that was */
  CA_ERROR_TICKET_ROLLED_BACK, /* the owner has seen another log than this one, or a longer one */
  CA_ERROR_TICKET_INVALID,     /* not signed by the owner, or not a ticket */
  CA_ERROR_COUNT,              /* the TPM's count is used up, or does not fit the log */
  CA_ERROR_PROOF,              /* a statement, checkpoint or proof that can't be read or verified */
  /* Ours. */
  CA_ERROR_CA_KEY,   /* the key: missing, plain, readable to others, wrong passphrase */
  CA_ERROR_CA_TOKEN, /* the token that holds the key is gone or does not answer; it may come back */
  CA_ERROR_CA_CERTIFICATE, /* the CA certificate can't issue, or does not fit the key */
  CA_ERROR_DEMO_CA,        /* a demo CA in production mode */
  CA_ERROR_LOG,            /* the issuance log can't be read or written: nothing is issued */
  CA_ERROR_UNREACHABLE,    /* the signer does not answer */
  CA_ERROR_PROTOCOL,       /* a frame that the protocol does not allow */
  CA_ERROR_INTERNAL,       /* OpenSSL failed where it should not */
} CaError;

#define CA_ERROR (ca_error_quark ())
GQuark ca_error_quark (void);

/* "rsa-too-small" and so on. Never changes once released. */
const char *ca_error_word (CaError code);
gboolean ca_error_from_word (const char *word, CaError *code);

/* What the operator does with the unit, in one sentence without jargon. */
const char *ca_error_operator_text (CaError code);

/* Sets `error` to CA_ERROR `code`, with what the engineer reads, and returns FALSE. */
gboolean ca_refuse (GError **error, CaError code, const char *format, ...) G_GNUC_PRINTF (3, 4);
