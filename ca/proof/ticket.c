/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See ticket.h. What is optional may be left out; everything else must be there, once, in its one
 * form.
 */
#include "ca/proof/ticket.h"

#include "base/encode.h"
#include "base/text.h"
#include "ca/proof/proof-text.h"

#include <string.h>

#define TICKET "ticket"
#define TPM "tpm"
#define MOST_NOTE 500
#define MOST_SIGNATURE 1024

static const char *const ticket_keys[] = { "Version",    "Number",        "Batch",   "Profile",
                                           "Count",      "Station",       "Ca",      "NotBefore",
                                           "NotAfter",   "LogSize",       "LogRoot", "Note",
                                           "ClockReset", "ProfileSha256", NULL };
static const char *const tpm_keys[] = { "From", "Limit", "Signature", NULL };
static const KeyfileGroup groups[] = { { TICKET, ticket_keys }, { TPM, tpm_keys }, { NULL, NULL } };

Ticket *
ticket_new (void)
{
  return g_new0 (Ticket, 1);
}

void
ticket_free (Ticket *ticket)
{
  if (ticket == NULL)
    return;
  g_free (ticket->batch);
  g_free (ticket->profile);
  g_free (ticket->profile_sha256);
  g_free (ticket->station);
  g_free (ticket->ca);
  g_free (ticket->note);
  if (ticket->tpm != NULL)
    g_clear_pointer (&ticket->tpm->signature, g_bytes_unref);
  g_free (ticket->tpm);
  g_free (ticket);
}

/* ---- reading ---- */

static gboolean
read_place (const Keyfile *text, Ticket *ticket, GError **error)
{
  return (ticket->batch = proof_text_name (text, TICKET, "Batch", error)) != NULL
         && (ticket->profile = proof_text_name (text, TICKET, "Profile", error)) != NULL
         && (ticket->station = proof_text_hex (text, TICKET, "Station", PROOF_HASH, error)) != NULL
         && (ticket->ca = proof_text_hex (text, TICKET, "Ca", PROOF_HASH, error)) != NULL;
}

static gboolean
read_times (const Keyfile *text, Ticket *ticket, GError **error)
{
  if (!proof_text_time (text, TICKET, "NotBefore", &ticket->not_before, error)
      || !proof_text_time (text, TICKET, "NotAfter", &ticket->not_after, error))
    return FALSE;
  return ticket->not_before <= ticket->not_after
         || proof_text_refuse (text, TICKET, "NotAfter", error, "NotAfter is before NotBefore");
}

/* It is shown to people. */
static gboolean
read_note (const Keyfile *text, Ticket *ticket, GError **error)
{
  if (!proof_text_note (text, TICKET, "Note", MOST_NOTE, &ticket->note, error))
    return FALSE;
  for (const char *at = ticket->note; at != NULL && *at != '\0'; at = g_utf8_next_char (at))
    if (!character_is_showable (g_utf8_get_char (at)))
      return proof_text_refuse (text, TICKET, "Note", error, "Note must be one line of clean text");
  return TRUE;
}

static gboolean
read_optional (const Keyfile *text, Ticket *ticket, GError **error)
{
  if (proof_text_has (text, TICKET, "ProfileSha256")) {
    ticket->profile_sha256 = proof_text_hex (text, TICKET, "ProfileSha256", PROOF_HASH, error);
    if (ticket->profile_sha256 == NULL)
      return FALSE;
  }
  return (!proof_text_has (text, TICKET, "ClockReset")
          || proof_text_flag (text, TICKET, "ClockReset", &ticket->clock_reset, error))
         && read_note (text, ticket, error);
}

static gboolean
read_signature (const Keyfile *text, TicketTpm *tpm, GError **error)
{
  g_autofree char *base64 = keyfile_text (text, TPM, "Signature", "");

  tpm->signature = base64_read (base64, strlen (base64));
  return (tpm->signature != NULL && g_bytes_get_size (tpm->signature) > 0
          && g_bytes_get_size (tpm->signature) <= MOST_SIGNATURE)
         || proof_text_refuse (text, TPM, "Signature", error,
                               "[tpm] needs Signature=, base64 of at most %d bytes",
                               MOST_SIGNATURE);
}

