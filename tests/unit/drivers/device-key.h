/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The P-256 key that a device would have, for tests: real requests and real
 * signatures by OpenSSL.
 */
#pragma once

#include <glib.h>
#include <openssl/evp.h>

#include "drivers/driver.h"

EVP_PKEY *device_key_new (void);

/* A PKCS#10 request for CN=`common_name`, DER. */
GBytes *device_key_request (EVP_PKEY *key, const char *common_name);

/* SubjectPublicKeyInfo, DER. */
GBytes *device_key_info (EVP_PKEY *key);

/* A JWT signed with ES256 over `header`.`payload` (JSON texts). Free with g_free(). */
char *device_key_jwt (EVP_PKEY *key, const char *header, const char *payload);

/* TRUE where the proof's signature over its message is by `key`. */
gboolean device_key_made (EVP_PKEY *key, const Proof *proof);
