/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The RSA moduli of the newest entries of the log: a stuck random generator shares a prime with
 * them. The station holds each key against all that it ever saw; this is what a signer that trusts
 * nobody can see for itself at once.
 */
#include "base/certificate.h"
#include "ca/signer/signer-private.h"

/* A search among so many moduli of 2048 bits takes 1.4 ms, several times what the order itself
 * costs. With this rest at most a fiftieth of a core goes into it: up to 14 orders a second, more
 * than units that make RSA keys give, all are searched for; of a flood, some. */
#define RECENT_MODULI 1024
#define RECENT_REST 49

/* Whose entry it is makes the sentence one that can be acted on. */
static void
refuse_relative (Signer *signer, guint64 place, GError **error)
{
  g_autoptr (GBytes) bytes = issuance_log_read (signer->log, place, NULL);
  LogEntry entry = { 0 };

  if (bytes == NULL
      || !log_entry_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &entry, NULL))
    entry.device = (Span){ (const guint8 *)"?", 1 };
  g_set_error (error, CA_ERROR, CA_ERROR_RSA_SHARED_PRIME,
               "the RSA key shares a prime with that of device %.*s (entry %" G_GUINT64_FORMAT
               " of the issuance log): anybody can compute both private keys",
               (int)entry.device.length, entry.device.data, place);
}

gboolean
signer_check_relatives (Signer *signer, const Csr *csr, GError **error)
{
  guint64 place;

  if (csr->key_type != CSR_KEY_RSA || !recent_primes_find (signer->recent, csr->modulus, &place))
    return TRUE;
  refuse_relative (signer, place, error);
  return FALSE;
}

void
signer_remember_key (Signer *signer, const Csr *csr, guint64 place)
{
  if (csr->key_type == CSR_KEY_RSA)
    recent_primes_add (signer->recent, csr->modulus, place);
}

/* An entry that can't be read is the log's business, not ours. */
static void
remember_entry (Signer *signer, guint64 place)
{
  g_autoptr (GBytes) bytes = issuance_log_read (signer->log, place, NULL);
  CertificateParts parts;
  LogEntry entry;
  Csr csr;

  if (bytes != NULL
      && log_entry_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &entry, NULL)
      && entry.type == LOG_ENTRY_CERTIFICATE
      && certificate_split (entry.certificate.data, entry.certificate.length, &parts)
      && csr_parse_key (parts.spki.data, parts.spki.length, &csr, NULL))
    signer_remember_key (signer, &csr, place);
}

void
signer_remember_log (Signer *signer)
{
  guint64 size = issuance_log_size (signer->log);

  signer->recent = recent_primes_new (RECENT_MODULI, RECENT_REST);
  for (guint64 place = size > RECENT_MODULI ? size - RECENT_MODULI : 0; place < size; place++)
    remember_entry (signer, place);
}
