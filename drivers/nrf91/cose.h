/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The COSE message with which a Nordic modem accompanies a request: a strict
 * reader of this one structure, nothing more of CBOR.
 *
 *   18([ << {1: -7} >>, {4: kid}, << 55799([9, uuid, << sec_tag >>, sha256, nonce]) >>, signature
 * ])
 */
#pragma once

#include <glib.h>

#define COSE_DIGEST_LENGTH 32

#define COSE_UUID_LENGTH 16
#define COSE_NONCE_LENGTH 16
#define COSE_SIGNATURE_LENGTH 64

typedef struct {
  guint8 uuid[COSE_UUID_LENGTH];     /* the modem's */
  guint64 sec_tag;                   /* where the key was made */
  guint8 digest[COSE_DIGEST_LENGTH]; /* SHA-256 of the request */
  const guint8 *payload;             /* within `data`: what is signed, for cose_to_be_signed() */
  gsize payload_length;
  guint8 signature[COSE_SIGNATURE_LENGTH]; /* ES256: r and s */
} CoseRequestNote;

/* FALSE where `data` is not such a message, whole and nothing behind it. The signature is by the
 * modem's identity key, which Nordic does not publish: it is not checked here. */
gboolean cose_parse_request_note (const guint8 *data, gsize length, CoseRequestNote *note);

/* What AT%ATTESTTOKEN says, before the signature:
 * 55799([1, uuid, device type, firmware's uuid, nonce]) */
typedef struct {
  guint8 uuid[COSE_UUID_LENGTH];
  guint64 device_type;
  guint8 firmware[COSE_UUID_LENGTH];
  guint8 nonce[COSE_NONCE_LENGTH]; /* the challenge, where one was given */
} CoseToken;

gboolean cose_parse_token (const guint8 *data, gsize length, CoseToken *token);

/* The signature that comes with it, the message being detached:
 * 18([ << {1: -7} >>, {4: kid}, null, signature ]) */
gboolean cose_parse_detached (const guint8 *data, gsize length,
                              guint8 signature[COSE_SIGNATURE_LENGTH]);

/* The bytes that are signed over `payload` (RFC 9052, 4.4), external data being empty. */
GBytes *cose_to_be_signed (const guint8 *payload, gsize length);
