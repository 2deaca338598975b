/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See slots.h.
 */
#include "drivers/microchip/slots.h"

#include <string.h>

static const char *const yes_no[] = { "yes", "no", NULL };

const DriverOption slots_options[] = {
  { .name = "KeySlot", .title = "slot of the device's private key", .fallback = "0" },
  { .name = "GenerateKey",
    .title = "whether a new key is made; no: the one in the slot stays",
    .fallback = "yes",
    .choices = yes_no },
  { .name = "CertificateSlot",
    .title = "slot of the device's compressed certificate",
    .fallback = "10" },
  { .name = "SignerKeySlot", .title = "slot of the CA's public key", .fallback = "11" },
  { .name = "SignerCertificateSlot",
    .title = "slot of the CA's compressed certificate",
    .fallback = "12" },
  { .name = "TemplateId",
    .title = "number of the certificate's template in the firmware",
    .fallback = "0" },
  { .name = "ChainId", .title = "number of its chain in the firmware", .fallback = "0" },
  { .name = "SignerCaPublicKey",
    .title = "zero-touch kits: public key of the CA above the signer, 128 hex digits" },
  { 0 },
};

static gboolean
read_number (const Session *session, const char *name, guint *number, GError **error)
{
  const char *text = session_option (session, name);
  guint64 value;

  if (!g_ascii_string_to_unsigned (text, 10, 0, CHIP_SLOTS - 1, &value, NULL)) {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
                 "[driver microchip] %s= must be a number from 0 to %d", name, CHIP_SLOTS - 1);
    return FALSE;
  }
  *number = (guint)value;
  return TRUE;
}

gboolean
slots_read (const Session *session, Slots *slots, GError **error)
{
  const char *generate = session_option (session, "GenerateKey");
  guint template_id, chain_id;

  if (!read_number (session, "KeySlot", &slots->key, error)
      || !read_number (session, "CertificateSlot", &slots->certificate, error)
      || !read_number (session, "SignerKeySlot", &slots->signer_key, error)
      || !read_number (session, "SignerCertificateSlot", &slots->signer_certificate, error)
      || !read_number (session, "TemplateId", &template_id, error)
      || !read_number (session, "ChainId", &chain_id, error))
    return FALSE;
  slots->generate = generate == NULL || !g_str_equal (generate, "no");
  slots->ids = (CompressedIds){ (guint8)template_id, (guint8)chain_id };
  const guint all[] = { slots->key, slots->certificate, slots->signer_key,
                        slots->signer_certificate };
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    for (guint k = 0; k < i; k++)
      if (all[i] == all[k]) {
        g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
                     "[driver microchip] has slot %u for two things", all[i]);
        return FALSE;
      }
  return TRUE;
}

static gboolean
refuse_slot (guint slot, const char *problem, GError **error)
{
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED, "slot %u %s", slot, problem);
  return FALSE;
}

gboolean
slots_check (const Slots *slots, const guint8 *config, GError **error)
{
  const guint data_slots[] = { slots->certificate, slots->signer_key, slots->signer_certificate };

  if (!chip_config_is_locked (config)) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
                         "the chip's configuration zone is not locked, so it makes no keys: write "
                         "your product's configuration and lock it with Microchip's tools first; "
                         "that is done once and can't be undone, so Keycradle does not do it");
    return FALSE;
  }
  if (!chip_data_is_locked (config)) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
                         "the chip's data zone is not locked, so nothing can be read back from it: "
                         "lock it with Microchip's tools first");
    return FALSE;
  }
  const char *problem = chip_key_slot_problem (config, slots->key, slots->generate);
  if (problem != NULL)
    return refuse_slot (slots->key, problem, error);
  for (guint i = 0; i < G_N_ELEMENTS (data_slots); i++) {
    problem = chip_data_slot_problem (config, data_slots[i]);
    if (problem != NULL)
      return refuse_slot (data_slots[i], problem, error);
  }
  return TRUE;
}

gboolean
slots_compress (const Slots *slots, GBytes *certificate, const guint8 point[POINT_LENGTH],
                guint8 compressed[COMPRESSED_LENGTH], GError **error)
{
  const char *problem;
  g_autoptr (GBytes) rebuilt = NULL;

  if (!certificate_compress (certificate, slots->ids, compressed, &problem)) {
    g_set_error (
        error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
        "the certificate does not fit into 72 bytes: %s; its profile needs Form=compressed",
        problem);
    return FALSE;
  }
  rebuilt = certificate_rebuild (certificate, compressed, point);
  if (rebuilt != NULL && g_bytes_equal (rebuilt, certificate))
    return TRUE;
  g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
                       "the certificate can't be made anew from 72 bytes and the chip's key: it is "
                       "for another key, or its profile has no Form=compressed");
  return FALSE;
}

/* A key stands in 72 bytes as 4 of zero, X, 4 of zero, Y. */
gboolean
slots_write_signer (const Slots *slots, Chip *chip, GBytes *certificate, Deadline deadline,
                    GError **error)
{
  guint8 point[POINT_LENGTH], padded[CHIP_CERTIFICATE] = { 0 }, compressed[COMPRESSED_LENGTH];
  const char *problem;

  if (!certificate_point (certificate, point)) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
                         "the CA's key is not of P-256, so the chip can't keep it");
    return FALSE;
  }
  memcpy (padded + 4, point, POINT_LENGTH / 2);
  memcpy (padded + 40, point + POINT_LENGTH / 2, POINT_LENGTH / 2);
  if (!chip_write_slot (chip, slots->signer_key, padded, deadline, error))
    return FALSE;
  if (certificate_compress (certificate, slots->ids, compressed, &problem))
    return chip_write_slot (chip, slots->signer_certificate, compressed, deadline, error);
  transport_note (chip->transport, "signer-certificate", problem);
  return TRUE;
}
