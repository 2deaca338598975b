/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What may be revoked: a device's certificate that stands in the issuance log, by the CA that
 * issued it. The station names the place; serial and CA come from the certificate there.
 */
#include "ca/crl/revocations-private.h"

#include "base/certificate.h"
#include "ca/crl/crl.h"

#include <string.h>

/* CAs of one name differ in it. */
static gboolean
has_key_id (const CertificateParts *parts, const Authority *authority)
{
  CertificatePart id;
  gsize length;
  const void *expected = g_bytes_get_data (authority->key_id, &length);

  return certificate_authority_key_id (parts, &id) && certificate_part_equal (id, expected, length);
}

static const Authority *
issuer_of (const Generation *generation, const CertificateParts *parts)
{
  for (guint i = 0; i < generation->authorities->len; i++) {
    const Authority *authority = g_ptr_array_index (generation->authorities, i);
    gsize length;
    const void *subject = g_bytes_get_data (authority->subject, &length);

    if (certificate_part_equal (parts->issuer, subject, length) && has_key_id (parts, authority))
      return authority;
  }
  return NULL;
}

/* A revocation that was found to be one. */
typedef struct {
  GBytes *entry; /* which `serial` points into */
  Span serial;
  const Authority *authority; /* NULL: none of ours any more */
  gint64 revoked_at;          /* seconds since 1970 */
  CrlReason reason;
} Found;

static void
found_clear (gpointer data)
{
  Found *found = data;

  g_clear_pointer (&found->entry, g_bytes_unref);
}

/* A time that no verifier will wonder about: not before the certificate was made, not after now. */
static gint64
sane_time (gint64 revoked_at, const LogEntry *entry)
{
  return CLAMP (revoked_at, entry->signed_at, MAX (g_get_real_time (), entry->signed_at))
         / G_USEC_PER_SEC;
}

static gboolean
find_certificate (const Generation *generation, const Revocation *item, Found *found,
                  GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (found->entry, &length);
  CertificateParts parts;
  LogEntry entry;

  if (!log_entry_decode (data, length, &entry, NULL) || entry.type != LOG_ENTRY_CERTIFICATE
      || !certificate_split (entry.certificate.data, entry.certificate.length, &parts))
    return ca_refuse (error, CA_ERROR_CRL,
                      "entry %" G_GUINT64_FORMAT
                      " of the issuance log is no device's certificate and can't be "
                      "revoked",
                      item->place);
  found->serial = (Span){ parts.serial.data, parts.serial.length };
  found->authority = issuer_of (generation, &parts);
  found->revoked_at = sane_time (item->revoked_at, &entry);
  found->reason = (CrlReason)item->reason;
  return TRUE;
}

static gboolean
find_one (const Revocations *revocations, const Generation *generation, const Revocation *item,
          Found *found, GError **error)
{
  if (!crl_reason_is_known (item->reason))
    return ca_refuse (error, CA_ERROR_CRL,
                      "%u is no reason for which a unit's certificate is revoked", item->reason);
  if (item->place >= issuance_log_size (revocations->log))
    return ca_refuse (error, CA_ERROR_CRL, "the issuance log has no entry %" G_GUINT64_FORMAT,
                      item->place);
  found->entry = issuance_log_read (revocations->log, item->place, error);
  return found->entry != NULL && find_certificate (generation, item, found, error);
}

static gboolean
find_all (const Revocations *revocations, const Generation *generation, const Revocation *items,
          gsize n_items, GArray *all, GError **error)
{
  for (gsize i = 0; i < n_items; i++) {
    Found found = { 0 };
    const gboolean ok = find_one (revocations, generation, &items[i], &found, error);

    g_array_append_val (all, found);
    if (!ok)
      return FALSE;
  }
  return TRUE;
}

static gboolean
add_one (Revocations *revocations, const Found *found, RevocationCounts *counts, GError **error)
{
  KeptList *kept;

  if (found->authority == NULL) {
    counts->unknown++;
    return TRUE;
  }
  kept = revocations_kept (revocations, found->authority, error);
  if (kept == NULL)
    return FALSE;
  if (crl_size (kept->crl) > CRL_MOST_BYTES)
    return ca_refuse (error, CA_ERROR_CRL,
                      "the revocation list of the CA '%s' is as large as it can be; begin "
                      "a new CA",
                      found->authority->name);
  if (crl_add (kept->crl, found->serial, found->revoked_at, found->reason))
    counts->added++;
  return TRUE;
}

gboolean
revocations_add (Revocations *revocations, const Generation *generation, const Revocation *items,
                 gsize n_items, RevocationCounts *counts, GError **error)
{
  g_autoptr (GArray) all = g_array_sized_new (FALSE, TRUE, sizeof (Found), (guint)n_items);
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = NULL;

  *counts = (RevocationCounts){ 0 };
  g_array_set_clear_func (all, found_clear);
  if (!find_all (revocations, generation, items, n_items, all, error))
    return FALSE;
  locker = g_mutex_locker_new (&revocations->mutex);
  for (guint i = 0; i < all->len; i++)
    if (!add_one (revocations, &g_array_index (all, Found, i), counts, error))
      return FALSE;
  return TRUE;
}
