/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What an export writes into: a descriptor, in large pieces. A thread of its own hashes and writes
 * a piece while the next one is being made.
 */
#pragma once

#include <glib.h>
#include <openssl/evp.h>

typedef struct {
  int fd;
  GString *piece;     /* the one that is being made */
  GAsyncQueue *full;  /* of pieces, for the thread */
  GAsyncQueue *empty; /* of pieces, back from it */
  GThread *thread;
  EVP_MD_CTX *digest; /* from here on the thread's own, until it has ended */
  guint64 bytes;      /* that were written */
  GError *failure;    /* behind which it only returns pieces */
  int failed;         /* the same, to be read meanwhile */
} ManifestOutput;

/* Errors of all: G_FILE_ERROR, or LEDGER_ERROR_STORAGE where SHA-256 fails. */
gboolean manifest_output_open (ManifestOutput *output, int fd, GError **error);
gboolean manifest_output_add (ManifestOutput *output, const char *text, gsize length,
                              GError **error);
/* All of it onto the disk: what is on record as exported is not new any more, and a disk that turns
 * out to be full only now must be heard before that. Returns the SHA-256. */
GBytes *manifest_output_finish (ManifestOutput *output, GError **error);
void manifest_output_clear (ManifestOutput *output);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ManifestOutput, manifest_output_clear)
