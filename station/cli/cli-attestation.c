/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle device attestation: what a device showed of where its key was made, for an auditor who
 * believes nobody.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <glib/gstdio.h>

#include "base/files.h"
#include "station/cli/arguments.h"
#include "station/cli/cli.h"
#include "station/cli/output.h"

static const Field fields[] = {
  { "device", "Device", FIELD_TEXT },
  { "attestation", "Attestation", FIELD_TEXT },
  { "attestation-format", "Format", FIELD_TEXT },
  { "attestation-detail", "Shown", FIELD_TEXT },
  { "attempt", "Attempt", FIELD_NUMBER },
  { "at", "At", FIELD_TIME },
  { "spki-sha256", "Key SHA-256", FIELD_DIGEST },
  { "nonce", "Nonce", FIELD_DIGEST },
  { NULL, NULL, FIELD_TEXT },
};

#define SAME_KEY                                                                                   \
  "The key that got the certificate; its SHA-256 must be the one above:\n"                         \
  "  openssl req -inform DER -in request.der -pubkey -noout | openssl pkey -pubin -outform DER"    \
  " | sha256sum\n\n"

static const struct {
  const char *format;
  const char *text;
} checks[] = {
  { "piv",
    "key.der is a certificate of the key, made by the token (token.der, slot f9), which the maker\n"
    "certified. With the maker's roots in roots.pem:\n"
    "  openssl x509 -inform DER -in token.der -out token.pem\n"
    "  openssl x509 -inform DER -in key.der -out key.pem\n"
    "  openssl verify -CAfile roots.pem -untrusted token.pem key.pem\n"
    "  openssl x509 -in key.pem -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum\n"
    "The last line must be the key's SHA-256 as well.\n" },
  { "microchip",
    "chip.der is the chip's certificate, signer.der that of its signer; signature.bin (r and s) "
    "is\n"
    "the chip's over nonce.bin. With the maker's roots in roots.pem:\n"
    "  openssl x509 -inform DER -in signer.der -out signer.pem\n"
    "  openssl x509 -inform DER -in chip.der -out chip.pem\n"
    "  openssl verify -CAfile roots.pem -untrusted signer.pem chip.pem\n"
    "  openssl x509 -in chip.pem -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum\n"
    "Only where the last line is the key's SHA-256, the key is the certified one.\n" },
  { "nrf91",
    "token.cbor has the modem's UUID and, as its last 16 bytes, the first 16 of nonce.bin; "
    "token.cose\n"
    "is the signature over it. key.cose has the same UUID and the SHA-256 of request.der:\n"
    "  sha256sum request.der; xxd token.cbor; xxd key.cose\n"
    "Both signatures are COSE_Sign1 (RFC 9052, ES256) by the modem's identity key. Nordic checks\n"
    "the token: base64url of token.cbor, a dot, base64url of token.cose.\n" },
  { "tpm",
    "endorsement.der is the TPM's certificate. opened-credential.bin must equal secret.bin: only "
    "this\n"
    "TPM could open the credential, and only beside the key attestation-key.tpmt. That one signed\n"
    "(certification-sig.tpmt) that key.tpmt is in the same TPM (certification.tpms, with "
    "nonce.bin):\n"
    "  openssl x509 -inform DER -in endorsement.der -out endorsement.pem\n"
    "  openssl verify -partial_chain -CAfile roots.pem endorsement.pem\n"
    "  cmp opened-credential.bin secret.bin\n"
    "  tpm2_print -t TPMS_ATTEST certification.tpms\n" },
};

static char *
readme_of (GVariant *attestation)
{
  g_autofree char *format = record_text (attestation, "attestation-format");
  GString *text = g_string_new ("What a device showed of where its key was made.\n\n");

  for (const Field *field = fields; field->key != NULL; field++) {
    g_autofree char *value = field_text (attestation, field, TRUE);

    g_string_append_printf (text, "%-14s %s\n", field->heading, value);
  }
  g_string_append (text, "\n" SAME_KEY);
  for (guint i = 0; i < G_N_ELEMENTS (checks); i++)
    if (g_str_equal (checks[i].format, format))
      g_string_append (text, checks[i].text);
  return g_string_free (text, FALSE);
}

/* What the daemon tells is a plain name; anything else is not written anywhere. */
static gboolean
write_file (const char *folder, const char *name, const void *data, gsize length, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  if (strchr (name, '/') == NULL && name[0] != '.' && name[0] != '\0')
    return file_create_durably (path, data, length, 0644, error);
  g_set_error_literal (error, CLI_ERROR, CLI_FAILED,
                       "keycradled named a file that can't be: client and daemon do not fit.");
  return FALSE;
}

static gboolean
write_files (const char *folder, GVariant *attestation, GError **error)
{
  g_autoptr (GVariant) files =
      g_variant_lookup_value (attestation, "files", G_VARIANT_TYPE ("aa{sv}"));
  g_autofree char *readme = readme_of (attestation);
  const gsize count = files == NULL ? 0 : g_variant_n_children (files);

  for (gsize i = 0; i < count; i++) {
    g_autoptr (GVariant) file = g_variant_get_child_value (files, i);
    g_autoptr (GVariant) data = g_variant_lookup_value (file, "data", G_VARIANT_TYPE_BYTESTRING);
    const char *name = "";
    gsize length = 0;

    g_variant_lookup (file, "name", "&s", &name);
    if (data == NULL)
      continue;
    const void *bytes = g_variant_get_fixed_array (data, &length, 1);
    if (!write_file (folder, name, bytes, length, error))
      return FALSE;
  }
  return write_file (folder, "README", readme, strlen (readme), error);
}

static gboolean
make_folder (const char *folder, GError **error)
{
  if (g_mkdir_with_parents (folder, 0755) == 0)
    return TRUE;
  g_set_error (error, CLI_ERROR, CLI_FAILED, "%s can't be made: %s", folder, g_strerror (errno));
  return FALSE;
}

CliExit
cli_device_attestation (Cli *cli, GError **error)
{
  const char *serial = cli->arguments[0];
  const char *folder = cli->options.to;
  g_autoptr (GVariant) attestation = NULL;

  if (!argument_text (serial, error) || !cli_connect (cli, error)
      || !api_station1_call_get_attestation_sync (cli->api, serial, &attestation, NULL, error))
    return CLI_FAILED;
  if (folder == NULL) {
    cli_print_record (cli, attestation, fields);
    return CLI_OK;
  }
  if (!make_folder (folder, error) || !write_files (folder, attestation, error))
    return CLI_FAILED;
  printf ("What %s showed is in %s. README there says how to check it.\n", serial, folder);
  return CLI_OK;
}
