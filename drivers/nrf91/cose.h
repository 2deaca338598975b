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

typedef struct {
  guint64 sec_tag;                   /* where the key was made */
  guint8 digest[COSE_DIGEST_LENGTH]; /* SHA-256 of the request */
} CoseRequestNote;

/* FALSE where `data` is not such a message, whole and nothing behind it. The signature is Nordic's
 * identity key's, which is not public: it is not checked here. */
gboolean cose_parse_request_note (const guint8 *data, gsize length, CoseRequestNote *note);
