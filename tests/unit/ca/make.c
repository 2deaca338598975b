/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See make.h. Whatever goes wrong here ends the test program.
 */
#include "tests/unit/ca/make.h"

#include "base/der-write.h"
#include "base/encode.h"
#include "ca/command/demo.h"
#include "ca/der.h"

#include <check.h>
#include <glib/gstdio.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

EVP_PKEY *
make_key (const char *word)
{
  EVP_PKEY *key =
      g_str_has_prefix (word, "rsa-") ? EVP_RSA_gen ((guint)atoi (word + 4)) : EVP_EC_gen (word);

  g_assert_nonnull (key);
  return key;
}

static GBytes *
bytes_of_hex (const char *hex)
{
  GBytes *bytes = hex_decode (hex);

  g_assert_nonnull (bytes);
  return bytes;
}

void
parts_set (GBytes **piece, const char *hex)
{
  g_clear_pointer (piece, g_bytes_unref);
  *piece = bytes_of_hex (hex);
}

static GBytes *
spki_of (EVP_PKEY *key)
{
  guint8 *der = NULL;
  int length = i2d_PUBKEY (key, &der);
  GBytes *spki = g_bytes_new (der, (gsize)length);

  g_assert_cmpint (length, >, 0);
  OPENSSL_free (der);
  return spki;
}

static const char *
algorithm_hex (EVP_PKEY *key, const char *digest)
{
  gboolean rsa = EVP_PKEY_is_a (key, "RSA");

  if (g_str_equal (digest, "SHA256"))
    return rsa ? "300d06092a864886f70d01010b0500" : "300a06082a8648ce3d040302";
  if (g_str_equal (digest, "SHA384"))
    return rsa ? "300d06092a864886f70d01010c0500" : "300a06082a8648ce3d040303";
  if (g_str_equal (digest, "SHA512"))
    return rsa ? "300d06092a864886f70d01010d0500" : "300a06082a8648ce3d040304";
  if (g_str_equal (digest, "SHA1"))
    return rsa ? "300d06092a864886f70d0101050500" : "300906072a8648ce3d0401";
  if (g_str_equal (digest, "SHA224"))
    return rsa ? "300d06092a864886f70d01010e0500" : "300a06082a8648ce3d040301";
  if (g_str_equal (digest, "SHA3-256"))
    return rsa ? "300d060960864801650304030e0500" : "300b060960864801650304030a";
  g_assert_cmpstr (digest, ==, "MD5");
  g_assert_true (rsa);
  return "300d06092a864886f70d0101040500";
}

RequestParts
make_parts (EVP_PKEY *key, const char *digest)
{
  return (RequestParts){ .key = key,
                         .digest = digest,
                         .version = bytes_of_hex ("020100"),
                         .subject = bytes_of_hex ("300c310a300806035504030c0161"),
                         .spki = spki_of (key),
                         .attributes = bytes_of_hex ("a000"),
                         .algorithm = bytes_of_hex (algorithm_hex (key, digest)) };
}

void
parts_clear (RequestParts *parts)
{
  g_bytes_unref (parts->version);
  g_bytes_unref (parts->subject);
  g_bytes_unref (parts->spki);
  g_bytes_unref (parts->attributes);
  g_bytes_unref (parts->algorithm);
}

static void
append (GByteArray *out, GBytes *piece)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (piece, &length);

  g_byte_array_append (out, data, (guint)length);
}

static void
set_pss (const RequestParts *parts, EVP_PKEY_CTX *settings)
{
  const char *mask = parts->mask_digest != NULL ? parts->mask_digest : parts->digest;

  g_assert_cmpint (EVP_PKEY_CTX_set_rsa_padding (settings, RSA_PKCS1_PSS_PADDING), >, 0);
  g_assert_cmpint (EVP_PKEY_CTX_set_rsa_mgf1_md_name (settings, mask, NULL), >, 0);
  g_assert_cmpint (EVP_PKEY_CTX_set_rsa_pss_saltlen (settings, parts->salt_length), >, 0);
}

static void
append_signature (GByteArray *out, const RequestParts *parts, guint length)
{
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  const EVP_MD *digest = EVP_get_digestbyname (parts->digest);
  guint8 signature[2048] = { 0 };
  gsize signature_length = sizeof signature - 1;
  EVP_PKEY_CTX *settings = NULL;

  g_assert_cmpint (EVP_DigestSignInit (context, &settings, digest, NULL, parts->key), ==, 1);
  if (parts->pss)
    set_pss (parts, settings);
  g_assert_cmpint (EVP_DigestSign (context, signature + 1, &signature_length, out->data, length),
                   ==, 1);
  append (out, parts->algorithm);
  der_put (out, DER_BIT_STRING, signature, signature_length + 1);
  EVP_MD_CTX_free (context);
}

