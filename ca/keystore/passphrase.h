/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The passphrase of the CA key: from a systemd credential, a file descriptor, or a file that
 * only root or the signer's user can read. Never from the command line or the environment,
 * where other processes see it. It lives in OpenSSL's secure heap and is wiped. Errors are
 * CA_ERROR_CA_KEY.
 */
#pragma once

#include <glib.h>

#include "ca/error.h"

typedef struct {
  char *text; /* NUL-ended, in the secure heap */
  gsize length;
} Passphrase;

/* Where it comes from; at most one of the first three is set. */
typedef struct {
  char *file;       /* or NULL */
  char *credential; /* a name below $CREDENTIALS_DIRECTORY, or NULL */
  int fd;           /* or -1; it can be read once */
  Passphrase *kept; /* what was read of `fd`; see passphrase_keep() */
} PassphraseSource;

Passphrase *passphrase_read (const PassphraseSource *source, GError **error);

/* Reads the descriptor now, for all later passphrase_read(). */
gboolean passphrase_keep (PassphraseSource *source, GError **error);

/* Whether there is one to read. */
gboolean passphrase_is_given (const PassphraseSource *source);

/* A passphrase that has at least PASSPHRASE_LEAST bytes, for a key that is made: from `file`, or
 * where that is NULL asked for twice on the terminal. */
#define PASSPHRASE_LEAST 8
Passphrase *passphrase_for_new_key (const char *file, GError **error);

void passphrase_free (Passphrase *passphrase);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Passphrase, passphrase_free)
