/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The trusted core: what happens to one order. It believes nothing of what the station says
 * about the request, and answers only what stands in the log. All functions may be called by
 * many threads at once.
 */
#pragma once

#include "ca/clock.h"
#include "ca/crl/revocations.h"
#include "ca/issue/generation.h"
#include "ca/log/log.h"
#include "ca/proof/report.h"

typedef struct Signer Signer;

/* Loads everything `config` names; what can be wrong is found here. With LOG_OPEN_CHECK nothing
 * is written and nothing locked. */
Signer *signer_open (const SignerConfig *config, LogOpenMode mode, GError **error);
void signer_close (Signer *signer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Signer, signer_close)

/* As it comes off the wire. */
typedef struct {
  const char *batch;
  const char *product;
  const char *profile;
  const char *profile_sha256;
  const char *device;
  const char *chip_id; /* or NULL */
  Span csr;
} SignOrder;

/* Judges, reserves, builds, signs, verifies, logs, syncs. An order that was carried out before
 * gets the same entry again. `index` is the entry's place in the log; the bytes are for
 * log_entry_decode(). */
GBytes *signer_sign (Signer *signer, const SignOrder *order, guint64 *index, GError **error);

/* Loads and checks signer.conf and the profiles beside those in use, and puts them in their place:
 * orders that run end with what they began with, the next ones go by the new. Where anything is
 * wrong, everything stays as it was; signer_problems() says so until a reload succeeds. */
gboolean signer_reload (Signer *signer, const char *path, GError **error);

/* TRUE where clock, CA, log and its TPM's count let `authority` (of `generation`) sign anything at
 * all; `now` is for its dates. CA_ERROR_CLOCK, CA_ERROR_LOG, CA_ERROR_COUNT. Tell signer_issued()
 * when it was signed and logged, and in any case signer_issue_ended(): `clean` where it was, or
 * where nothing was signed. */
gboolean signer_may_issue (Signer *signer, const Generation *generation, const Authority *authority,
                           ClockReading *now, GError **error);
void signer_issue_ended (Signer *signer, const Authority *authority, gboolean clean);
void signer_issued (Signer *signer, ClockReading now);

/* What the TPM of a CA that counts (keystore_counts()) says, and the log, for show. CA_ERROR_COUNT,
 * CA_ERROR_CA_TOKEN, CA_ERROR_CA_KEY, CA_ERROR_LOG. */
gboolean signer_tpm_account (Signer *signer, const Authority *authority, TpmAccount *account,
                             GError **error);

/* What orders go by now; unref when done with it. */
Generation *signer_generation (Signer *signer);

/* What keeps it from issuing, or from what it was asked to reload: one sentence each, NULL-ended;
 * free with g_strfreev(). */
char **signer_problems (Signer *signer);

/* For signer-authority.h. */
Revocations *signer_revocations (const Signer *signer);

IssuanceLog *signer_log (const Signer *signer);