GBytes *
make_request (const RequestParts *parts)
{
  GByteArray *out = g_byte_array_new ();

  append (out, parts->version);
  append (out, parts->subject);
  append (out, parts->spki);
  append (out, parts->attributes);
  der_wrap (out, 0, DER_SEQUENCE);
  append_signature (out, parts, out->len);
  der_wrap (out, 0, DER_SEQUENCE);
  return g_byte_array_free_to_bytes (out);
}

GBytes *
make_good_request (const char *key_word, const char *digest)
{
  EVP_PKEY *key = make_key (key_word);
  RequestParts parts = make_parts (key, digest);
  GBytes *request = make_request (&parts);

  parts_clear (&parts);
  EVP_PKEY_free (key);
  return request;
}

GBytes *
bytes_resized (GBytes *bytes, gssize extra)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);
  gsize wanted = (gsize)((gssize)length + extra);
  guint8 *copy = g_malloc0 (MAX (wanted, 1));

  memcpy (copy, data, MIN (length, wanted));
  return g_bytes_new_take (copy, wanted);
}

GBytes *
bytes_flipped (GBytes *bytes, gsize place, guint8 mask)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);
  guint8 *copy = g_memdup2 (data, length);

  copy[place] ^= mask;
  return g_bytes_new_take (copy, length);
}

/* In memory where there is such a place: thousands of syncs are made here. */
char *
folder_make (void)
{
  const char *parent = g_access ("/dev/shm", W_OK) == 0 ? "/dev/shm" : g_get_tmp_dir ();
  char *folder = g_build_filename (parent, "keycradle-ca-XXXXXX", NULL);

  g_assert_nonnull (g_mkdtemp (folder));
  return folder;
}

void
folder_remove (char *folder)
{
  g_assert_cmpint (run (NULL, NULL, "rm", "-rf", folder, NULL), ==, 0);
  g_free (folder);
}

void
folder_write (const char *folder, const char *name, const char *text, int mode)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  g_assert_cmpint (g_chmod (path, (mode_t)mode), ==, 0);
}

static void
make_sub_folder (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  g_assert_cmpint (g_mkdir (path, 0755), ==, 0);
}

void
folder_fill (const char *folder, const char *ca_key)
{
  g_autofree char *config = g_strdup_printf (
      "[signer]\nMode=demo\nSocket=%s/signer.sock\nStateFolder=%s/state\n"
      "ProfileFolder=%s/profiles.d\n[ca]\nKey=file:%s/ca.key\nCertificate=%s/ca.pem\n"
      "PassphraseFile=%s/ca.passphrase\n",
      folder, folder, folder, folder, folder, folder);
  GError *problem = NULL;

  g_assert_true (demo_create (folder, ca_key, &problem));
  make_sub_folder (folder, "state");
  make_sub_folder (folder, "profiles.d");
  folder_write (folder, "profiles.d/sensor.profile",
                "[certificate]\nSubject=CN=${serial},O=Example\nValidity=until-ca\n", 0644);
  folder_write (folder, "signer.conf", config, 0644);
}

int
run (const char *folder, char **output, const char *first, ...)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  g_autofree char *said = NULL;
  g_autofree char *complained = NULL;
  GError *problem = NULL;
  int status = -1;
  va_list arguments;

  va_start (arguments, first);
  for (const char *word = first; word != NULL; word = va_arg (arguments, const char *))
    g_ptr_array_add (words, (char *)word);
  va_end (arguments);
  g_ptr_array_add (words, NULL);
  if (!g_spawn_sync (folder, (char **)words->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &said,
                     &complained, &status, &problem))
    g_error ("%s", problem->message);
  if (output != NULL)
    *output = g_strconcat (said, complained, NULL);
  return status;
}

void
folder_save (const char *folder, const char *name, GBytes *content)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  ck_assert (g_file_set_contents (path, g_bytes_get_data (content, NULL),
                                  (gssize)g_bytes_get_size (content), NULL));
}

void
folder_shell (const char *folder, const char *line)
{
  g_autofree char *said = NULL;

  ck_assert_msg (run (folder, &said, "sh", "-c", line, NULL) == 0, "%s: %s", line, said);
}

void
folder_shell_refuses (const char *folder, const char *line, const char *words)
{
  g_autofree char *said = NULL;

  ck_assert_msg (run (folder, &said, "sh", "-c", line, NULL) != 0, "accepted: %s", line);
  ck_assert_msg (strstr (said, words) != NULL, "wanted '%s', said: %s", words, said);
}
