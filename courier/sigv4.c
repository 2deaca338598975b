/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See sigv4.h.
 */
#include "courier/sigv4.h"

#include <string.h>

#define SHA256_BYTES 32

/* ---- the canonical request ---- */

/* No ".", ".." and empty segments, as AWS's own clients have it; then each character once more
 * percent-encoded, also those of an encoding: all services but S3 want it so. */
static char *
canonical_path (const char *path)
{
  g_auto (GStrv) segments = g_strsplit (path, "/", -1);
  g_autoptr (GPtrArray) kept = g_ptr_array_new ();
  g_autoptr (GString) normal = g_string_new (NULL);
  const guint n = g_strv_length (segments);
  const char *last = n > 0 ? segments[n - 1] : "";

  for (guint i = 0; i < n; i++) {
    if (g_str_equal (segments[i], "..") && kept->len > 0)
      g_ptr_array_remove_index (kept, kept->len - 1);
    else if (*segments[i] != '\0' && !g_str_equal (segments[i], ".")
             && !g_str_equal (segments[i], ".."))
      g_ptr_array_add (kept, segments[i]);
  }
  for (guint i = 0; i < kept->len; i++)
    g_string_append_printf (normal, "/%s", (const char *)g_ptr_array_index (kept, i));
  if (kept->len == 0 || *last == '\0')
    g_string_append_c (normal, '/');
  return percent_encode (normal->str, "/");
}

static int
compare_pairs (gconstpointer a, gconstpointer b)
{
  const RequestPair *one = *(RequestPair *const *)a, *other = *(RequestPair *const *)b;
  const int order = strcmp (one->name, other->name);

  return order != 0 ? order : strcmp (one->value, other->value);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(RequestPair *const *)a)->name, (*(RequestPair *const *)b)->name);
}

static char *
canonical_query (const Request *request)
{
  g_autoptr (Request) encoded = request_new (NULL, 0, NULL, "");
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < request->query->len; i++) {
    const RequestPair *pair = g_ptr_array_index (request->query, i);
    g_autofree char *name = percent_encode (pair->name, NULL);
    g_autofree char *value = percent_encode (pair->value, NULL);

    request_add_query (encoded, name, value);
  }
  g_ptr_array_sort (encoded->query, compare_pairs);
  for (guint i = 0; i < encoded->query->len; i++) {
    const RequestPair *pair = g_ptr_array_index (encoded->query, i);

    g_string_append_printf (text, "%s%s=%s", i == 0 ? "" : "&", pair->name, pair->value);
  }
  return g_string_free (text, FALSE);
}

/* Without blanks around it, and one where several were. */
static char *
canonical_value (const char *value)
{
  g_auto (GStrv) words = g_strsplit_set (value, " \t\r\n", -1);
  GString *text = g_string_new (NULL);

  for (char **word = words; *word != NULL; word++)
    if (**word != '\0')
      g_string_append_printf (text, "%s%s", text->len == 0 ? "" : " ", *word);
  return g_string_free (text, FALSE);
}

/* All that is signed, by name in lower case; of one name in the order in which they are sent. */
static Request *
headers_to_sign (const Request *request, const SigningScope *scope)
{
  Request *sorted = request_new (NULL, 0, NULL, "");

  request_add_header (sorted, "host", scope->host);
  for (guint i = 0; i < request->headers->len; i++) {
    const RequestPair *pair = g_ptr_array_index (request->headers, i);
    g_autofree char *name = g_ascii_strdown (pair->name, -1);
    g_autofree char *value = canonical_value (pair->value);

    request_add_header (sorted, name, value);
  }
  /* Stable, which g_ptr_array_sort() does not promise; they are few. */
  for (guint end = sorted->headers->len; end > 1; end--)
    for (guint i = 0; i + 1 < end; i++)
      if (compare_names (&sorted->headers->pdata[i], &sorted->headers->pdata[i + 1]) > 0) {
        gpointer first = sorted->headers->pdata[i];

        sorted->headers->pdata[i] = sorted->headers->pdata[i + 1];
        sorted->headers->pdata[i + 1] = first;
      }
  return sorted;
}

/* "name:value,value\n" each, and the names by ';' into `names`. */
static void
write_headers (const Request *sorted, GString *text, GString *names)
{
  const char *before = "";

  for (guint i = 0; i < sorted->headers->len; i++) {
    const RequestPair *pair = g_ptr_array_index (sorted->headers, i);

    if (g_str_equal (pair->name, before)) {
      g_string_append_printf (text, ",%s", pair->value);
      continue;
    }
    g_string_append_printf (text, "%s%s:%s", i == 0 ? "" : "\n", pair->name, pair->value);
    g_string_append_printf (names, "%s%s", i == 0 ? "" : ";", pair->name);
    before = pair->name;
  }
  g_string_append_c (text, '\n');
}

