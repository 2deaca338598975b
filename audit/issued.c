/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See issued.h.
 */
#include "audit/issued.h"

#include <errno.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit/spill.h"

struct AuditIssued {
  AuditDigest *digest;
  gboolean named;
  FILE *file;
};

#define LONGEST_UNIQUE_ID 64 /* digits */

AuditIssued *
audit_issued_new (AuditDigest *digest, gboolean named, GError **error)
{
  g_autoptr (AuditIssued) issued = g_new0 (AuditIssued, 1);
  int fd = spill_file (error);

  issued->digest = digest;
  issued->named = named;
  if (fd < 0)
    return NULL;
  issued->file = fdopen (fd, "w+");
  if (issued->file == NULL)
    g_error ("a stream can't be made of a file");
  return g_steal_pointer (&issued);
}

void
audit_issued_free (AuditIssued *issued)
{
  if (issued->file != NULL)
    fclose (issued->file);
  g_free (issued);
}

static gboolean
refuse (GError **error)
{
  int code = errno;

  g_set_error (error, G_FILE_ERROR, (gint)g_file_error_from_errno (code),
               "a temporary file in %s can't be written: %s (TMPDIR names another folder)",
               g_get_tmp_dir (), g_strerror (code));
  return FALSE;
}

/* Each text behind its length, so that none can lend bytes to another. */
static void
put (guint8 *bytes, gsize *length, gsize most, Span text)
{
  gsize taken = MIN (text.length, most - *length - sizeof text.length);

  memcpy (bytes + *length, &text.length, sizeof text.length);
  *length += sizeof text.length;
  if (taken > 0)
    memcpy (bytes + *length, text.data, taken);
  *length += taken;
}

guint64
audit_issued_mark (AuditDigest *digest, Span batch, Span device, Span profile, Span serial)
{
  guint8 bytes[4 * (256 + sizeof (gsize))];
  gsize length = 0;

  while (serial.length > 0 && serial.data[0] == 0) {
    serial.data++;
    serial.length--;
  }
  /* In the log each has at most 255 bytes; a longer one is another one all the same. */
  put (bytes, &length, 1 * (256 + sizeof (gsize)), batch);
  put (bytes, &length, 2 * (256 + sizeof (gsize)), device);
  put (bytes, &length, 3 * (256 + sizeof (gsize)), profile);
  put (bytes, &length, 4 * (256 + sizeof (gsize)), serial);
  return audit_digest_mark (digest, (Span){ bytes, length }, (Span){ NULL, 0 });
}

guint64
audit_issued_unit (AuditDigest *digest, Span batch, Span device)
{
  return audit_digest_mark (digest, batch, device);
}

guint64
audit_issued_hash (AuditDigest *digest, const guint8 hash[AUDIT_HASH])
{
  return audit_digest_mark (digest, (Span){ hash, AUDIT_HASH }, (Span){ NULL, 0 });
}

/* `word` keeps what is called by different rules apart. */
static guint64
mark_of_name (AuditDigest *digest, Span batch, const char *word, Span name)
{
  g_autoptr (GString) text = g_string_new (word);

  g_string_append_len (text, (const char *)name.data, (gssize)name.length);
  return audit_digest_mark (digest, batch, (Span){ (const guint8 *)text->str, text->len });
}

guint64
audit_issued_name (AuditDigest *digest, Span batch, Span name)
{
  return mark_of_name (digest, batch, "name ", name);
}

guint64
audit_issued_unique_id (AuditDigest *digest, Span batch, Span id)
{
  return mark_of_name (digest, batch, "unique id ", id);
}

/* The first one in the subject; NULL where there is none. Free with g_free(). */
static char *
common_name (CertificatePart subject)
{
  const guint8 *end = subject.data;
  X509_NAME *name = d2i_X509_NAME (NULL, &end, (long)subject.length);
  const int place = name == NULL ? -1 : X509_NAME_get_index_by_NID (name, NID_commonName, -1);
  guint8 *text = NULL;
  const int length = place < 0
                         ? -1
                         : ASN1_STRING_to_UTF8 (
                             &text, X509_NAME_ENTRY_get_data (X509_NAME_get_entry (name, place)));
  char *valid = length < 0 ? NULL : g_utf8_make_valid ((const char *)text, length);

  OPENSSL_free (text);
  X509_NAME_free (name);
  return valid;
}

static gboolean
is_unique_id (Span text)
{
  for (gsize i = 0; i < text.length; i++)
    if (!g_ascii_isxdigit (text.data[i]))
      return FALSE;
  return text.length > 0 && text.length <= LONGEST_UNIQUE_ID && text.length % 2 == 0;
}

static guint64
unique_id_of (const AuditIssued *issued, const LogEntry *entry)
{
  const Span id = is_unique_id (entry->chip) ? entry->chip : entry->device;
  g_autofree char *lower = NULL;

  if (!is_unique_id (id))
    return 0;
  lower = g_ascii_strdown ((const char *)id.data, (gssize)id.length);
  return audit_issued_unique_id (issued->digest, entry->batch, span_of_text (lower));
}

static void
add_names (const AuditIssued *issued, const LogEntry *entry, CertificatePart subject, Issued *one)
{
  g_autofree char *name = common_name (subject);

  one->key = audit_issued_hash (issued->digest, entry->spki_sha256);
  one->name =
      audit_issued_name (issued->digest, entry->batch,
                         name != NULL && name[0] != '\0' ? span_of_text (name) : entry->device);
  one->unique_id = unique_id_of (issued, entry);
}

gboolean
audit_issued_add (AuditIssued *issued, guint64 index, const LogEntry *entry, GError **error)
{
  guint8 hash[AUDIT_HASH];
  CertificateParts parts = { .serial = { NULL, 0 } };
  Issued one = { .index = index, .at = entry->signed_at };

  certificate_split (entry->certificate.data, entry->certificate.length, &parts);
  audit_digest (issued->digest, entry->certificate, (Span){ NULL, 0 }, hash);
  one.certificate = audit_issued_hash (issued->digest, hash);
  one.rest = audit_issued_mark (issued->digest, entry->batch, entry->device, entry->profile,
                                (Span){ parts.serial.data, parts.serial.length });
  one.unit = audit_issued_unit (issued->digest, entry->batch, entry->device);
  if (issued->named)
    add_names (issued, entry, parts.subject, &one);
  return fwrite (&one, sizeof one, 1, issued->file) == 1 || refuse (error);
}

gboolean
audit_issued_rewind (AuditIssued *issued, GError **error)
{
  return fseek (issued->file, 0, SEEK_SET) == 0 || refuse (error);
}

gboolean
audit_issued_next (AuditIssued *issued, Issued *next)
{
  return fread (next, sizeof *next, 1, issued->file) == 1;
}
