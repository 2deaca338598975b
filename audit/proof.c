/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See proof.h.
 */
#include "audit/proof.h"

void
audit_proof_clear (AuditProof *proof)
{
  g_clear_pointer (&proof->bytes, g_bytes_unref);
}

static gboolean
stands_in_tree (const AuditProof *proof, const InclusionProof *inclusion, GError **error)
{
  guint8 leaf[MERKLE_HASH];
  gsize length;
  const guint8 *data = g_bytes_get_data (proof->bytes, &length);

  merkle_leaf_hash (data, length, leaf);
  return merkle_verify_inclusion (leaf, proof->index, proof->checkpoint.size, inclusion->path->data,
                                  inclusion->path->len, proof->checkpoint.root)
         || ca_refuse (error, CA_ERROR_PROOF,
                       "the log that the station signed does not hold this as entry "
                       "%" G_GUINT64_FORMAT,
                       proof->index);
}

gboolean
audit_proof_verify (const char *text, EVP_PKEY *station, AuditProof *proof, GError **error)
{
  g_auto (InclusionProof) inclusion = { 0 };
  gsize length;
  const guint8 *data;

  if (!inclusion_proof_read (text, &inclusion, error)
      || !checkpoint_read (inclusion.note, station, &proof->checkpoint, &length, error))
    return FALSE;
  if (inclusion.extra == NULL)
    return ca_refuse (error, CA_ERROR_PROOF, "the proof does not bring its entry along (extra)");
  proof->index = inclusion.index;
  proof->bytes = g_steal_pointer (&inclusion.extra);
  data = g_bytes_get_data (proof->bytes, &length);
  if (!log_entry_decode (data, length, &proof->entry, NULL))
    return ca_refuse (error, CA_ERROR_PROOF, "what the proof brings along is no entry of a log");
  return stands_in_tree (proof, &inclusion, error);
}

gboolean
audit_proof_is_of (const AuditProof *proof, Span certificate, GError **error)
{
  return span_equal (proof->entry.certificate, certificate.data, certificate.length)
         || ca_refuse (error, CA_ERROR_PROOF,
                       "entry %" G_GUINT64_FORMAT " is about another certificate than this one",
                       proof->index);
}