static char *
signed_header_names (const Request *request, const SigningScope *scope)
{
  g_autoptr (Request) sorted = headers_to_sign (request, scope);
  g_autoptr (GString) text = g_string_new (NULL);
  GString *names = g_string_new (NULL);

  write_headers (sorted, text, names);
  return g_string_free (names, FALSE);
}

char *
sigv4_canonical_request (const Request *request, const SigningScope *scope)
{
  g_autofree char *path = canonical_path (request->path);
  g_autofree char *query = canonical_query (request);
  g_autoptr (Request) sorted = headers_to_sign (request, scope);
  g_autoptr (GString) headers = g_string_new (NULL);
  g_autoptr (GString) names = g_string_new (NULL);
  g_autofree char *body = g_compute_checksum_for_data (
      G_CHECKSUM_SHA256, (const guchar *)request->body->str, request->body->len);

  write_headers (sorted, headers, names);
  return g_strdup_printf ("%s\n%s\n%s\n%s\n%s\n%s", request->method, path, query, headers->str,
                          names->str, body);
}

/* ---- the signature ---- */

static char *
time_text (gint64 at, const char *form)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (at);

  return g_date_time_format (time, form);
}

static char *
credential_scope (const SigningScope *scope)
{
  g_autofree char *date = time_text (scope->at, "%Y%m%d");

  return g_strdup_printf ("%s/%s/%s/aws4_request", date, scope->region, scope->service);
}

char *
sigv4_string_to_sign (const char *canonical_request, const SigningScope *scope)
{
  g_autofree char *time = time_text (scope->at, "%Y%m%dT%H%M%SZ");
  g_autofree char *credential = credential_scope (scope);
  g_autofree char *digest =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, canonical_request, -1);

  return g_strdup_printf ("AWS4-HMAC-SHA256\n%s\n%s\n%s", time, credential, digest);
}

static void
keyed_digest (const void *key, gsize key_length, const char *text, guint8 digest[SHA256_BYTES])
{
  GHmac *hmac = g_hmac_new (G_CHECKSUM_SHA256, key, key_length);
  gsize length = SHA256_BYTES;

  g_hmac_update (hmac, (const guchar *)text, -1);
  g_hmac_get_digest (hmac, digest, &length);
  g_hmac_unref (hmac);
}

/* Derives the key of the day, the region and the service, and signs with it. */
static char *
signature (const AwsKey *key, const SigningScope *scope, const char *text)
{
  g_autofree char *date = time_text (scope->at, "%Y%m%d");
  const char *const stages[] = { date, scope->region, scope->service, "aws4_request", text };
  const gsize first_length = strlen ("AWS4") + strlen (key->secret_access_key);
  char *first = g_strconcat ("AWS4", key->secret_access_key, NULL);
  guint8 digest[SHA256_BYTES], next[SHA256_BYTES];
  GString *hex = g_string_new (NULL);

  keyed_digest (first, first_length, stages[0], digest);
  for (guint i = 1; i < G_N_ELEMENTS (stages); i++) {
    keyed_digest (digest, sizeof digest, stages[i], next);
    memcpy (digest, next, sizeof digest);
  }
  for (guint i = 0; i < SHA256_BYTES; i++)
    g_string_append_printf (hex, "%02x", digest[i]);
  explicit_bzero (first, first_length);
  g_free (first);
  return g_string_free (hex, FALSE);
}

void
sigv4_sign (Request *request, const AwsKey *key, const SigningScope *scope)
{
  g_autofree char *time = time_text (scope->at, "%Y%m%dT%H%M%SZ");

  request_add_header (request, "X-Amz-Date", time);
  if (key->session_token != NULL)
    request_add_header (request, "X-Amz-Security-Token", key->session_token);

  g_autofree char *canonical = sigv4_canonical_request (request, scope);
  g_autofree char *text = sigv4_string_to_sign (canonical, scope);
  g_autofree char *names = signed_header_names (request, scope);
  g_autofree char *credential = credential_scope (scope);
  g_autofree char *signed_text = signature (key, scope, text);
  g_autofree char *value =
      g_strdup_printf ("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s",
                       key->access_key_id, credential, names, signed_text);

  request_add_header (request, "Authorization", value);
}
