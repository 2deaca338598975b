/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading the certificate that a device showed.
 */
#pragma once

#include <openssl/x509.h>

#include "station/rehearse/facts.h"

/* `count` is how many certificates came in all. */
void shown_read (Shown *shown, X509 *certificate, guint count);

/* TRUE where `authority` (DER) signed `certificate` (DER): names fit, and so does the signature. */
gboolean certificate_signed_by (GBytes *certificate, GBytes *authority);

/* A certificate's own name: serialNumber of its subject, else its common name, else the whole
 * subject; safe to show. Free with g_free(). */
char *certificate_own_name (X509 *certificate);

/* DER of it; NULL where OpenSSL can't. */
GBytes *certificate_der (X509 *certificate);
