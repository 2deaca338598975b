/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a cloud knows us by: read from a file that nobody else may read, or from a systemd
 * credential, kept in memory, wiped when it is not needed any more, and never put into a sentence.
 */
#pragma once

#include "courier/sigv4.h"

typedef struct {
  AwsKey aws;       /* aws */
  char *host_name;  /* azure-hub, azure-dps: of the connection string */
  char *key_name;   /* its SharedAccessKeyName */
  char *shared_key; /* base64 */
  char *api_key;    /* nrfcloud */
} Credentials;

/* `place`: "file:/FULL/PATH", which group and others may not read, or "credential:NAME" below
 * $CREDENTIALS_DIRECTORY. `kind` is the target's; `profile` the section of AWS's file.
 * COURIER_ERROR with a sentence that has nothing of the secret. */
Credentials *credentials_read (const char *place, const char *kind, const char *profile,
                               GError **error);
/* The same of a text. */
Credentials *credentials_parse (const char *text, const char *place, const char *kind,
                                const char *profile, GError **error);
/* Wipes them first. */
void credentials_free (Credentials *credentials);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Credentials, credentials_free)
