/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See revocations.h. The order is: signed, read back, on the disk, in the log, released. A list
 * that is on the disk but not in the log was cut off there; it is entered when it is read again.
 * One that is older than the log's last would forget revocations: it is refused.
 */
#include "ca/crl/revocations.h"

#include "base/encode.h"
#include "base/files.h"
#include "ca/crl/revocations-private.h"
#include "ca/openssl.h"

#include <openssl/x509v3.h>
#include <string.h>

#define MOST_FILE (16 * 1024 * 1024)
#define DAY_SECONDS ((gint64)86400)

static void
kept_list_free (KeptList *kept)
{
  crl_free (kept->crl);
  g_clear_pointer (&kept->der, g_bytes_unref);
  g_free (kept);
}

Revocations *
revocations_new (const char *folder, IssuanceLog *log)
{
  Revocations *revocations = g_new0 (Revocations, 1);

  g_mutex_init (&revocations->mutex);
  revocations->folder = g_strdup (folder);
  revocations->log = log;
  revocations->lists =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)kept_list_free);
  return revocations;
}

void
revocations_free (Revocations *revocations)
{
  if (revocations == NULL)
    return;
  g_hash_table_unref (revocations->lists);
  g_free (revocations->folder);
  g_mutex_clear (&revocations->mutex);
  g_free (revocations);
}

void
revocation_list_clear (RevocationList *list)
{
  g_clear_pointer (&list->der, g_bytes_unref);
}

/* ---- what was made before ---- */

static char *
path_of (const Revocations *revocations, const Authority *authority)
{
  g_autofree char *key = hex_encode (authority->origin, sizeof authority->origin);
  g_autofree char *name = g_strconcat ("crl-", key, ".der", NULL);

  return g_build_filename (revocations->folder, name, NULL);
}

static guint64
number_of (Span text)
{
  g_autofree char *digits = g_strndup ((const char *)text.data, text.length);

  return g_ascii_strtoull (digits, NULL, 10);
}

/* The last list that the log tells of; its number is 0 where there is none. */
static gboolean
find_logged (const Revocations *revocations, const Authority *authority, LoggedList *logged,
             GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  LogEntry entry;
  guint64 place;

  *logged = (LoggedList){ 0 };
  if (!issuance_log_find_crl (revocations->log, authority->origin, &place))
    return TRUE;
  bytes = issuance_log_read (revocations->log, place, error);
  if (bytes == NULL)
    return FALSE;
  if (!log_entry_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &entry, NULL))
    return ca_refuse (error, CA_ERROR_CRL, "entry %" G_GUINT64_FORMAT " of the issuance log",
                      place);
  logged->number = number_of (entry.device);
  memcpy (logged->sha256, entry.csr_sha256, LOG_HASH);
  return TRUE;
}

static gboolean
enter (const Revocations *revocations, const Authority *authority, const CrlHead *head, GBytes *der,
       gint64 now, GError **error)
{
  g_autoptr (GBytes) hash = sha256_of (g_bytes_get_data (der, NULL), g_bytes_get_size (der));
  g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, head->number);
  LogEntry entry = { .type = LOG_ENTRY_CRL, .signed_at = now, .device = span_of_text (number) };
  guint64 index;

  memcpy (entry.csr_sha256, g_bytes_get_data (hash, NULL), LOG_HASH);
  memcpy (entry.spki_sha256, authority->origin, LOG_HASH);
  return issuance_log_append (revocations->log, &entry, &index, error);
}

static gboolean
check_logged (const Revocations *revocations, const Authority *authority, const KeptList *kept,
              const LoggedList *logged, const char *path, GError **error)
{
  g_autoptr (GBytes) hash = NULL;

  if (kept->head.number < logged->number)
    return ca_refuse (error, CA_ERROR_CRL,
                      "the issuance log tells of revocation list %" G_GUINT64_FORMAT
                      " of the CA '%s', but %s is number %" G_GUINT64_FORMAT
                      ": put back the newest one, which is also where it was published (DER)",
                      logged->number, authority->name, path, kept->head.number);
  if (kept->head.number > logged->number)
    return enter (revocations, authority, &kept->head, kept->der,
                  kept->head.this_update * G_USEC_PER_SEC, error);
  hash = sha256_of (g_bytes_get_data (kept->der, NULL), g_bytes_get_size (kept->der));
  return memcmp (g_bytes_get_data (hash, NULL), logged->sha256, LOG_HASH) == 0
         || ca_refuse (error, CA_ERROR_CRL, "%s is not the revocation list of the issuance log",
                       path);
}

