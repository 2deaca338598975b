/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See authority-install.h. The chain is judged by authority_load(), as at the signer's start, from
 * a file beside ca.pem that becomes ca.pem by a rename: what is not good never has that name.
 */
#include "ca/command/authority-install.h"

#include "base/encode.h"
#include "base/files.h"
#include "ca/command/authority-request.h"
#include "ca/issue/chain.h"
#include "ca/openssl.h"

#include <glib/gstdio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#define DAY_SECONDS ((gint64)86400)
#define SOON_DAYS 180

typedef STACK_OF (X509) Certificates;

static void
certificates_free (Certificates *certificates)
{
  sk_X509_pop_free (certificates, X509_free);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Certificates, certificates_free)

static gboolean G_GNUC_PRINTF (2, 3) refuse (GError **error, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return openssl_refuse (error, CA_ERROR_CA_CERTIFICATE, message);
}

/* ---- the key that was asked for ---- */

static EVP_PKEY *
key_of_request (GBytes *der)
{
  gsize length;
  const guint8 *at = g_bytes_get_data (der, &length);
  X509_REQ *request = d2i_X509_REQ (NULL, &at, (long)length);
  EVP_PKEY *key = request != NULL ? X509_REQ_get_pubkey (request) : NULL;

  X509_REQ_free (request);
  return key;
}

static EVP_PKEY *
read_key (const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename (folder, CA_REQUEST_FILE, NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) problem = NULL;
  g_autoptr (GBytes) der = NULL;
  EVP_PKEY *key;

  if (!g_file_get_contents (path, &text, NULL, &problem)) {
    refuse (error, "the request that the root signed is missing: %s", problem->message);
    return NULL;
  }
  der = pem_decode (text, "CERTIFICATE REQUEST", NULL);
  key = der != NULL ? key_of_request (der) : NULL;
  if (key == NULL)
    refuse (error, "%s is no certificate request", path);
  return key;
}

/* ---- the order ---- */

static gboolean
fits_key (X509 *certificate, EVP_PKEY *key)
{
  const EVP_PKEY *own = X509_get0_pubkey (certificate);

  return own != NULL && EVP_PKEY_eq (own, key) == 1;
}

/* Takes the certificate of `key` out of `rest`. */
static X509 *
take_first (Certificates *rest, EVP_PKEY *key)
{
  for (int i = 0; i < sk_X509_num (rest); i++)
    if (fits_key (sk_X509_value (rest, i), key))
      return sk_X509_delete (rest, i);
  return NULL;
}

/* Takes the issuer of `below` out of `rest`. */
static X509 *
take_issuer (Certificates *rest, X509 *below)
{
  for (int i = 0; i < sk_X509_num (rest); i++) {
    X509 *above = sk_X509_value (rest, i);

    if (X509_check_issued (above, below) == X509_V_OK
        && X509_verify (below, X509_get0_pubkey (above)) == 1)
      return sk_X509_delete (rest, i);
  }
  return NULL;
}

static void
drop_copies (Certificates *rest, const X509 *certificate)
{
  for (int i = sk_X509_num (rest) - 1; i >= 0; i--)
    if (X509_cmp (sk_X509_value (rest, i), certificate) == 0)
      X509_free (sk_X509_delete (rest, i));
}

static char *
subject_of (const X509 *certificate)
{
  char line[256];

  X509_NAME_oneline (X509_get_subject_name (certificate), line, sizeof line);
  return g_utf8_make_valid (line, -1);
}

/* From the CA's own up to the last one that `rest` has. */
static Certificates *
sort (Certificates *rest, EVP_PKEY *key)
{
  g_autoptr (Certificates) sorted = sk_X509_new_null ();
  X509 *next = take_first (rest, key);

  while (next != NULL) {
    sk_X509_push (sorted, next);
    drop_copies (rest, next);
    next = X509_check_issued (next, next) == X509_V_OK ? NULL : take_issuer (rest, next);
  }
  ERR_clear_error ();
  return g_steal_pointer (&sorted);
}

static Certificates *
read_sorted (const char *path, EVP_PKEY *key, GError **error)
{
  g_autoptr (Certificates) rest = chain_read (path, error);
  g_autoptr (Certificates) sorted = NULL;

  if (rest == NULL)
    return NULL;
  sorted = sort (rest, key);
  if (sk_X509_num (sorted) == 0) {
    refuse (error, "none of the %d certificates in %s is for the key of " CA_REQUEST_FILE,
            sk_X509_num (rest), path);
    return NULL;
  }
  if (sk_X509_num (rest) > 0) {
    g_autofree char *subject = subject_of (sk_X509_value (rest, 0));

    refuse (error, "%s: the certificate of '%s' does not stand above the CA; take it out", path,
            subject);
    return NULL;
  }
  return g_steal_pointer (&sorted);
}

static char *
pem_of (const Certificates *certificates)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (int i = 0; i < sk_X509_num (certificates); i++) {
    guint8 *der = NULL;
    int length = i2d_X509 (sk_X509_value (certificates, i), &der);
    g_autofree char *pem = pem_encode ("CERTIFICATE", der, (gsize)MAX (length, 0));

    g_string_append (text, pem);
    OPENSSL_free (der);
  }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* ---- the file ---- */

