/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle ticket: what the owner signed, shown without a station.
 */
#include "station/cli/cli.h"

#include "base/encode.h"
#include "ca/proof/statement.h"
#include "ca/proof/ticket.h"
#include "station/cli/output.h"

static const Field shown_fields[] = {
  { "verified", "Verified", FIELD_YES_NO },
  { "signer", "Signed by", FIELD_TEXT },
  { "number", "Ticket", FIELD_NUMBER },
  { "batch", "Batch", FIELD_TEXT },
  { "profile", "Profile", FIELD_TEXT },
  { "profile-sha256", "Profile SHA-256", FIELD_DIGEST },
  { "count", "Certificates", FIELD_NUMBER },
  { "not-before", "From", FIELD_SECONDS },
  { "not-after", "To", FIELD_SECONDS },
  { "station", "Station", FIELD_DIGEST },
  { "ca", "CA's key", FIELD_DIGEST },
  { "log-size", "Log's entries", FIELD_NUMBER },
  { "log-root", "Log's root", FIELD_DIGEST },
  { "clock-reset", "Clock reset", FIELD_YES_NO },
  { "note", "Note", FIELD_TEXT },
  { "tpm-from", "TPM from", FIELD_NUMBER },
  { "tpm-limit", "TPM to", FIELD_NUMBER },
  { "sha256", "SHA-256", FIELD_DIGEST },
  { NULL, NULL, FIELD_TEXT },
};

static GBytes *
read_file (const char *path, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);
  g_autoptr (GError) problem = NULL;
  char *content;
  gsize length;

  if (g_file_get_contents (path, &content, &length, &problem))
    return g_bytes_new_take (content, length);
  g_set_error (error, CLI_ERROR, CLI_NOT_FOUND, "%s can't be read: %s.", shown, problem->message);
  return NULL;
}

static char *
name_of (X509 *certificate)
{
  BIO *out = BIO_new (BIO_s_mem ());
  char *data, *name;
  long length;

  X509_NAME_print_ex (out, X509_get_subject_name (certificate), 0, XN_FLAG_RFC2253);
  length = BIO_get_mem_data (out, &data);
  name = g_strndup (data, (gsize)length);
  BIO_free (out);
  return name;
}

/* The text; `signer` receives who signed it, or NULL where nobody's signature was asked for. */
static char *
open_ticket (const Cli *cli, Span der, char **signer, GError **error)
{
  g_autoptr (GPtrArray) owners = NULL;
  X509 *owner = NULL;
  char *text;

  if (cli->options.owner == NULL)
    return statement_peek (der, error);
  owners = statement_signers_load (cli->options.owner, error);
  text = owners != NULL ? statement_open (der, owners, &owner, error) : NULL;
  if (text != NULL)
    *signer = name_of (owner);
  return text;
}

static void
add_optional (GVariantDict *record, const Ticket *ticket)
{
  if (ticket->profile_sha256 != NULL)
    g_variant_dict_insert (record, "profile-sha256", "s", ticket->profile_sha256);
  if (ticket->note != NULL)
    g_variant_dict_insert (record, "note", "s", ticket->note);
  if (ticket->tpm == NULL)
    return;
  g_variant_dict_insert (record, "tpm-from", "u", ticket->tpm->from);
  g_variant_dict_insert (record, "tpm-limit", "u", ticket->tpm->limit);
}

static GVariant *
record_of (const Ticket *ticket, Span der, const char *signer)
{
  g_autofree char *root = hex_encode (ticket->log_root, MERKLE_HASH);
  g_autofree char *sha256 = sha256_hex (der.data, der.length);
  GVariantDict record;

  g_variant_dict_init (&record, NULL);
  g_variant_dict_insert (&record, "verified", "b", signer != NULL);
  g_variant_dict_insert (&record, "signer", "s",
                         signer != NULL ? signer : "nobody knows: --owner was not given");
  g_variant_dict_insert (&record, "number", "t", ticket->number);
  g_variant_dict_insert (&record, "batch", "s", ticket->batch);
  g_variant_dict_insert (&record, "profile", "s", ticket->profile);
  g_variant_dict_insert (&record, "count", "u", ticket->count);
  g_variant_dict_insert (&record, "not-before", "x", ticket->not_before);
  g_variant_dict_insert (&record, "not-after", "x", ticket->not_after);
  g_variant_dict_insert (&record, "station", "s", ticket->station);
  g_variant_dict_insert (&record, "ca", "s", ticket->ca);
  g_variant_dict_insert (&record, "log-size", "t", ticket->log_size);
  g_variant_dict_insert (&record, "log-root", "s", root);
  g_variant_dict_insert (&record, "clock-reset", "b", ticket->clock_reset);
  g_variant_dict_insert (&record, "sha256", "s", sha256);
  add_optional (&record, ticket);
  return g_variant_ref_sink (g_variant_dict_end (&record));
}

/* A ticket that can't be shown is judged bad: that is the answer, not a failure of ours. */
static CliExit
refuse (const char *path, const GError *problem, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);

  g_set_error (error, CLI_ERROR, CLI_VERDICT, "%s: %s.", shown, problem->message);
  return CLI_VERDICT;
}

CliExit
cli_ticket_show (Cli *cli, GError **error)
{
  g_autoptr (GBytes) bytes = read_file (cli->arguments[0], error);
  g_autoptr (GError) problem = NULL;
  g_autoptr (GVariant) record = NULL;
  g_autoptr (Ticket) ticket = NULL;
  g_autofree char *signer = NULL;
  g_autofree char *text = NULL;
  Span der;

  if (bytes == NULL)
    return CLI_FAILED;
  der.data = g_bytes_get_data (bytes, &der.length);
  text = open_ticket (cli, der, &signer, &problem);
  ticket = text != NULL ? ticket_parse (text, &problem) : NULL;
  if (ticket == NULL)
    return refuse (cli->arguments[0], problem, error);
  record = record_of (ticket, der, signer);
  cli_print_record (cli, record, shown_fields);
  return CLI_OK;
}