static gboolean
read_file (const Authority *authority, KeptList *kept, const char *path, GError **error)
{
  g_autoptr (GError) problem = NULL;
  char *content = NULL;
  gsize length;

  if (!g_file_get_contents (path, &content, &length, &problem))
    return ca_refuse (error, CA_ERROR_CRL, "%s", problem->message);
  kept->der = g_bytes_new_take (content, length);
  if (length > MOST_FILE)
    return ca_refuse (error, CA_ERROR_CRL, "%s is too large to be a revocation list", path);
  kept->crl = crl_read (authority, kept->der, &kept->head, error);
  if (kept->crl == NULL) {
    g_prefix_error (error, "%s: ", path);
    return FALSE;
  }
  kept->listed = crl_count (kept->crl);
  return TRUE;
}

static gboolean
load (const Revocations *revocations, const Authority *authority, KeptList *kept, GError **error)
{
  g_autofree char *path = path_of (revocations, authority);
  const gboolean there = g_file_test (path, G_FILE_TEST_EXISTS);
  LoggedList logged;

  if (!find_logged (revocations, authority, &logged, error))
    return FALSE;
  if (there)
    return read_file (authority, kept, path, error)
           && check_logged (revocations, authority, kept, &logged, path, error);
  kept->crl = crl_new ();
  return logged.number == 0
         || ca_refuse (error, CA_ERROR_CRL,
                       "revocation list %" G_GUINT64_FORMAT
                       " of the CA '%s' is gone: put it back as %s; it is also where it "
                       "was published (DER)",
                       logged.number, authority->name, path);
}

KeptList *
revocations_kept (Revocations *revocations, const Authority *authority, GError **error)
{
  g_autofree char *key = hex_encode (authority->origin, sizeof authority->origin);
  KeptList *kept = g_hash_table_lookup (revocations->lists, key);

  if (kept != NULL)
    return kept;
  kept = g_new0 (KeptList, 1);
  if (!load (revocations, authority, kept, error)) {
    kept_list_free (kept);
    return NULL;
  }
  g_hash_table_insert (revocations->lists, g_steal_pointer (&key), kept);
  return kept;
}

/* ---- a new list ---- */

static gboolean
may_sign_lists (const Authority *authority, GError **error)
{
  gsize length;
  const guint8 *at = g_bytes_get_data (g_ptr_array_index (authority->chain, 0), &length);
  g_autoptr (X509) certificate = d2i_X509 (NULL, &at, (long)length);

  return (certificate != NULL && (X509_get_key_usage (certificate) & KU_CRL_SIGN) != 0)
         || ca_refuse (error, CA_ERROR_CRL,
                       "the certificate of the CA '%s' does not let it sign revocation "
                       "lists (keyUsage lacks cRLSign)",
                       authority->name);
}

static gboolean
save (const Revocations *revocations, const Authority *authority, GBytes *der, GError **error)
{
  g_autofree char *path = path_of (revocations, authority);
  g_autoptr (GError) problem = NULL;

  return file_replace_durably (path, g_bytes_get_data (der, NULL), g_bytes_get_size (der), 0640,
                               &problem)
         || ca_refuse (error, CA_ERROR_CRL, "the revocation list can't be kept: %s",
                       problem->message);
}

/* The number is used up as soon as the list may be on the disk. */
static gboolean
make_list (Revocations *revocations, const Authority *authority, KeptList *kept, gint64 now,
           GError **error)
{
  const gint64 begin = now / G_USEC_PER_SEC;
  const gint64 end = MIN (begin + authority->crl_days * DAY_SECONDS, authority->not_after);
  const CrlHead head = { MAX (kept->head.number, kept->used) + 1, begin, end };
  g_autoptr (GBytes) der = NULL;

  if (!may_sign_lists (authority, error))
    return FALSE;
  der = crl_make (kept->crl, authority, &head, error);
  if (der == NULL)
    return FALSE;
  kept->used = head.number;
  if (!save (revocations, authority, der, error)
      || !enter (revocations, authority, &head, der, now, error))
    return FALSE;
  g_clear_pointer (&kept->der, g_bytes_unref);
  kept->der = g_steal_pointer (&der);
  kept->head = head;
  kept->listed = crl_count (kept->crl);
  return TRUE;
}

static void
tell (const KeptList *kept, RevocationList *list)
{
  *list = (RevocationList){ .der = kept->der != NULL ? g_bytes_ref (kept->der) : NULL,
                            .head = kept->head,
                            .count = kept->listed,
                            .waiting = crl_count (kept->crl) - kept->listed };
}

gboolean
revocations_look (Revocations *revocations, const Authority *authority, RevocationList *list,
                  GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&revocations->mutex);
  const KeptList *kept = revocations_kept (revocations, authority, error);

  if (kept == NULL)
    return FALSE;
  tell (kept, list);
  return TRUE;
}

gboolean
revocations_make (Revocations *revocations, const Authority *authority, gint64 now,
                  RevocationList *list, GError **error)
{
  G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&revocations->mutex);
  KeptList *kept = revocations_kept (revocations, authority, error);

  if (kept == NULL || !make_list (revocations, authority, kept, now, error))
    return FALSE;
  tell (kept, list);
  return TRUE;
}
