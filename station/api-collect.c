/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A collection of evidence, part by part, and proofs of single entries: for an auditor, while the
 * line runs. The client opens the files; the bytes flow in a thread.
 */
#include <gio/gunixfdlist.h>
#include <string.h>

#include "base/encode.h"
#include "base/files.h"
#include "ca/proof/checkpoint.h"
#include "ca/wire/client-evidence.h"
#include "db/ledger-collect.h"
#include "station/api-private.h"

#define PATIENCE 15000 /* milliseconds, for each answer of the signer */

/* ---- parts ---- */

static gboolean
write_log (SignerClient *client, int fd, GError **error)
{
  guint64 offset = 0;

  for (;;) {
    g_autoptr (GBytes) bytes =
        signer_client_log (client, offset, NULL, deadline_in (PATIENCE), error);
    gsize length;
    const void *data;

    if (bytes == NULL)
      return FALSE;
    data = g_bytes_get_data (bytes, &length);
    if (length == 0)
      return TRUE;
    if (!fd_write_for_reader (fd, data, length, READER_PATIENCE, error))
      return FALSE;
    offset += length;
  }
}

/* The newest one, which is made anew where it does not cover all; an empty line ends it. */
static gboolean
write_checkpoint (SignerClient *client, int fd, GError **error)
{
  g_autofree char *note = signer_client_checkpoint (client, TRUE, deadline_in (PATIENCE), error);

  return note != NULL && fd_write_for_reader (fd, note, strlen (note), READER_PATIENCE, error)
         && fd_write_for_reader (fd, "\n", 1, READER_PATIENCE, error);
}

static gboolean
write_certificate (GBytes *der, int fd, GError **error)
{
  g_autofree char *pem =
      pem_encode ("CERTIFICATE", g_bytes_get_data (der, NULL), g_bytes_get_size (der));

  return fd_write_for_reader (fd, pem, strlen (pem), READER_PATIENCE, error);
}

static gboolean
write_station (SignerClient *client, int fd, GError **error)
{
  g_autoptr (SignerStatus) status = signer_client_status (client, deadline_in (PATIENCE), error);

  return status != NULL && write_certificate (status->station, fd, error);
}

/* Of all CAs that the signer has: the log's header names the first one by its key alone. */
static gboolean
write_authorities (SignerClient *client, int fd, GError **error)
{
  g_autoptr (SignerStatus) status = signer_client_status (client, deadline_in (PATIENCE), error);

  if (status == NULL)
    return FALSE;
  for (guint i = 0; i < status->authorities->len; i++) {
    const SignerAuthority *authority = g_ptr_array_index (status->authorities, i);
    if (!write_certificate (g_ptr_array_index (authority->chain, 0), fd, error))
      return FALSE;
  }
  return TRUE;
}

static const struct {
  const char *name;
  gboolean (*write) (SignerClient *client, int fd, GError **error); /* NULL: the ledger */
} parts[] = {
  { "ledger", NULL },
  { "station", write_station },
  { "authorities", write_authorities },
  { "checkpoint", write_checkpoint },
  { "log", write_log },
};

static void
work_collect (ApiErrand *errand, Station *station, SignerClient *client)
{
  const char *part = errand->details;

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++) {
    if (!g_str_equal (part, parts[i].name))
      continue;
    if (parts[i].write == NULL)
      ledger_collect (station->ledger, errand->fd, &errand->error);
    else
      parts[i].write (client, errand->fd, &errand->error);
    return;
  }
  g_set_error (&errand->error, LEDGER_ERROR, LEDGER_ERROR_INVALID,
               "a collection has no part of that name: ledger, station, authorities, checkpoint, "
               "log");
}

static gboolean
handle_collect_evidence (ApiStation1 *skeleton, GDBusMethodInvocation *invocation,
                         GUnixFDList *descriptors, const char *part, GVariant *output,
                         Station *station)
{
  ApiErrand *errand = api_errand_new (invocation, work_collect);

  errand->details = g_strdup (part);
  errand->free_details = g_free;
  return api_errand_run_with_descriptor (errand, descriptors, output, station);
}

/* ---- proofs ---- */

static void
work_prove (ApiErrand *errand, Station *station, SignerClient *client)
{
  const guint64 *index = errand->details;
  g_autofree char *note = NULL;
  g_autoptr (GBytes) entry = NULL;
  g_autoptr (GBytes) path = signer_client_inclusion (client, *index, &note, &entry,
                                                     deadline_in (PATIENCE), &errand->error);
  g_autoptr (GByteArray) hashes = NULL;
  g_autofree char *text = NULL;

  if (g_error_matches (errand->error, CA_ERROR, CA_ERROR_PROOF)) {
    g_clear_error (&errand->error);
    g_set_error (&errand->error, LEDGER_ERROR, LEDGER_ERROR_NOT_FOUND,
                 "the signer's log has no entry %" G_GUINT64_FORMAT, *index);
  }
  if (path == NULL)
    return;
  hashes = g_bytes_unref_to_array (g_steal_pointer (&path));
  text = inclusion_proof_text (*index, hashes, note, entry);
  errand->answer = g_variant_ref_sink (g_variant_new_string (text));
}

static gboolean
handle_prove (ApiStation1 *skeleton, GDBusMethodInvocation *invocation, guint64 index,
              Station *station)
{
  ApiErrand *errand = api_errand_new (invocation, work_prove);

  errand->details = g_memdup2 (&index, sizeof index);
  errand->free_details = g_free;
  return api_errand_run (errand, station);
}

void
api_connect_collecting (ApiStation1 *skeleton, Station *station)
{
  g_signal_connect (skeleton, "handle-collect-evidence", G_CALLBACK (handle_collect_evidence),
                    station);
  g_signal_connect (skeleton, "handle-prove", G_CALLBACK (handle_prove), station);
}
