/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The station's side of the wire to keycradle-signer. One SignerClient is one
 * connection, used by one thread at a time; it reconnects by itself when the
 * signer was restarted. Errors are CA_ERROR: what the signer said, or
 * CA_ERROR_UNREACHABLE where it did not answer before the deadline.
 *
 * The client never assumes that an unanswered request was not carried out: after
 * CA_ERROR_UNREACHABLE, ask again. The signer answers a request that it has already
 * signed (same device, key, batch and profile) with the same certificate, and never signs twice.
 */
#pragma once

#include <glib.h>

#include "base/deadline.h"
#include "ca/error.h"
#include "ca/log/log-format.h"

typedef struct SignerClient SignerClient;

/* Does not connect yet. */
SignerClient *signer_client_new (const char *socket_path);
void signer_client_free (SignerClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SignerClient, signer_client_free)

/* One line of the issuance log, or the answer to SIGN. All owned by it. */
typedef struct {
  guint64 index; /* place in the log, from 0, without gaps */
  LogEntryType type;
  gint64 signed_at; /* microseconds since 1970, UTC */
  char *batch;
  char *profile;
  char *device;        /* the device's serial; what it is in other types, see log-format.h */
  GBytes *csr_sha256;  /* 32 bytes */
  GBytes *certificate; /* DER; empty for a CRL */
} IssuanceEntry;

void issuance_entry_free (IssuanceEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (IssuanceEntry, issuance_entry_free)

typedef struct {
  const char *batch;
  const char *product;
  const char *profile;
  const char *profile_sha256; /* lower-case hex of the profile file as the station has it */
  const char *device;         /* serial */
  const char *chip_id;        /* or NULL */
  GBytes *csr;                /* DER */
} SignRequest;

/* Judges, reserves, builds, signs, verifies, logs, syncs; then answers. Free the entry with
 * issuance_entry_free(). */
IssuanceEntry *signer_client_sign (SignerClient *client, const SignRequest *request,
                                   Deadline deadline, GError **error);

/* Up to `most` entries from `from` on, oldest first, as GPtrArray of IssuanceEntry (empty when
 * there are none): what a station has missed after a crash. */
GPtrArray *signer_client_entries (SignerClient *client, guint64 from, guint most, Deadline deadline,
                                  GError **error);

/* One CA that the signer has. */
typedef struct {
  char *name;        /* in signer.conf */
  char *subject;     /* RFC 2253 text */
  char *key;         /* "P-256", "RSA 3072" */
  char *signature;   /* the word of ca/signature.h */
  char *keystore;    /* "file", "pkcs11", "tpm2" */
  char *fingerprint; /* lower-case hex SHA-256 of the CA certificate */
  gint64 not_before; /* seconds since 1970 */
  gint64 not_after;
  gboolean demo;    /* carries DEMO_CA_MARK */
  char *problem;    /* why it can't sign, or NULL */
  GPtrArray *chain; /* of GBytes DER: the CA first, the root (if known) last; never empty */
} SignerAuthority;

typedef struct {
  GPtrArray *authorities; /* of SignerAuthority, as they stand in signer.conf */
  const SignerAuthority *issuing;
  guint64 log_size; /* entries */
  char *log_origin; /* hex SHA-256 of its first CA's public key: names the log */
  char **problems;  /* of the signer as a whole, NULL-ended */
  char **profiles;  /* "name:sha256hex:ca", NULL-ended */
  GBytes *station;  /* the station's certificate (DER), whose key signs reports and checkpoints */
  gboolean tickets_demanded;
  guint64 log_verified; /* entries that were read again and checked since the signer started */
  gboolean counted;     /* the CA's TPM counts signatures */
  guint32 tpm_count;
  guint32 tpm_limit;
  guint64 tpm_logged; /* signatures of that key in the log */
} SignerStatus;

void signer_status_free (SignerStatus *status);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SignerStatus, signer_status_free)

SignerStatus *signer_client_status (SignerClient *client, Deadline deadline, GError **error);

/* A certificate over a cloud's code by the CA `ca` ("": the one that issues), as DER: see
 * ca/issue/verification.h. Unref with g_bytes_unref(). */
GBytes *signer_client_certify_code (SignerClient *client, const char *ca, const char *code,
                                    Deadline deadline, GError **error);

/* A certificate to be revoked, by its place in the log. */
typedef struct {
  guint64 log_index;
  gint64 revoked_at; /* microseconds since 1970 */
  guint8 reason;     /* CRLReason, RFC 5280, section 5.3.1 */
} RevokedCertificate;

/* Tells the signer of revoked certificates, as many as there are; what it knows already is no
 * error. `unknown` receives how many are of CAs that the signer does not have (any more). A signer
 * that is started again before it made a list has forgotten. */
gboolean signer_client_revoke (SignerClient *client, const RevokedCertificate *certificates,
                               gsize count, guint *unknown, Deadline deadline, GError **error);

typedef struct {
  guint64 number;     /* 0: none was made yet */
  gint64 this_update; /* seconds since 1970 */
  gint64 next_update;
  guint count;   /* how many are revoked in it */
  guint waiting; /* how many since */
  GBytes *der;   /* NULL where it was not asked for, or there is none */
} SignerCrl;

void signer_crl_free (SignerCrl *crl);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SignerCrl, signer_crl_free)

/* CRL_LOOK tells about the newest revocation list of `ca`, CRL_READ reads it, CRL_MAKE has a new
 * one made and reads that. */
typedef enum { CRL_LOOK, CRL_READ, CRL_MAKE } SignerCrlMode;
SignerCrl *signer_client_crl (SignerClient *client, const char *ca, SignerCrlMode mode,
                              Deadline deadline, GError **error);
