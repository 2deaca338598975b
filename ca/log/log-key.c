/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See log-key.h.
 */
#include "ca/log/log-key.h"

#include "base/certificate.h"

#include <string.h>

static gboolean
number_sha256 (Span certificate, guint8 hash[LOG_HASH])
{
  CertificateParts parts;
  CertificateKey key;
  g_autoptr (GBytes) number = NULL;

  if (!certificate_split (certificate.data, certificate.length, &parts)
      || !certificate_part_key (parts.spki, &key))
    return FALSE;
  number = certificate_key_sha256 (&key);
  memcpy (hash, g_bytes_get_data (number, NULL), LOG_HASH);
  return TRUE;
}

void
log_entry_key (const LogEntry *entry, guint8 hash[LOG_HASH])
{
  if (!number_sha256 (entry->certificate, hash))
    memcpy (hash, entry->spki_sha256, LOG_HASH);
}
