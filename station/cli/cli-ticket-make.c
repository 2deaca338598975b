/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle ticket make: for the owner, who has no station. The same can be made with an editor and
 * openssl cms -sign.
 */
#include "station/cli/cli.h"

#include "base/encode.h"
#include "base/output-file.h"
#include "base/text.h"
#include "ca/proof/proof-text.h"
#include "ca/proof/statement.h"
#include "ca/proof/ticket.h"
#include "station/cli/ticket-files.h"
#include "station/cli/ticket-time.h"
#include "station/cli/ticket-tpm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define USUAL_END "+30d"

static gboolean
refuse (GError **error, const char *sentence)
{
  g_set_error_literal (error, CLI_ERROR, CLI_USAGE, sentence);
  return FALSE;
}

/* What a ticket can't do without. */
static gboolean
check_given (const CliOptions *options, GError **error)
{
  const struct {
    const char *name;
    gboolean given;
  } needed[] = {
    { "key", options->key != NULL },         { "certificate", options->certificate != NULL },
    { "number", options->number > 0 },       { "batch", options->batch != NULL },
    { "profile", options->profile != NULL }, { "count", options->count > 0 },
    { "station", options->station != NULL }, { "ca-file", options->ca_file != NULL }
  };

  for (guint i = 0; i < G_N_ELEMENTS (needed); i++)
    if (!needed[i].given) {
      g_set_error (error, CLI_ERROR, CLI_USAGE,
                   "A ticket needs --%s. 'keycradle help ticket make' tells what for.",
                   needed[i].name);
      return FALSE;
    }
  if (!serial_is_valid (options->batch) || !serial_is_valid (options->profile))
    return refuse (error, "Names of batches and profiles are 1 to 64 of A-Z a-z 0-9 . : _ -.");
  return options->count <= TICKET_MOST_COUNT
         || refuse (error,
                    "A ticket is for " G_STRINGIFY (TICKET_MOST_COUNT) " certificates at most.");
}

static gboolean
take_times (const CliOptions *options, Ticket *ticket, GError **error)
{
  const gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  const char *end = options->not_after != NULL ? options->not_after : USUAL_END;

  ticket->not_before = now;
  if (options->not_before != NULL
      && !ticket_time_read ("not-before", options->not_before, TICKET_BEGINS, now,
                            &ticket->not_before, error))
    return FALSE;
  if (!ticket_time_read ("not-after", end, TICKET_ENDS, ticket->not_before, &ticket->not_after,
                         error))
    return FALSE;
  return ticket->not_before <= ticket->not_after
         || refuse (error, "--not-after is before --not-before.");
}

static gboolean
take_profile_file (const CliOptions *options, Ticket *ticket, GError **error)
{
  g_autofree char *content = NULL;
  g_autoptr (GError) problem = NULL;
  gsize length;

  if (options->profile_file == NULL)
    return TRUE;
  if (!g_file_get_contents (options->profile_file, &content, &length, &problem)) {
    g_set_error (error, CLI_ERROR, CLI_NOT_FOUND, "%s.", problem->message);
    return FALSE;
  }
  ticket->profile_sha256 = sha256_hex ((const guint8 *)content, length);
  return TRUE;
}

/* The first certificate of a file. NULL with an error. */
static X509 *
load_first (const char *path, GError **error)
{
  g_autoptr (GPtrArray) certificates = statement_signers_load (path, error);
  X509 *first;

  if (certificates == NULL)
    return NULL;
  first = g_ptr_array_index (certificates, 0);
  X509_up_ref (first);
  return first;
}

static char *
key_hash (X509 *certificate)
{
  guint8 hash[32];

  statement_key_sha256 (certificate, hash);
  return hex_encode (hash, sizeof hash);
}

