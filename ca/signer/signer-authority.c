/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See signer-authority.h.
 */
#include "ca/signer/signer-authority.h"

#include "base/text.h"
#include "ca/issue/verification.h"

#include <string.h>

static const Authority *
find_authority (const Generation *generation, const char *name, GError **error)
{
  const Authority *authority =
      *name == '\0' ? generation->issuing : generation_authority (generation, name);
  g_autofree char *shown = text_for_display (name, 64);

  if (authority == NULL)
    g_set_error (error, CA_ERROR, CA_ERROR_CA_UNKNOWN,
                 "signer.conf has no [ca %s]; `keycradle ca status` lists those that it has",
                 shown);
  return authority;
}

static gboolean
log_code (Signer *signer, const char *code, const Verification *verification, ClockReading now,
          guint64 *index, GError **error)
{
  LogEntry entry = { .type = LOG_ENTRY_VERIFICATION,
                     .signed_at = now.real,
                     .device = span_of_text (code) };

  memcpy (entry.csr_sha256, verification->csr_sha256, LOG_HASH);
  memcpy (entry.spki_sha256, verification->spki_sha256, LOG_HASH);
  entry.certificate.data = g_bytes_get_data (verification->certificate, &entry.certificate.length);
  if (!issuance_log_append (signer_log (signer), &entry, index, error))
    return FALSE;
  signer_issued (signer, now);
  return TRUE;
}

GBytes *
signer_certify_code (Signer *signer, const char *name, const char *code, guint64 *index,
                     GError **error)
{
  g_autoptr (Generation) generation = signer_generation (signer);
  const Authority *authority = find_authority (generation, name, error);
  g_auto (Verification) verification = { 0 };
  ClockReading now;
  gboolean logged;

  if (authority == NULL || !signer_may_issue (signer, generation, authority, &now, error))
    return NULL;
  logged = verification_issue (authority, code, now.real / G_USEC_PER_SEC, &verification, error)
           && log_code (signer, code, &verification, now, index, error);
  signer_issue_ended (signer, authority, logged);
  if (!logged)
    return NULL;
  return g_steal_pointer (&verification.certificate);
}

gboolean
signer_revoke (Signer *signer, const Revocation *items, gsize n_items, RevocationCounts *counts,
               GError **error)
{
  g_autoptr (Generation) generation = signer_generation (signer);

  return revocations_add (signer_revocations (signer), generation, items, n_items, counts, error);
}

static gboolean
make_list (Signer *signer, const Generation *generation, const Authority *authority,
           RevocationList *list, GError **error)
{
  ClockReading now;
  gboolean logged;

  if (!signer_may_issue (signer, generation, authority, &now, error))
    return FALSE;
  logged = revocations_make (signer_revocations (signer), authority, now.real, list, error);
  signer_issue_ended (signer, authority, logged);
  if (logged)
    signer_issued (signer, now);
  return logged;
}

gboolean
signer_revocation_list (Signer *signer, const char *name, gboolean make, RevocationList *list,
                        GError **error)
{
  g_autoptr (Generation) generation = signer_generation (signer);
  const Authority *authority = find_authority (generation, name, error);

  if (authority == NULL)
    return FALSE;
  return make ? make_list (signer, generation, authority, list, error)
              : revocations_look (signer_revocations (signer), authority, list, error);
}
