/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The signed tokens of the simulated modem: COSE with a request, and JWT.
 */
#pragma once

#include "drivers/simulator/device.h"

#define MODEM_UUID_LENGTH 16

/* The modem's UUID, the same for ever for one IMEI. */
void modem_uuid (const char *imei, guint8 uuid[MODEM_UUID_LENGTH]);
/* As text, 36 characters. Free with g_free(). */
char *modem_uuid_text (const char *imei);

typedef enum {
  MODEM_PUBLIC_KEY_MESSAGE = 8,
  MODEM_REQUEST_MESSAGE = 9,
} ModemMessage;

/* COSE_Sign1 by the modem's identity key over the digest of `object`. */
GBytes *modem_attest (Device *device, ModemMessage type, guint64 sec_tag, GBytes *object);

/* %ATTESTTOKEN's message with `challenge` (16 bytes; NULL: the modem's own), and in `cose` the
 * signature over it. */
GBytes *modem_token (Device *device, const guint8 *challenge, GBytes **cose);

/* A JWT signed with `key`; `subject` and `audience` may be NULL, `seconds` 0. Free with g_free().
 */
char *modem_jwt (Device *device, EVP_PKEY *key, const char *subject, const char *audience,
                 guint64 seconds);