/* Station, CA, and how far the owner knows the station's log. */
static gboolean
take_station (const CliOptions *options, Ticket *ticket, GError **error)
{
  X509 *ca = load_first (options->ca_file, error);
  X509 *station = ca != NULL ? load_first (options->station, error) : NULL;
  Checkpoint seen = { 0 };
  gboolean ok = station != NULL;

  merkle_root (&(MerkleEdge){ 0 }, seen.root);
  if (ok && options->after != NULL)
    ok = ticket_checkpoint_read (options->after, station, &seen, error);
  if (ok) {
    ticket->ca = key_hash (ca);
    ticket->station = key_hash (station);
    ticket->log_size = seen.size;
    memcpy (ticket->log_root, seen.root, MERKLE_HASH);
  }
  X509_free (ca);
  X509_free (station);
  return ok;
}

static Ticket *
compose (const CliOptions *options, GError **error)
{
  g_autoptr (Ticket) ticket = ticket_new ();

  if (!check_given (options, error))
    return NULL;
  ticket->number = (guint64)options->number;
  ticket->count = (guint)options->count;
  ticket->batch = g_strdup (options->batch);
  ticket->profile = g_strdup (options->profile);
  ticket->note = g_strdup (options->note);
  ticket->clock_reset = options->clock_reset;
  if (!take_times (options, ticket, error) || !take_profile_file (options, ticket, error)
      || !take_station (options, ticket, error))
    return NULL;
  return g_steal_pointer (&ticket);
}

/* Reads it again, as the signer will: what it would refuse is not signed. */
static GBytes *
sign_text (const Ticket *ticket, X509 *owner, EVP_PKEY *key, GError **error)
{
  g_autofree char *text = ticket_text (ticket);
  g_autoptr (Ticket) again = ticket_parse (text, error);

  return again != NULL ? statement_sign (text, owner, key, error) : NULL;
}

static GBytes *
sign (const CliOptions *options, Ticket *ticket, GError **error)
{
  X509 *owner = load_first (options->certificate, error);
  EVP_PKEY *key =
      owner != NULL ? ticket_key_read (options->key, options->passphrase_file, owner, error) : NULL;
  GBytes *signed_ticket = key != NULL && ticket_tpm_take (options, key, ticket, error)
                              ? sign_text (ticket, owner, key, error)
                              : NULL;

  EVP_PKEY_free (key);
  X509_free (owner);
  return signed_ticket;
}

static gboolean
write_out (const char *path, GBytes *bytes, GError **error)
{
  g_auto (OutputFile) output = OUTPUT_FILE_INIT;
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);

  if (!output_file_open (&output, path, error))
    return FALSE;
  while (length > 0) {
    gssize written = write (output.fd, data, length);

    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0) {
      g_set_error (error, CLI_ERROR, CLI_FAILED, "%s can't be written: %s.", path,
                   g_strerror (errno));
      return FALSE;
    }
    data += written;
    length -= (gsize)written;
  }
  return output_file_finish (&output, error);
}

static void
print_made (const char *path, const Ticket *ticket)
{
  g_autofree char *from = proof_time (ticket->not_before);
  g_autofree char *to = proof_time (ticket->not_after);
  g_autofree char *shown = g_filename_display_name (path);

  fprintf (stderr,
           "%s: ticket %" G_GUINT64_FORMAT ", %u certificates for batch %s, profile %s, from %s to "
           "%s, behind %" G_GUINT64_FORMAT " entries of the log.\n",
           shown, ticket->number, ticket->count, ticket->batch, ticket->profile, from, to,
           ticket->log_size);
}

CliExit
cli_ticket_make (Cli *cli, GError **error)
{
  g_autoptr (Ticket) ticket = compose (&cli->options, error);
  g_autoptr (GBytes) bytes = ticket != NULL ? sign (&cli->options, ticket, error) : NULL;
  g_autofree char *usual = g_strdup_printf ("ticket-%" G_GINT64_FORMAT ".p7s", cli->options.number);
  const char *path = cli->options.output != NULL ? cli->options.output : usual;

  if (bytes == NULL || !write_out (path, bytes, error))
    return CLI_FAILED;
  print_made (path, ticket);
  return CLI_OK;
}
