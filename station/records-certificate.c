/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The records of certificates; see records.h.
 */
#include "base/encode.h"
#include "station/certificate.h"
#include "station/records.h"

static void
record_certificate_life (GVariantDict *record, const Certificate *certificate)
{
  g_variant_dict_insert (record, "not-before", "x", certificate->not_before);
  g_variant_dict_insert (record, "not-after", "x", certificate->not_after);
  record_text (record, "state", certificate->state);
  record_text (record, "status", certificate->status);
  record_text (record, "void-reason", certificate->void_reason);
  g_variant_dict_insert (record, "log-index", "t", certificate->log_index);
  record_time (record, "issued-at", certificate->issued_at);
  record_time (record, "verified-at", certificate->verified_at);
}

static char *
certificate_pem (GBytes *der)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (der, &length);

  return pem_encode ("CERTIFICATE", data, length);
}

GVariant *
record_certificate (const Certificate *certificate, gboolean with_pem)
{
  g_autofree char *issuer = certificate_issuer (certificate->der);
  g_autofree char *key = certificate_key_text (certificate->der);
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  record_text (&record, "device", certificate->device);
  record_text (&record, "batch", certificate->batch);
  record_text (&record, "profile", certificate->profile);
  record_text (&record, "serial-number", certificate->serial_number);
  record_text (&record, "sha256", certificate->sha256);
  record_text (&record, "sha1", certificate->sha1);
  record_text (&record, "spki-sha256", certificate->spki_sha256);
  record_text (&record, "subject", certificate->subject);
  record_text (&record, "issuer", issuer);
  record_text (&record, "key", key);
  record_certificate_life (&record, certificate);
  if (with_pem) {
    g_autofree char *pem = certificate_pem (certificate->der);

    g_variant_dict_insert (&record, "pem", "s", pem);
  }
  return g_variant_dict_end (&record);
}

GVariant *
record_finding (const KeyFinding *finding)
{
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  g_variant_dict_insert (&record, "id", "x", finding->id);
  record_time (&record, "found-at", finding->found_at);
  record_text (&record, "kind", finding->kind);
  record_text (&record, "device", finding->device);
  record_text (&record, "batch", finding->batch);
  g_variant_dict_insert (&record, "live", "b", finding->live);
  record_text (&record, "partner", finding->partner);
  record_text (&record, "partner-batch", finding->partner_batch);
  g_variant_dict_insert (&record, "partner-live", "b", finding->partner_live);
  return g_variant_dict_end (&record);
}
