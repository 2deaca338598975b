/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See simulator-zero-touch.h. The firmware made its keys when it was first started; it takes the
 * certificates apart into the slots itself, here by OpenSSL.
 */
#include "drivers/microchip/simulator-zero-touch.h"

#include <json-glib/json-glib.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/encode.h"

static char *
answer (gint64 id, const char *name, const char *text)
{
  return g_strdup_printf ("{\"id\":%" G_GINT64_FORMAT ",\"result\":{\"%s\":\"%s\"},\"error\":null}",
                          id, name, text);
}

static char *
refusal (gint64 id, const char *message)
{
  return g_strdup_printf ("{\"id\":%" G_GINT64_FORMAT
                          ",\"result\":null,\"error\":{\"code\":-1,\"message\":\"%s\"}}",
                          id, message);
}

static char *
init (SimulatedChip *chip, gint64 id)
{
  g_autoptr (EVP_PKEY) key = device_key (chip->device, "key");
  guint8 serial[9], point[64];

  if (key == NULL) {
    device_make_key (chip->device, KEY_KIND_P256, "key");
    key = device_key (chip->device, "key");
  }
  simulated_chip_serial (chip, serial);
  simulated_chip_point (key, point);
  g_autofree char *serial_hex = hex_encode (serial, sizeof serial);
  g_autofree char *upper = g_ascii_strup (serial_hex, -1);
  g_autofree char *point_hex = hex_encode (point, sizeof point);
  return g_strdup_printf ("{\"id\":%" G_GINT64_FORMAT ",\"result\":{\"deviceSn\":\"%s\","
                          "\"devicePublicKey\":\"%s\"},\"error\":null}",
                          id, upper, point_hex);
}

static char *
make_csr (SimulatedChip *chip, gint64 id)
{
  g_autoptr (EVP_PKEY) key = device_key (chip->device, "key");
  ChipRequest request = { .subject = "O=Example Inc,CN=Example Device" };
  g_autoptr (GBytes) der = key != NULL ? device_make_csr (chip->device, key, &request) : NULL;

  if (der == NULL)
    return refusal (id, "no key");
  device_put_text (chip->device, "signed", "yes");
  g_autofree char *hex = hex_encode (g_bytes_get_data (der, NULL), g_bytes_get_size (der));
  return answer (id, "csr", hex);
}

static void
put_signature (X509 *certificate, guint8 compressed[72])
{
  const ASN1_BIT_STRING *bits;

  X509_get0_signature (&bits, NULL, certificate);
  const guint8 *at = bits->data;
  ECDSA_SIG *signature = d2i_ECDSA_SIG (NULL, &at, bits->length);
  if (signature == NULL)
    return;
  BN_bn2binpad (ECDSA_SIG_get0_r (signature), compressed, 32);
  BN_bn2binpad (ECDSA_SIG_get0_s (signature), compressed + 32, 32);
  ECDSA_SIG_free (signature);
}

static void
compress (X509 *certificate, guint8 compressed[72])
{
  struct tm from, to;

  memset (compressed, 0, 72);
  put_signature (certificate, compressed);
  ASN1_TIME_to_tm (X509_get0_notBefore (certificate), &from);
  ASN1_TIME_to_tm (X509_get0_notAfter (certificate), &to);
  const guint packed = (guint)(from.tm_year - 100) << 19 | (guint)(from.tm_mon + 1) << 15
                       | (guint)from.tm_mday << 10 | (guint)from.tm_hour << 5
                       | ((guint)(to.tm_year - from.tm_year) & 31);
  compressed[64] = (guint8)(packed >> 16);
  compressed[65] = (guint8)(packed >> 8);
  compressed[66] = (guint8)packed;
  compressed[70] = 0xa0;
}

static char *
save (SimulatedChip *chip, JsonObject *parameters, gint64 id)
{
  const char *hex = json_object_get_string_member_with_default (parameters, "deviceCert", "");
  g_autoptr (GBytes) der = hex_decode (hex);
  guint8 compressed[72];

  if (device_fault (chip->device, FAULT_REFUSE_INSTALL) || der == NULL)
    return refusal (id, "saveCredentials failed");
  const guint8 *at = g_bytes_get_data (der, NULL);
  X509 *certificate = d2i_X509 (NULL, &at, (long)g_bytes_get_size (der));
  if (certificate == NULL)
    return refusal (id, "no certificate");
  compress (certificate, compressed);
  X509_free (certificate);
  device_put (chip->device, "slot10", compressed, sizeof compressed);
  return answer (id, "status", "saved");
}

char *
simulated_zero_touch_answer (SimulatedChip *chip, const char *text)
{
  g_autoptr (JsonParser) parser = json_parser_new ();

  if (!json_parser_load_from_data (parser, text, -1, NULL)
      || !JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser)))
    return NULL;
  JsonObject *question = json_node_get_object (json_parser_get_root (parser));
  const char *method = json_object_get_string_member_with_default (question, "method", "");
  const gint64 id = json_object_get_int_member_with_default (question, "id", 0);

  if (g_str_equal (method, "init"))
    return init (chip, id);
  if (g_str_equal (method, "genCsr"))
    return make_csr (chip, id);
  if (g_str_equal (method, "getStatus"))
    return answer (id, "status", "ok");
  if (g_str_equal (method, "saveCredentials") && json_object_has_member (question, "params"))
    return save (chip, json_object_get_object_member (question, "params"), id);
  return refusal (id, "unknown method");
}
