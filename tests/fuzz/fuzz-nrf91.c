/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any line as a modem's answer, cut at LF as the driver does it.
 */
#include <string.h>

#include "drivers/nrf91/cose.h"
#include "drivers/nrf91/proto.h"

#define NONCE_HEX "01020304050607ff000000000000000000000000000000000000000000000000"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static void
read_as_every_answer (const char *line)
{
  GBytes *request = nrf91_parse_keygen (line, NRF91_SEC_TAG, NULL);
  GBytes *digest = nrf91_parse_digest (line, NRF91_SEC_TAG, NRF91_CERTIFICATE);
  GBytes *note = nrf91_keygen_note (line);
  GBytes *message = NULL;
  GBytes *cose = NULL;
  g_auto (Proof) proof = { 0 };
  guint code;

  g_clear_pointer (&request, g_bytes_unref);
  g_clear_pointer (&digest, g_bytes_unref);
  g_clear_pointer (&note, g_bytes_unref);
  nrf91_parse_token (line, &message, &cose, NULL);
  g_clear_pointer (&message, g_bytes_unref);
  g_clear_pointer (&cose, g_bytes_unref);
  nrf91_parse_jwt (line, NONCE_HEX, &proof, NULL);
  nrf91_result_of (line, &code);
  nrf91_is_shell_complaint (line);
  nrf91_firmware_has_keygen (line);
  if (nrf91_is_imei (line))
    nrf91_imei_checks_out (line);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  guint8 signature[COSE_SIGNATURE_LENGTH];
  CoseRequestNote note;
  CoseToken token;

  for (guint i = 0; lines[i] != NULL; i++) {
    g_autofree char *line = nrf91_clean_line (lines[i]);

    if (strlen (line) > strlen (lines[i]))
      g_abort ();
    read_as_every_answer (line);
  }
  cose_parse_request_note (data, size, &note);
  cose_parse_token (data, size, &token);
  cose_parse_detached (data, size, signature);
  GBytes *decoded = nrf91_base64url_decode ((const char *)data, size);
  g_clear_pointer (&decoded, g_bytes_unref);
  return 0;
}
