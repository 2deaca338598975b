/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See issued.h.
 */
#include "audit/issued.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit/spill.h"

struct AuditIssued {
  AuditDigest *digest;
  FILE *file;
};

AuditIssued *
audit_issued_new (AuditDigest *digest, GError **error)
{
  g_autoptr (AuditIssued) issued = g_new0 (AuditIssued, 1);
  int fd = spill_file (error);

  issued->digest = digest;
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

gboolean
audit_issued_add (AuditIssued *issued, guint64 index, const LogEntry *entry, GError **error)
{
  guint8 hash[AUDIT_HASH];
  CertificateParts parts = { .serial = { NULL, 0 } };
  Issued one = { .index = index, .at = entry->signed_at };

  certificate_split (entry->certificate.data, entry->certificate.length, &parts);
  audit_digest (issued->digest, entry->certificate, (Span){ NULL, 0 }, hash);
  one.certificate =
      audit_digest_mark (issued->digest, (Span){ hash, sizeof hash }, (Span){ NULL, 0 });
  one.rest = audit_issued_mark (issued->digest, entry->batch, entry->device, entry->profile,
                                (Span){ parts.serial.data, parts.serial.length });
  one.unit = audit_issued_unit (issued->digest, entry->batch, entry->device);
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
