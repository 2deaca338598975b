/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A demo CA's real signer process in a folder of its own, and a client of it.
 */
#pragma once

#include "ca/log/log.h"
#include "ca/wire/client-evidence.h"

#include <openssl/x509.h>

#define PATIENCE 20000 /* milliseconds */

typedef struct {
  char *folder;
  char *program; /* a whole path: commands run in the folder */
  SignerClient *client;
  GPid pid;
} Running;

/* The folder; nothing runs yet. `program` is keycradle-signer. */
Running *running_new (const char *program);
void running_free (Running *running);

/* Adds to signer.conf. */
void running_configure (Running *running, const char *text);

void running_start (Running *running);
/* With SIGTERM it must end well. */
void running_stop (Running *running, int number);

/* `keycradle-signer --check` is fine (`says` is NULL), or says that; and a start fails where it
 * does. */
void running_expect_check (Running *running, const char *says);

/* A certificate for a new key. */
void running_sign (Running *running, const char *batch, const char *device);

/* Path of a file in the state folder; free with g_free(). */
char *running_path (const Running *running, const char *name);
char *running_read (const Running *running, const char *name, gsize *length);
void running_write (const Running *running, const char *name, const void *data, gsize length);

/* state/station.pem */
X509 *running_station (const Running *running);

/* The log as it is now, to be read only. */
IssuanceLog *running_log (const Running *running);
