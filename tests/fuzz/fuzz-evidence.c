/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Evidence from strangers: statements, checkpoints, proofs and the texts that are signed. Whatever
 * is read has one form: written again it is read as the same. The first byte says what it is.
 */
#include "ca/openssl.h"
#include "ca/proof/report.h"
#include "ca/proof/statement.h"
#include "ca/proof/ticket.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t length);

/* Who signed the seeds; the key is gone. */
static const char pem[] = "-----BEGIN CERTIFICATE-----\n"
                          "MIIBYDCCAQagAwIBAgIBBzAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARGdXp6MB4X\n"
                          "DTI2MTEyMTIwNDUwM1oXDTM2MTExODIwNDUwM1owDzENMAsGA1UEAwwERnV6ejBZ\n"
                          "MBMGByqGSM49AgEGCCqGSM49AwEHA0IABIPI6xkr0kyNMyC7W69wPm2ILp80VKY8\n"
                          "8nWnbO7n8OduWpZhQPJsLVIF5uX5CGAP3dXDhJBKcMpnmKm/FAX1FoKjUzBRMB0G\n"
                          "A1UdDgQWBBSJy450u4S+n+WcCLPWyOqFYgtUMzAfBgNVHSMEGDAWgBSJy450u4S+\n"
                          "n+WcCLPWyOqFYgtUMzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUC\n"
                          "IQDyqK0A0HW++bmR09RxbCATkb3RsA3pCXp0zAnKP1KC1gIgBT0rqzaGJv4akX9h\n"
                          "1DEcOBVN9t9ko5YrziROjwq5hr0=\n"
                          "-----END CERTIFICATE-----\n";

static GPtrArray *signers;

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  (void)argc;
  (void)argv;
  signers = statement_signers_read (pem, strlen (pem), NULL);
  return signers != NULL ? 0 : -1;
}

static void
expect (gboolean good)
{
  if (!good)
    abort ();
}

/* A refusal is a sentence of ours. */
static void
expect_refusal (const GError *problem)
{
  expect (g_error_matches (problem, CA_ERROR, CA_ERROR_PROOF)
          && g_utf8_validate (problem->message, -1, NULL));
}

/* What opens can be peeked into, too, and says the same. */
static void
read_statement (const uint8_t *data, size_t length)
{
  const Span der = { data, length };
  g_autoptr (GError) problem = NULL;
  g_autofree char *text = statement_open (der, signers, NULL, &problem);
  g_autofree char *peek = statement_peek (der, NULL);

  if (text == NULL)
    expect_refusal (problem);
  else
    expect (g_strcmp0 (text, peek) == 0);
}

static void
read_checkpoint (const char *text)
{
  EVP_PKEY *key = X509_get0_pubkey (g_ptr_array_index (signers, 0));
  g_autoptr (GError) problem = NULL;
  Checkpoint signed_one, any;
  gsize signed_length, length;
  g_autofree char *again = NULL;

  if (!checkpoint_read (text, NULL, &any, &length, &problem)) {
    expect_refusal (problem);
    return;
  }
  again = checkpoint_text (&any);
  expect (length <= strlen (text) && g_str_has_prefix (text, again));
  if (checkpoint_read (text, key, &signed_one, &signed_length, NULL))
    expect (signed_length == length && memcmp (&signed_one, &any, sizeof any) == 0);
}

static void
read_proof (const char *text)
{
  g_auto (InclusionProof) proof = { 0 };
  g_autoptr (GError) problem = NULL;
  g_autofree char *again = NULL;

  if (!inclusion_proof_read (text, &proof, &problem)) {
    expect_refusal (problem);
    return;
  }
  again = inclusion_proof_text (proof.index, proof.path, proof.note, proof.extra);
  expect (g_str_equal (again, text));
}

static char *
report_again (const char *text, GError **error)
{
  g_autoptr (Report) report = report_parse (text, error);

  return report != NULL ? report_text (report) : NULL;
}

static char *
manifest_again (const char *text, GError **error)
{
  g_autoptr (ManifestStatement) statement = manifest_statement_parse (text, error);

  return statement != NULL ? manifest_statement_text (statement) : NULL;
}

static char *
ticket_again (const char *text, GError **error)
{
  g_autoptr (Ticket) ticket = ticket_parse (text, error);

  return ticket != NULL ? ticket_text (ticket) : NULL;
}

/* Comments and order are free; what we write of it is not. */
static void
read_text (const char *text, char *(*again) (const char *, GError **))
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *written = again (text, &problem);
  g_autofree char *twice = NULL;

  if (written == NULL) {
    expect_refusal (problem);
    return;
  }
  twice = again (written, NULL);
  expect (g_strcmp0 (written, twice) == 0);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t length)
{
  g_autofree char *text = NULL;

  if (length == 0)
    return 0;
  text = g_strndup ((const char *)data + 1, length - 1);
  switch (data[0] % 6) {
  case 0:
    read_statement (data + 1, length - 1);
    break;
  case 1:
    read_checkpoint (text);
    break;
  case 2:
    read_proof (text);
    break;
  case 3:
    read_text (text, report_again);
    break;
  case 4:
    read_text (text, manifest_again);
    break;
  default:
    read_text (text, ticket_again);
    break;
  }
  return 0;
}