static gboolean
read_tpm (const Keyfile *text, Ticket *ticket, GError **error)
{
  if (!proof_text_has_group (text, TPM))
    return TRUE;
  ticket->tpm = g_new0 (TicketTpm, 1);
  if (!proof_text_count (text, TPM, "From", 0, G_MAXUINT32, &ticket->tpm->from, error)
      || !proof_text_count (text, TPM, "Limit", 1, G_MAXUINT32, &ticket->tpm->limit, error)
      || !read_signature (text, ticket->tpm, error))
    return FALSE;
  return ticket->tpm->from < ticket->tpm->limit
         || proof_text_refuse (text, TPM, "Limit", error, "Limit must be above From");
}

Ticket *
ticket_parse (const char *text, GError **error)
{
  g_autoptr (Keyfile) keyfile = proof_text_read (TICKET, text, groups, error);
  g_autoptr (Ticket) ticket = ticket_new ();

  if (keyfile == NULL
      || !proof_text_number (keyfile, TICKET, "Number", 1, G_MAXINT64, &ticket->number, error)
      || !read_place (keyfile, ticket, error)
      || !proof_text_count (keyfile, TICKET, "Count", 1, TICKET_MOST_COUNT, &ticket->count, error)
      || !read_times (keyfile, ticket, error)
      || !proof_text_number (keyfile, TICKET, "LogSize", 0, G_MAXINT64, &ticket->log_size, error)
      || !proof_text_hash (keyfile, TICKET, "LogRoot", ticket->log_root, error)
      || !read_optional (keyfile, ticket, error) || !read_tpm (keyfile, ticket, error))
    return NULL;
  return g_steal_pointer (&ticket);
}

/* ---- writing ---- */

static void
write_tpm (GKeyFile *text, const TicketTpm *tpm)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (tpm->signature, &length);
  g_autofree char *signature = g_base64_encode (data, length);

  g_key_file_set_uint64 (text, TPM, "From", tpm->from);
  g_key_file_set_uint64 (text, TPM, "Limit", tpm->limit);
  g_key_file_set_value (text, TPM, "Signature", signature);
}

static void
write_optional (GKeyFile *text, const Ticket *ticket)
{
  if (ticket->profile_sha256 != NULL)
    g_key_file_set_value (text, TICKET, "ProfileSha256", ticket->profile_sha256);
  if (ticket->clock_reset)
    proof_text_set_flag (text, TICKET, "ClockReset", TRUE);
  if (ticket->note != NULL)
    g_key_file_set_string (text, TICKET, "Note", ticket->note);
  if (ticket->tpm != NULL)
    write_tpm (text, ticket->tpm);
}

char *
ticket_text (const Ticket *ticket)
{
  g_autoptr (GKeyFile) text = proof_text_new (TICKET);

  g_key_file_set_uint64 (text, TICKET, "Number", ticket->number);
  g_key_file_set_value (text, TICKET, "Batch", ticket->batch);
  g_key_file_set_value (text, TICKET, "Profile", ticket->profile);
  g_key_file_set_uint64 (text, TICKET, "Count", ticket->count);
  g_key_file_set_value (text, TICKET, "Station", ticket->station);
  g_key_file_set_value (text, TICKET, "Ca", ticket->ca);
  proof_text_set_time (text, TICKET, "NotBefore", ticket->not_before);
  proof_text_set_time (text, TICKET, "NotAfter", ticket->not_after);
  g_key_file_set_uint64 (text, TICKET, "LogSize", ticket->log_size);
  proof_text_set_hash (text, TICKET, "LogRoot", ticket->log_root);
  write_optional (text, ticket);
  return g_key_file_to_data (text, NULL, NULL);
}