/* TRUE where nothing is lost by writing `text` to `path`. */
static gboolean
may_write (const char *path, const char *text, gboolean replace, GError **error)
{
  g_autofree char *old = NULL;

  if (!g_file_get_contents (path, &old, NULL, NULL) || replace || g_str_equal (old, text))
    return TRUE;
  return refuse (
      error,
      "%s is there already, with other certificates; a CA that is renewed under the same "
      "key takes the new ones with --replace, a new CA needs a folder of its own",
      path);
}

static Authority *
load_text (const char *path, const char *text, const char *source, GError **error)
{
  g_autofree char *beside = g_strconcat (path, ".check", NULL);
  g_autofree char *prefix = g_strconcat (beside, ": ", NULL);
  g_autoptr (GError) problem = NULL;
  Authority *authority;

  if (!file_replace_durably (beside, text, strlen (text), 0600, &problem)) {
    refuse (error, "%s", problem->message);
    return NULL;
  }
  authority = authority_load ("ca", beside, NULL, &problem);
  g_unlink (beside);
  if (authority != NULL && !authority_check_times (authority, &problem))
    g_clear_pointer (&authority, authority_free);
  if (authority == NULL)
    refuse (error, "%s (counted from the CA's own upwards): %s", source,
            problem->message + (g_str_has_prefix (problem->message, prefix) ? strlen (prefix) : 0));
  return authority;
}

Authority *
authority_install (const AuthorityInstall *wanted, GError **error)
{
  g_autofree char *path = g_build_filename (wanted->folder, CA_CERTIFICATE_FILE, NULL);
  g_autoptr (EVP_PKEY) key = read_key (wanted->folder, error);
  g_autoptr (Certificates) sorted = key != NULL ? read_sorted (wanted->chain, key, error) : NULL;
  g_autofree char *text = sorted != NULL ? pem_of (sorted) : NULL;
  g_autoptr (Authority) authority = NULL;
  g_autoptr (GError) problem = NULL;

  if (text == NULL || !may_write (path, text, wanted->replace, error))
    return NULL;
  authority = load_text (path, text, wanted->chain, error);
  if (authority == NULL)
    return NULL;
  if (file_replace_durably (path, text, strlen (text), 0644, &problem))
    return g_steal_pointer (&authority);
  refuse (error, "%s", problem->message);
  return NULL;
}

/* ---- what should be known ---- */

static X509 *
certificate_at (const Authority *authority, guint place)
{
  gsize length;
  const guint8 *at = g_bytes_get_data (g_ptr_array_index (authority->chain, place), &length);

  return d2i_X509 (NULL, &at, (long)length);
}

static char *
date_of (gint64 seconds)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (seconds);

  return time != NULL ? g_date_time_format (time, "%Y-%m-%d") : g_strdup ("?");
}

static void
warn_of_time (GPtrArray *lines, const Authority *authority)
{
  const gint64 days = (authority->not_after - g_get_real_time () / G_USEC_PER_SEC) / DAY_SECONDS;
  g_autofree char *end = date_of (authority->not_after);

  if (days < SOON_DAYS)
    g_ptr_array_add (lines, g_strdup_printf ("it expires on %s, in %" G_GINT64_FORMAT
                                             " days; certificates that it issues can't outlive it",
                                             end, days));
  for (guint i = 1; i < authority->chain->len; i++) {
    g_autoptr (X509) above = certificate_at (authority, i);
    const gint64 seconds = chain_seconds (X509_get0_notAfter (above));
    g_autofree char *subject = subject_of (above);
    g_autofree char *above_end = date_of (seconds);

    if (seconds < authority->not_after)
      g_ptr_array_add (
          lines, g_strdup_printf ("'%s' above it expires earlier, on %s", subject, above_end));
  }
}

static void
warn_of_rights (GPtrArray *lines, const Authority *authority)
{
  g_autoptr (X509) own = certificate_at (authority, 0);
  g_autoptr (X509) last = certificate_at (authority, authority->chain->len - 1);

  if (!(X509_get_key_usage (own) & KU_CRL_SIGN))
    g_ptr_array_add (lines, g_strdup ("its keyUsage lacks cRLSign: it can't publish revocation "
                                      "lists"));
  if (X509_get_pathlen (own) != 0)
    g_ptr_array_add (lines, g_strdup ("it has no pathlen:0: its key could make further CAs"));
  if (X509_check_issued (last, last) != X509_V_OK)
    g_ptr_array_add (lines, g_strdup ("the root is not in the chain; add it if devices or clouds "
                                      "need it"));
}

char **
authority_warnings (const Authority *authority)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new ();

  warn_of_time (lines, authority);
  warn_of_rights (lines, authority);
  g_ptr_array_add (lines, NULL);
  return (char **)g_ptr_array_free (g_steal_pointer (&lines), FALSE);
}
