/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * As much DER as drivers need: values one by one, and cutting a certificate request
 * (RFC 2986) into the part that is signed, the key in it, and the signature. It judges
 * nothing; the CA has its own, stricter reader. It accepts only definite, minimal
 * lengths and nothing behind the request.
 */
#pragma once

#include <glib.h>

/* A stretch of the input that is still to be read. */
typedef struct {
  const guint8 *data;
  gsize length;
} DerStretch;

/* Takes the value with `tag` off the front of `rest`. `whole` (with its header) and `content` may
 * be NULL; they point into the input. FALSE where something else stands there, or is cut off. */
gboolean der_take (DerStretch *rest, guint8 tag, DerStretch *whole, DerStretch *content);

typedef struct {
  GBytes *info;      /* CertificationRequestInfo with its header: what is signed */
  GBytes *spki;      /* SubjectPublicKeyInfo with its header */
  GBytes *signature; /* content of the BIT STRING */
} DerRequest;

/* Cuts `der` up; the parts keep `der` alive. FALSE, with nothing set, where it is not
 * one whole request. Clear with der_request_clear(). */
gboolean der_request_split (GBytes *der, DerRequest *request);

void der_request_clear (DerRequest *request);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DerRequest, der_request_clear)
