/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A CA certificate and what stands above it. Errors are CA_ERROR_CA_CERTIFICATE.
 */
#pragma once

#include <glib.h>
#include <openssl/x509.h>

#include "ca/error.h"

/* The certificates of a PEM file in their order; free with sk_X509_pop_free(). */
STACK_OF (X509) * chain_read (const char *path, GError **error);

/* TRUE where the first may issue for devices, and each is signed by the next, whatever the time. */
gboolean chain_check (STACK_OF (X509) * certificates, GError **error);

/* TRUE where all are valid now, or the clock can't be believed. */
gboolean chain_check_times (STACK_OF (X509) * certificates, GError **error);

/* Seconds since 1970. */
gint64 chain_seconds (const ASN1_TIME *time);
