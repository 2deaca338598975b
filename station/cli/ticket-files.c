/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See ticket-files.h.
 */
#include "station/cli/ticket-files.h"

#include "ca/proof/report.h"
#include "ca/proof/statement.h"
#include "station/cli/secret.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

/* ---- the key ---- */

/* What OpenSSL's callback needs, and what went wrong in it. */
typedef struct {
  const char *path;
  const char *file; /* or NULL */
  GError *problem;
} Asking;

static int
give_passphrase (char *buffer, int size, int writing, void *data)
{
  Asking *asking = data;
  g_autofree char *shown = g_filename_display_name (asking->path);
  g_autofree char *prompt = g_strdup_printf ("Passphrase of %s: ", shown);
  g_auto (Secret) secret =
      secret_read (asking->file != NULL ? asking->file : "-", prompt, &asking->problem);

  if (secret == NULL || strlen (secret) > (gsize)size)
    return -1;
  memcpy (buffer, secret, strlen (secret));
  return (int)strlen (secret);
}

static EVP_PKEY *
read_key (Asking *asking, GError **error)
{
  g_autofree char *shown = g_filename_display_name (asking->path);
  BIO *file = BIO_new_file (asking->path, "r");
  EVP_PKEY *key;

  if (file == NULL) {
    ERR_clear_error ();
    g_set_error (error, CLI_ERROR, CLI_NOT_FOUND, "%s can't be opened.", shown);
    return NULL;
  }
  key = PEM_read_bio_PrivateKey (file, NULL, give_passphrase, asking);
  BIO_free (file);
  ERR_clear_error ();
  if (key == NULL && asking->problem != NULL)
    g_propagate_error (error, g_steal_pointer (&asking->problem));
  else if (key == NULL)
    g_set_error (error, CLI_ERROR, CLI_FAILED,
                 "%s is no private key in PEM, or its passphrase is another one.", shown);
  return key;
}

EVP_PKEY *
ticket_key_read (const char *path, const char *passphrase_file, X509 *certificate, GError **error)
{
  Asking asking = { path, passphrase_file, NULL };
  EVP_PKEY *key = read_key (&asking, error);

  g_clear_error (&asking.problem);
  if (key == NULL || X509_check_private_key (certificate, key) == 1)
    return key;
  ERR_clear_error ();
  EVP_PKEY_free (key);
  g_set_error_literal (error, CLI_ERROR, CLI_FAILED,
                       "--key and --certificate do not belong together.");
  return NULL;
}

/* ---- what the owner has seen ---- */

static gboolean
read_notes (const char *text, EVP_PKEY *station, Checkpoint *checkpoint, GError **error)
{
  Checkpoint next;
  gsize length;

  while (*text != '\0') {
    if (!checkpoint_read (text, station, &next, &length, error))
      return FALSE;
    if (next.size >= checkpoint->size)
      *checkpoint = next;
    for (text += length; *text == '\n'; text++)
      ;
  }
  return TRUE;
}

static gboolean
read_statement (Span der, X509 *station, Checkpoint *checkpoint, GError **error)
{
  g_autoptr (GPtrArray) signers = g_ptr_array_new ();
  g_autofree char *text = NULL;
  g_autoptr (Report) report = NULL;
  g_autoptr (ManifestStatement) manifest = NULL;

  g_ptr_array_add (signers, station);
  text = statement_open (der, signers, NULL, error);
  if (text == NULL)
    return FALSE;
  report = report_parse (text, NULL);
  manifest = report == NULL ? manifest_statement_parse (text, error) : NULL;
  if (report == NULL && manifest == NULL)
    return FALSE;
  *checkpoint = report != NULL ? report->log : manifest->log;
  return TRUE;
}

static gboolean
read_any (const char *content, gsize length, X509 *station, Checkpoint *checkpoint, GError **error)
{
  const Span der = { (const guint8 *)content, length };

  *checkpoint = (Checkpoint){ 0 };
  if (g_str_has_prefix (content, CHECKPOINT_ORIGIN) && strlen (content) == length)
    return read_notes (content, X509_get0_pubkey (station), checkpoint, error);
  return read_statement (der, station, checkpoint, error);
}

gboolean
ticket_checkpoint_read (const char *path, X509 *station, Checkpoint *checkpoint, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);
  g_autofree char *content = NULL;
  g_autoptr (GError) problem = NULL;
  gsize length;

  if (!g_file_get_contents (path, &content, &length, &problem)) {
    g_set_error (error, CLI_ERROR, CLI_NOT_FOUND, "%s can't be read: %s.", shown, problem->message);
    return FALSE;
  }
  if (read_any (content, length, station, checkpoint, &problem))
    return TRUE;
  g_set_error (error, CLI_ERROR, CLI_VERDICT,
               "%s is no checkpoint, report or manifest's statement that this station signed: %s.",
               shown, problem->message);
  return FALSE;
}
