/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle audit check-proof: whether a certificate is in the log that a station signed, without
 * either.
 */
#include "station/cli/cli.h"

#include <stdio.h>

#include "audit/proof.h"
#include "base/encode.h"
#include "base/text.h"
#include "ca/proof/statement.h"

#define LONGEST_SHOWN 255

static gboolean
read_certificate (const char *file, GBytes **der, GError **error)
{
  g_autofree char *content = NULL;
  gsize length;

  if (!g_file_get_contents (file, &content, &length, error))
    return FALSE;
  *der = pem_decode (content, "CERTIFICATE", NULL);
  if (*der == NULL && length > 0 && content[0] == DER_SEQUENCE)
    *der = g_bytes_new (content, length);
  if (*der != NULL)
    return TRUE;
  g_autofree char *shown = g_filename_display_name (file);
  g_set_error (error, CLI_ERROR, CLI_FAILED, "%s holds no certificate.", shown);
  return FALSE;
}

static gboolean
is_of_file (const AuditProof *proof, const char *file, GError **error)
{
  g_autoptr (GBytes) der = NULL;
  Span certificate;

  if (file == NULL)
    return TRUE;
  if (!read_certificate (file, &der, error))
    return FALSE;
  certificate.data = g_bytes_get_data (der, &certificate.length);
  return audit_proof_is_of (proof, certificate, error);
}

static char *
time_text (gint64 microseconds)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (microseconds / G_USEC_PER_SEC);

  return time != NULL ? g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ") : g_strdup ("?");
}

static void
print_line (const char *title, Span text)
{
  g_autofree char *shown = bytes_for_display (text.data, text.length, LONGEST_SHOWN);

  printf ("%-12s %s\n", title, shown);
}

static void
print_proof (const AuditProof *proof)
{
  g_autofree char *origin = hex_encode (proof->checkpoint.origin, MERKLE_HASH);
  g_autofree char *at = time_text (proof->entry.signed_at);

  printf ("%-12s %s\n", "Log", origin);
  printf ("%-12s %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT "\n", "Entry", proof->index,
          proof->checkpoint.size);
  printf ("%-12s %s\n", "Time", at);
  print_line ("Batch", proof->entry.batch);
  print_line ("Profile", proof->entry.profile);
  print_line ("Device", proof->entry.device);
}

static void
print_json (const AuditProof *proof)
{
  g_autofree char *origin = hex_encode (proof->checkpoint.origin, MERKLE_HASH);
  g_autofree char *sha256 =
      sha256_hex (proof->entry.certificate.data, proof->entry.certificate.length);

  printf ("{\"log-origin\": \"%s\", \"log-size\": %" G_GUINT64_FORMAT
          ", \"log-index\": %" G_GUINT64_FORMAT ", \"type\": %d, \"sha256\": \"%s\"}\n",
          origin, proof->checkpoint.size, proof->index, (int)proof->entry.type, sha256);
}

/* What does not verify is a verdict; a file that can't be read is not. */
static CliExit
refuse (GError *problem, GError **error)
{
  const gboolean verdict = problem->domain == CA_ERROR;
  g_autofree char *shown = text_for_display (problem->message, 1000);

  if (verdict) {
    fprintf (stderr, "keycradle: %s\n", shown);
    return CLI_VERDICT;
  }
  g_propagate_error (error, g_error_copy (problem));
  return CLI_FAILED;
}

CliExit
cli_audit_check_proof (Cli *cli, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (GPtrArray) station = NULL;
  g_autofree char *text = NULL;
  g_auto (AuditProof) proof = { 0 };

  if (cli->options.station == NULL) {
    g_set_error_literal (error, CLI_ERROR, CLI_USAGE,
                         "Type 'keycradle audit check-proof PROOF CERTIFICATE --station "
                         "STATION.PEM', with the station's certificate that you pinned.");
    return CLI_USAGE;
  }
  station = statement_signers_load (cli->options.station, error);
  if (station == NULL || !g_file_get_contents (cli->arguments[0], &text, NULL, error))
    return CLI_FAILED;
  if (!audit_proof_verify (text, X509_get0_pubkey (g_ptr_array_index (station, 0)), &proof,
                           &problem)
      || !is_of_file (&proof, cli->arguments[1], &problem))
    return refuse (problem, error);
  if (cli->options.json)
    print_json (&proof);
  else
    print_proof (&proof);
  return CLI_OK;
}
