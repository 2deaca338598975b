/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The crypto of a simulated chip: keys, requests and signatures by OpenSSL.
 */
#pragma once

#include <glib.h>
#include <openssl/evp.h>

#include "drivers/driver.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)

/* A new key pair, or NULL where OpenSSL fails. */
EVP_PKEY *chip_make_key (KeyKind kind);

/* A key that a station must refuse: RSA-1024 for an RSA kind, P-224 for any other. */
EVP_PKEY *chip_make_weak_key (KeyKind kind);

/* What a request holds besides the key. */
typedef struct {
  const char *subject;     /* "CN=x,O=y" */
  const char *key_usage;   /* bits from the first as '0' and '1', or NULL for no extension */
  gboolean client_type;    /* with nsCertType client, as mbedTLS writes it for FreeRTOS */
  gboolean null_parameter; /* ECDSA's algorithm with a NULL, as Nordic's modem writes it */
  gboolean bad_signature;  /* over something else */
} ChipRequest;

/* The PKCS#10 request in DER; unref with g_bytes_unref(). NULL where the subject can't be read. */
GBytes *chip_make_csr (EVP_PKEY *key, const ChipRequest *request);

/* ECDSA (DER) or RSASSA-PKCS1-v1_5 over SHA-256 of `data`. */
GBytes *chip_sign (EVP_PKEY *key, const void *data, gsize length);

/* r and s of a P-256 signature, 32 bytes each. */
GBytes *chip_sign_raw (EVP_PKEY *key, const void *data, gsize length);

/* SubjectPublicKeyInfo in DER. */
GBytes *chip_public_key (EVP_PKEY *key);

/* PKCS#8 in PEM and back. Free with g_free(). */
char *chip_private_pem (EVP_PKEY *key);
EVP_PKEY *chip_parse_private_pem (const char *pem);

/* SEC 1 or PKCS#1 in DER; unref with g_bytes_unref(). */
GBytes *chip_private_der (EVP_PKEY *key);

/* A self-signed certificate in DER for `key`: what a device with a fault shows. */
GBytes *chip_make_other_certificate (EVP_PKEY *key);

/* TRUE where `der` is one certificate and nothing else. */
gboolean chip_is_certificate (GBytes *der);
