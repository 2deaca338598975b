/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The owner's side of a TPM that counts, without a TPM: a ticket's limit, and the answer with which
 * a counter begins.
 */
#include "station/cli/ticket-tpm.h"

#include "base/encode.h"
#include "ca/proof/enrolment.h"
#include "ca/proof/statement.h"
#include "station/cli/ticket-files.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>

static gboolean
refuse (GError **error, const char *sentence)
{
  g_set_error_literal (error, CLI_ERROR, CLI_USAGE, sentence);
  return FALSE;
}

/* The first of the file's texts. */
static Enrolment *
read_enrolment (const char *path, EVP_PKEY *owner, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);
  g_autoptr (GError) problem = NULL;
  g_autoptr (Enrolment) enrolment = NULL;
  g_autofree char *text = NULL;

  if (!g_file_get_contents (path, &text, NULL, &problem)) {
    g_set_error (error, CLI_ERROR, CLI_NOT_FOUND, "%s can't be read: %s.", shown, problem->message);
    return NULL;
  }
  enrolment = enrolment_parse (text, &problem);
  if (enrolment != NULL && enrolment_check (enrolment, owner, &problem))
    return g_steal_pointer (&enrolment);
  g_set_error (error, CLI_ERROR, CLI_FAILED, "%s: %s.", shown, problem->message);
  return NULL;
}

/* ---- keycradle ticket make --tpm ---- */

static gboolean
check_given (const CliOptions *options, GError **error)
{
  if (options->tpm_limit <= 0 || options->tpm_limit > G_MAXUINT32)
    return refuse (error, "--tpm needs --tpm-limit, the TPM's last signature under this ticket.");
  if (options->tpm_from < 0)
    return refuse (error, "--tpm needs --tpm-from, the count that the owner knows of: that of the "
                          "last report, or 0.");
  return options->tpm_from < options->tpm_limit
         || refuse (error, "--tpm-limit must be above --tpm-from.");
}

gboolean
ticket_tpm_take (const CliOptions *options, EVP_PKEY *owner, Ticket *ticket, GError **error)
{
  g_autoptr (Enrolment) enrolment = NULL;
  g_autoptr (GBytes) message = NULL;
  GBytes *signature;

  if (options->tpm == NULL)
    return TRUE;
  if (!check_given (options, error)
      || (enrolment = read_enrolment (options->tpm, owner, error)) == NULL)
    return FALSE;
  if (!g_str_equal (enrolment->ca, ticket->ca))
    return refuse (error,
                   "The TPM of this enrolment counts for another CA's key than --ca-file's.");
  message = tpm_limit_message (&enrolment->counter, (guint32)options->tpm_limit);
  signature = tpm_message_sign (message, owner, error);
  if (signature == NULL)
    return FALSE;
  ticket->tpm = g_new0 (TicketTpm, 1);
  *ticket->tpm = (TicketTpm){ (guint32)options->tpm_from, (guint32)options->tpm_limit, signature };
  return TRUE;
}

/* ---- keycradle ticket answer-challenge ---- */

static EVP_PKEY *
load_key (const CliOptions *options, GError **error)
{
  g_autoptr (GPtrArray) owners = NULL;

  if (options->key == NULL || options->certificate == NULL || options->enrolments == NULL) {
    refuse (error, "An answer needs --key, --certificate and --enrolments.");
    return NULL;
  }
  owners = statement_signers_load (options->certificate, error);
  return owners != NULL ? ticket_key_read (options->key, options->passphrase_file,
                                           g_ptr_array_index (owners, 0), error)
                        : NULL;
}

/* A counter that is begun twice counts from 0 twice: its name is kept for ever, before the answer
 * is given. */
static gboolean
keep (const CliOptions *options, Enrolment *enrolment, char **path, GError **error)
{
  g_autofree char *name = hex_encode (enrolment->name, TPM_NAME);
  g_autofree char *file = g_strconcat (name, ".enrolment", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) problem = NULL;

  *path = g_build_filename (options->enrolments, file, NULL);
  if (g_file_test (*path, G_FILE_TEST_EXISTS)) {
    g_set_error (error, CLI_ERROR, CLI_VERDICT,
                 "%s is there: this counter was answered for before. A second answer would let it "
                 "count from 0 again. If it is lost, let a new one be made.",
                 *path);
    return FALSE;
  }
  enrolment->has_challenge = FALSE;
  text = enrolment_text (enrolment);
  enrolment->has_challenge = TRUE;
  if (g_mkdir_with_parents (options->enrolments, 0700) < 0
      || !g_file_set_contents (*path, text, -1, &problem))
  {
    g_set_error (error, CLI_ERROR, CLI_FAILED, "%s can't be written: %s.", *path,
                 problem != NULL ? problem->message : g_strerror (errno));
    return FALSE;
  }
  return TRUE;
}

static GBytes *
answer (const CliOptions *options, const char *challenge, EVP_PKEY *owner, char **path,
        GError **error)
{
  g_autoptr (Enrolment) enrolment = read_enrolment (challenge, owner, error);
  g_autoptr (GBytes) message = NULL;

  if (enrolment == NULL)
    return NULL;
  if (!enrolment->has_challenge) {
    refuse (error, "This is an enrolment without a challenge: give what `keycradle-signer ca count "
                   "enroll` printed.");
    return NULL;
  }
  if (!keep (options, enrolment, path, error))
    return NULL;
  message = tpm_first_message (&enrolment->counter, enrolment->limit, enrolment->nonce);
  return tpm_message_sign (message, owner, error);
}

CliExit
cli_ticket_answer (Cli *cli, GError **error)
{
  const CliOptions *options = &cli->options;
  EVP_PKEY *owner = load_key (options, error);
  g_autofree char *path = NULL;
  g_autoptr (GBytes) signature =
      owner != NULL ? answer (options, cli->arguments[0], owner, &path, error) : NULL;
  g_autofree char *text = NULL;

  EVP_PKEY_free (owner);
  if (signature == NULL)
    return CLI_FAILED;
  text = g_base64_encode (g_bytes_get_data (signature, NULL), g_bytes_get_size (signature));
  printf ("%s\n", text);
  fprintf (stderr, "Kept %s: tickets for this TPM are made with --tpm and this file.\n", path);
  return CLI_OK;
}
