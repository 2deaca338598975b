/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The records of evidence; see records.h.
 */
#include "base/encode.h"
#include "station/attestation/attestation.h"
#include "station/records.h"

void
record_attested (GVariantDict *record, const AttestationRecord *attestation)
{
  if (attestation == NULL)
    return;
  record_text (record, "attestation", attestation->verdict);
  record_text (record, "attestation-format", attestation->format);
  record_text (record, "attestation-detail", attestation->detail);
}

static void
add_file (GVariantBuilder *files, const char *name, GBytes *bytes)
{
  GVariantDict file;

  if (bytes == NULL)
    return;
  g_variant_dict_init (&file, NULL);
  g_variant_dict_insert (&file, "name", "s", name);
  g_variant_dict_insert_value (&file, "data",
                               g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, bytes, TRUE));
  g_variant_builder_add_value (files, g_variant_dict_end (&file));
}

/* What the station gave, then what the device brought. */
static GVariant *
record_files (const AttestationRecord *attestation)
{
  const char *const *names = attestation_part_names (attestation->format);
  GVariantBuilder files;

  g_variant_builder_init (&files, G_VARIANT_TYPE ("aa{sv}"));
  add_file (&files, "nonce.bin", attestation->nonce);
  add_file (&files, "secret.bin", attestation->secret);
  add_file (&files, "request.der", attestation->request);
  for (guint i = 0; i < attestation->parts->len; i++) {
    g_autofree char *number = g_strdup_printf ("part-%u.bin", i + 1);

    add_file (&files, names != NULL && *names != NULL ? *names : number,
              g_ptr_array_index (attestation->parts, i));
    if (names != NULL && *names != NULL)
      names++;
  }
  return g_variant_builder_end (&files);
}

GVariant *
record_attestation (const AttestationRecord *attestation)
{
  g_autofree char *nonce = NULL;
  GVariantDict record;
  gsize length;
  const guint8 *data = g_bytes_get_data (attestation->nonce, &length);

  nonce = hex_encode (data, length);
  g_variant_dict_init (&record, NULL);
  record_attested (&record, attestation);
  record_text (&record, "device", attestation->device);
  g_variant_dict_insert (&record, "attempt", "x", attestation->attempt);
  record_time (&record, "at", attestation->at);
  record_text (&record, "spki-sha256", attestation->spki_sha256);
  record_text (&record, "nonce", nonce);
  g_variant_dict_insert_value (&record, "files", record_files (attestation));
  return g_variant_dict_end (&record);
}
