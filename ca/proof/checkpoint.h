/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How large the log is and what its root is, signed: a C2SP checkpoint (c2sp.org/tlog-checkpoint)
 * in a C2SP signed note (c2sp.org/signed-note), with the station's P-256 key (signature type 0x02).
 * And the proof of one entry as a text of its own, c2sp.org/tlog-proof. Pure; errors are
 * CA_ERROR_PROOF.
 */
#pragma once

#include <openssl/evp.h>

#include "ca/error.h"
#include "ca/proof/merkle.h"

#define CHECKPOINT_ORIGIN "keycradle-log/" /* and the log's origin in hex; also the key's name */

typedef struct {
  guint8 origin[MERKLE_HASH]; /* as in the log's header */
  guint64 size;
  guint8 root[MERKLE_HASH];
} Checkpoint;

/* The text that is signed: three lines. Free with g_free(). */
char *checkpoint_text (const Checkpoint *checkpoint);

/* `text`, the blank line, and the signature (DER, ECDSA with SHA-256 over the text) in its line;
 * `spki_sha256` gives the key's id. Free with g_free(). */
char *checkpoint_note (const char *text, const Checkpoint *checkpoint,
                       const guint8 spki_sha256[MERKLE_HASH], const guint8 *signature,
                       gsize signature_length);

/* Reads one note that begins at `text`; `length` receives how long it is (notes may stand one
 * behind the other, with an empty line between them). With a `station` key its signature must
 * verify; others' signatures are passed over. NULL: whoever signed it. */
gboolean checkpoint_read (const char *text, EVP_PKEY *station, Checkpoint *checkpoint,
                          gsize *length, GError **error);

/* What a .tlog-proof says. */
typedef struct {
  GBytes *extra; /* the entry itself, or NULL where the proof does not bring it along */
  guint64 index;
  GByteArray *path;
  char *note; /* the checkpoint as it stands in it */
} InclusionProof;

void inclusion_proof_clear (InclusionProof *proof);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (InclusionProof, inclusion_proof_clear)

/* `extra` may be NULL. Free with g_free(). */
char *inclusion_proof_text (guint64 index, const GByteArray *path, const char *note, GBytes *extra);
gboolean inclusion_proof_read (const char *text, InclusionProof *proof, GError **error);
