/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a line of a file back to the ledger: which certificate is it about? All that comes from the
 * file is hostile.
 */
#include <string.h>

#include "base/encode.h"
#include "db/manifest-judge.h"

#define DIGEST_LENGTH 32

/* What is open in JSON behind the opening of an envelope. */
static guint
brackets_open (const char *text)
{
  gboolean in_string = FALSE;
  guint open = 0;

  for (const char *at = text; *at != '\0'; at++) {
    if (*at == '"')
      in_string = !in_string;
    else if (!in_string && (*at == '{' || *at == '['))
      open++;
    else if (!in_string && (*at == '}' || *at == ']'))
      open--;
  }
  return open;
}

RecordShape
manifest_shape (const ManifestWriter *writer)
{
  RecordShape shape = { 0 };

  if (writer != NULL) {
    shape.quoted = writer->quoted;
    shape.depth = writer->opening == NULL ? 0 : brackets_open (writer->opening);
  }
  return shape;
}

gboolean
manifest_is_frame (const ManifestWriter *writer, const RecordReader *reader)
{
  return (writer->header != NULL && reader->number == 1)
         || (writer->opening != NULL && reader->row == reader->line->len);
}

GHashTable *
manifest_read_fields (const ManifestWriter *writer, const RecordReader *reader)
{
  return writer->fields (reader->line->str + reader->row, reader->line->len - reader->row);
}

/* ---- what a row is found by ---- */

#define SELECT_ROW "SELECT " MANIFEST_ROW_COLUMNS MANIFEST_ROW_REQUEST MANIFEST_ROW_TABLES

static const char *
row_query (ManifestIdentity identity)
{
  switch (identity) {
  case MANIFEST_BY_PEM:
  case MANIFEST_BY_BASE64:
  case MANIFEST_BY_SHA256:
    break;
  case MANIFEST_BY_SPKI:
    return SELECT_ROW
        " WHERE certificates.device = (SELECT device FROM keys WHERE spki_sha256 = ?1)"
        " AND certificates.spki_sha256 = ?1"
        " ORDER BY certificates.log_index DESC LIMIT 1";
  case MANIFEST_BY_DEVICE:
    return SELECT_ROW " WHERE certificates.device = (SELECT id FROM devices WHERE serial = ?)"
                      " ORDER BY certificates.verified_event IS NOT NULL DESC,"
                      " certificates.log_index DESC LIMIT 1";
  }
  return SELECT_ROW " WHERE certificates.sha256 = ?";
}

static GBytes *
digest_of (GBytes *der)
{
  return der == NULL ? NULL : sha256_of (g_bytes_get_data (der, NULL), g_bytes_get_size (der));
}

static GBytes *
read_digest (const char *text)
{
  g_autoptr (GBytes) digest = hex_decode (text);

  return digest != NULL && g_bytes_get_size (digest) == DIGEST_LENGTH ? g_steal_pointer (&digest)
                                                                      : NULL;
}

/* NULL where the text is none. */
static GBytes *
identity_of (ManifestIdentity identity, const char *text)
{
  g_autoptr (GBytes) der = NULL;

  switch (identity) {
  case MANIFEST_BY_PEM:
    der = pem_decode (text, "CERTIFICATE", NULL);
    break;
  case MANIFEST_BY_BASE64:
    der = base64_read (text, strlen (text));
    break;
  case MANIFEST_BY_SHA256:
  case MANIFEST_BY_SPKI:
    return read_digest (text);
  case MANIFEST_BY_DEVICE:
    return g_bytes_new (text, strlen (text));
  }
  return digest_of (der);
}

static void
bind_identity (Statement *select, ManifestIdentity identity, GBytes *value, const char *text)
{
  if (identity == MANIFEST_BY_DEVICE)
    statement_bind_text (select, text);
  else
    statement_bind_bytes (select, value);
}

gboolean
manifest_find_row (Database *database, const ManifestWriter *writer, GHashTable *fields,
                   ManifestFound *found, GError **error)
{
  const char *text =
      fields == NULL ? NULL : g_hash_table_lookup (fields, writer->certificate_field);
  g_autoptr (GBytes) value = text == NULL ? NULL : identity_of (writer->identity, text);

  *found = (ManifestFound){ .told = value != NULL };
  if (value == NULL)
    return TRUE;
  found->select = statement_prepare (database, row_query (writer->identity), error);
  if (found->select == NULL)
    return FALSE;
  bind_identity (found->select, writer->identity, value, text);
  if (!statement_step (found->select, &found->found, error))
    return FALSE;
  if (found->found)
    manifest_row_load (&found->row, found->select);
  return TRUE;
}

void
manifest_found_clear (ManifestFound *found)
{
  g_clear_pointer (&found->select, statement_finish);
}
