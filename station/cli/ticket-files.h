/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What an owner's ticket is made of, out of files: certificates, the owner's key, and what the
 * owner last saw of the station's log.
 */
#pragma once

#include "ca/proof/checkpoint.h"
#include "station/cli/cli.h"

#include <openssl/x509.h>

/* The private key (PEM) that belongs to `certificate`. An encrypted one's passphrase is the first
 * line of `passphrase_file`, or asked for. Free with EVP_PKEY_free(). */
EVP_PKEY *ticket_key_read (const char *path, const char *passphrase_file, X509 *certificate,
                           GError **error);

/* The checkpoint that `path` holds, signed by `station`: of a file of notes (C2SP) the one for most
 * entries; or that of a report or manifest's statement. CLI_VERDICT where it is not signed by it.
 */
gboolean ticket_checkpoint_read (const char *path, X509 *station, Checkpoint *checkpoint,
                                 GError **error);
