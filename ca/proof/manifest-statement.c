/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See report.h: the statement that goes with a manifest, and the groups that it shares with a
 * report.
 */
#include "ca/proof/report-private.h"

#define LEDGER_ID 16 /* bytes */

static const char *const manifest_keys[] = { "Version", "Time",  "Station", "Batch", "Format",
                                             "Rows",    "Bytes", "Sha256",  NULL };
static const char *const log_keys[] = { "Origin", "Size", "Root", NULL };
static const char *const ledger_keys[] = { "Id", "Event", "EventHash", NULL };
static const KeyfileGroup groups[] = {
  { "manifest", manifest_keys }, { "log", log_keys }, { "ledger", ledger_keys }, { NULL, NULL }
};

void
report_set_log (GKeyFile *text, const Checkpoint *log)
{
  proof_text_set_hash (text, "log", "Origin", log->origin);
  g_key_file_set_uint64 (text, "log", "Size", log->size);
  proof_text_set_hash (text, "log", "Root", log->root);
}

gboolean
report_read_log (const Keyfile *text, Checkpoint *log, GError **error)
{
  return proof_text_hash (text, "log", "Origin", log->origin, error)
         && proof_text_number (text, "log", "Size", 0, G_MAXUINT64, &log->size, error)
         && proof_text_hash (text, "log", "Root", log->root, error);
}

gboolean
report_read_ledger (const Keyfile *text, char **id, guint64 *event, guint8 event_hash[MERKLE_HASH],
                    GError **error)
{
  *id = proof_text_hex (text, "ledger", "Id", LEDGER_ID, error);
  return *id != NULL && proof_text_number (text, "ledger", "Event", 0, G_MAXUINT64, event, error)
         && proof_text_hash (text, "ledger", "EventHash", event_hash, error);
}

void
report_set_head (GKeyFile *text, const char *group, gint64 time, const char *station,
                 const char *batch)
{
  proof_text_set_time (text, group, "Time", time);
  g_key_file_set_value (text, group, "Station", station);
  g_key_file_set_value (text, group, "Batch", batch);
}

gboolean
report_read_head (const Keyfile *text, const char *group, gint64 *time, char **station,
                  char **batch, GError **error)
{
  if (!proof_text_time (text, group, "Time", time, error))
    return FALSE;
  *station = proof_text_hex (text, group, "Station", MERKLE_HASH, error);
  *batch = *station != NULL ? proof_text_name (text, group, "Batch", error) : NULL;
  return *batch != NULL;
}

ManifestStatement *
manifest_statement_new (void)
{
  return g_new0 (ManifestStatement, 1);
}

void
manifest_statement_free (ManifestStatement *statement)
{
  if (statement == NULL)
    return;
  g_free (statement->station);
  g_free (statement->batch);
  g_free (statement->format);
  g_free (statement->ledger);
  g_free (statement);
}

char *
manifest_statement_text (const ManifestStatement *statement)
{
  g_autoptr (GKeyFile) text = proof_text_new ("manifest");

  report_set_head (text, "manifest", statement->time, statement->station, statement->batch);
  g_key_file_set_value (text, "manifest", "Format", statement->format);
  g_key_file_set_uint64 (text, "manifest", "Rows", statement->rows);
  g_key_file_set_uint64 (text, "manifest", "Bytes", statement->bytes);
  proof_text_set_hash (text, "manifest", "Sha256", statement->sha256);
  report_set_log (text, &statement->log);
  g_key_file_set_value (text, "ledger", "Id", statement->ledger);
  g_key_file_set_uint64 (text, "ledger", "Event", statement->event);
  proof_text_set_hash (text, "ledger", "EventHash", statement->event_hash);
  return g_key_file_to_data (text, NULL, NULL);
}

static gboolean
read_manifest (const Keyfile *text, ManifestStatement *statement, GError **error)
{
  if (!report_read_head (text, "manifest", &statement->time, &statement->station, &statement->batch,
                         error))
    return FALSE;
  statement->format = proof_text_name (text, "manifest", "Format", error);
  return statement->format != NULL
         && proof_text_number (text, "manifest", "Rows", 0, G_MAXUINT64, &statement->rows, error)
         && proof_text_number (text, "manifest", "Bytes", 0, G_MAXUINT64, &statement->bytes, error)
         && proof_text_hash (text, "manifest", "Sha256", statement->sha256, error);
}

ManifestStatement *
manifest_statement_parse (const char *text, GError **error)
{
  g_autoptr (Keyfile) read = proof_text_read ("manifest's statement", text, groups, error);
  g_autoptr (ManifestStatement) statement = manifest_statement_new ();

  if (read == NULL || !read_manifest (read, statement, error)
      || !report_read_log (read, &statement->log, error)
      || !report_read_ledger (read, &statement->ledger, &statement->event, statement->event_hash,
                              error))
    return NULL;
  return g_steal_pointer (&statement);
}
