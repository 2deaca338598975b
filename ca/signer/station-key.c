/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See station-key.h. The certificate is written before the key: a first start that was cut off
 * leaves a certificate alone, and nothing was signed yet. A key alone has lost what the owner
 * pinned, and another certificate would not be it.
 */
#include "ca/signer/station-key.h"

#include "base/encode.h"
#include "base/files.h"
#include "ca/keystore/private-file.h"
#include "ca/openssl.h"
#include "ca/proof/statement.h"
#include "ca/signer/station-certificate.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <string.h>
#include <unistd.h>

#define KEY_FILE "station.key"
#define CERTIFICATE_FILE "station.pem"
#define CHECKPOINTS_FILE "checkpoints"
#define MOST_NAME 64 /* ub-common-name, RFC 5280, appendix A.1 */

struct StationKey {
  Keystore *keystore;
  X509 *certificate;
  GBytes *der;
  guint8 sha256[MERKLE_HASH];
  char *name;
};

/* Where they are, or will be. */
typedef struct {
  char *key; /* path of our own, or NULL where signer.conf names a key */
  char *uri;
  char *certificate;
  gboolean own_certificate; /* signer.conf names none */
} Places;

static void
places_clear (Places *places)
{
  g_free (places->key);
  g_free (places->uri);
  g_free (places->certificate);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Places, places_clear)

static Places
places_of (const SignerConfig *config)
{
  const StationConfig *station = &config->station;
  Places places = { .own_certificate = station->certificate == NULL };

  if (station->key == NULL)
    places.key = g_build_filename (config->state_folder, KEY_FILE, NULL);
  places.uri =
      station->key == NULL ? g_strconcat ("file:", places.key, NULL) : g_strdup (station->key);
  places.certificate = station->certificate != NULL
                           ? g_strdup (station->certificate)
                           : g_build_filename (config->state_folder, CERTIFICATE_FILE, NULL);
  return places;
}

static gboolean
exists (const char *path)
{
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

/* The keystore speaks of the CA's. */
static gboolean
in_our_words (GError **error, GError *problem)
{
  g_autoptr (GString) message = g_string_new (problem->message);

  g_string_replace (message, "CA key", "station's key", 0);
  g_string_replace (message, "CA certificate", "station's certificate", 0);
  ca_refuse (error, (CaError)problem->code, "[station]: %s", message->str);
  g_error_free (problem);
  return FALSE;
}

/* ---- making ---- */

static gboolean
write_file (const char *path, const char *text, gsize length, mode_t mode, GError **error)
{
  g_autoptr (GError) problem = NULL;

  return file_replace_durably (path, text, length, mode, &problem)
         || ca_refuse (error, CA_ERROR_CA_KEY, "the station's key can't be made: %s",
                       problem->message);
}

/* PKCS#8 in PEM, in memory that is wiped. */
static BIO *
key_text (EVP_PKEY *key, GError **error)
{
  g_autoptr (BIO) text = BIO_new (BIO_s_secmem ());

  if (text == NULL || PEM_write_bio_PKCS8PrivateKey (text, key, NULL, NULL, 0, NULL, NULL) != 1) {
    openssl_refuse (error, CA_ERROR_INTERNAL, "the station's key can't be written");
    return NULL;
  }
  return g_steal_pointer (&text);
}

/* A keystore of its own opens what was made: the key has one way to be used, whose it may be. */
static Keystore *
open_keystore (const Places *places, const StationConfig *station, EVP_PKEY *public_key,
               GError **error)
{
  const KeystoreSource source = { .uri = places->uri,
                                  .passphrase = &station->passphrase,
                                  .demo = places->key != NULL,
                                  .public_key = public_key,
                                  .algorithm = signature_find ("ecdsa-sha256") };
  GError *problem = NULL;
  Keystore *keystore = keystore_open (&source, &problem);

  if (keystore == NULL)
    in_our_words (error, problem);
  return keystore;
}

static gboolean
check_curve (EVP_PKEY *key, const char *what, GError **error)
{
  char curve[80];

  return (key != NULL && EVP_PKEY_is_a (key, "EC")
          && EVP_PKEY_get_group_name (key, curve, sizeof curve, NULL) == 1
          && g_str_equal (curve, "prime256v1"))
         || ca_refuse (error, CA_ERROR_CA_KEY, "[station]: the %s is not for a P-256 key", what);
}

static char *
name_of (const StationConfig *station)
{
  char host[MOST_NAME + 1] = "";

  if (station->name != NULL)
    return g_strdup (station->name);
  if (gethostname (host, sizeof host - 1) < 0 || host[0] == '\0'
      || !g_utf8_validate (host, -1, NULL))
    return g_strdup ("keycradle station");
  return g_strdup (host);
}

static gboolean
write_certificate (const char *path, Keystore *keystore, const StationConfig *station,
                   GError **error)
{
  g_autofree char *name = name_of (station);
  g_autoptr (GBytes) der =
      station_certificate_make (keystore, name, g_get_real_time () / G_USEC_PER_SEC, error);
  g_autofree char *pem = NULL;

  if (der == NULL)
    return FALSE;
  pem = pem_encode ("CERTIFICATE", g_bytes_get_data (der, NULL), g_bytes_get_size (der));
  if (!write_file (path, pem, strlen (pem), 0644, error))
    return FALSE;
  g_message ("made the station's certificate %s (CN=%s): the owner needs a copy of it", path, name);
  return TRUE;
}

/* Its certificate is signed while the key has another name, and is there before the key is. */
static gboolean
make_both (const Places *places, const StationConfig *station, GError **error)
{
  g_autoptr (EVP_PKEY) key = EVP_EC_gen ("P-256");
  g_auto (Places) beside = { .key = g_strconcat (places->key, ".new", NULL),
                             .uri = g_strconcat ("file:", places->key, ".new", NULL) };
  g_autoptr (BIO) text = key != NULL ? key_text (key, error) : NULL;
  g_autoptr (Keystore) keystore = NULL;
  char *data;
  long length;

  if (key == NULL)
    return openssl_refuse (error, CA_ERROR_INTERNAL, "the station's key can't be made");
  if (text == NULL)
    return FALSE;
  length = BIO_get_mem_data (text, &data);
  if (!write_file (beside.key, data, (gsize)length, 0400, error))
    return FALSE;
  keystore = open_keystore (&beside, station, NULL, error);
  if (keystore == NULL || !write_certificate (places->certificate, keystore, station, error))
    return FALSE;
  if (rename (beside.key, places->key) < 0 || !folder_sync (places->key, NULL))
    return ca_refuse (error, CA_ERROR_CA_KEY, "%s can't be made: %s", places->key,
                      g_strerror (errno));
  return TRUE;
}

/* A key of signer.conf whose certificate is left to us; `there` receives whether it is now. */
static gboolean
make_certificate (const Places *places, const StationConfig *station, LogOpenMode mode,
                  gboolean *there, GError **error)
{
  g_autoptr (Keystore) keystore = open_keystore (places, station, NULL, error);

  if (keystore == NULL)
    return FALSE;
  if (keystore_public_key (keystore) == NULL)
    return ca_refuse (error, CA_ERROR_CA_TOKEN,
                      "[station]: the station's certificate can't be made while its key is not "
                      "there");
  if (!check_curve (keystore_public_key (keystore), "key", error))
    return FALSE;
  *there = mode == LOG_OPEN_WRITE;
  return !*there || write_certificate (places->certificate, keystore, station, error);
}

/* ---- opening ---- */

/* Whether anything was signed already. */
static gboolean
was_used (const SignerConfig *config)
{
  g_autofree char *path = g_build_filename (config->state_folder, CHECKPOINTS_FILE, NULL);

  return exists (path);
}

/* `there` receives whether both are in the end; with LOG_OPEN_CHECK nothing is written. */
static gboolean
make_what_is_absent (const SignerConfig *config, const Places *places, LogOpenMode mode,
                     gboolean *there, GError **error)
{
  const gboolean key = places->key == NULL || exists (places->key);
  const gboolean certificate = exists (places->certificate);

  *there = key && certificate;
  if (*there)
    return TRUE;
  if (places->own_certificate && places->key != NULL && key)
    return ca_refuse (error, CA_ERROR_CA_CERTIFICATE,
                      "%s has lost its certificate %s: put it back, the owner has a copy",
                      places->key, places->certificate);
  if (!places->own_certificate && !certificate)
    return ca_refuse (error, CA_ERROR_CA_CERTIFICATE,
                      "[station]: Certificate=%s is not there; leave it out to have one made",
                      places->certificate);
  if (was_used (config))
    return ca_refuse (error, CA_ERROR_CA_KEY,
                      "the station's %s, but there are checkpoints by it: put it back, or begin "
                      "anew with another key (keycradle-signer(8)) and tell the owner",
                      key ? "certificate is gone" : "key is gone");
  if (places->key == NULL)
    return make_certificate (places, &config->station, mode, there, error);
  *there = mode == LOG_OPEN_WRITE;
  return !*there || make_both (places, &config->station, error);
}

static gboolean
load_certificate (StationKey *key, const char *path, GError **error)
{
  g_autoptr (GPtrArray) found = NULL;
  guint8 *der = NULL;
  int length;

  found = statement_signers_load (path, error);
  if (found == NULL)
    return FALSE;
  if (found->len != 1)
    return ca_refuse (error, CA_ERROR_CA_CERTIFICATE, "%s must hold one certificate, the station's",
                      path);
  key->certificate = g_ptr_array_index (found, 0);
  X509_up_ref (key->certificate);
  length = i2d_X509 (key->certificate, &der);
  key->der = g_bytes_new (der, (gsize)MAX (length, 0));
  OPENSSL_free (der);
  statement_key_sha256 (key->certificate, key->sha256);
  key->name = hex_encode (key->sha256, sizeof key->sha256);
  return check_curve (X509_get0_pubkey (key->certificate), "certificate", error);
}

/* The one of our own is plain, so nobody else may see it. */
static gboolean
check_private (const char *path, GError **error)
{
  const int fd = private_file_open (path, "station's key", FALSE, error);

  if (fd >= 0)
    close (fd);
  return fd >= 0;
}

StationKey *
station_key_open (const SignerConfig *config, LogOpenMode mode, GError **error)
{
  g_auto (Places) places = places_of (config);
  g_autoptr (StationKey) key = g_new0 (StationKey, 1);
  gboolean there;

  if (!make_what_is_absent (config, &places, mode, &there, error) || !there
      || !load_certificate (key, places.certificate, error)
      || (places.key != NULL && !check_private (places.key, error)))
    return NULL;
  key->keystore =
      open_keystore (&places, &config->station, X509_get0_pubkey (key->certificate), error);
  return key->keystore != NULL ? g_steal_pointer (&key) : NULL;
}

void
station_key_close (StationKey *key)
{
  if (key == NULL)
    return;
  g_clear_pointer (&key->keystore, keystore_close);
  X509_free (key->certificate);
  g_clear_pointer (&key->der, g_bytes_unref);
  g_free (key->name);
  g_free (key);
}

X509 *
station_key_certificate (const StationKey *key)
{
  return key->certificate;
}

GBytes *
station_key_der (const StationKey *key)
{
  return key->der;
}

const guint8 *
station_key_sha256 (const StationKey *key)
{
  return key->sha256;
}

const char *
station_key_name (const StationKey *key)
{
  return key->name;
}

gboolean
station_key_sign (StationKey *key, Span data, GByteArray *out, GError **error)
{
  GError *problem = NULL;

  return keystore_sign (key->keystore, signature_find ("ecdsa-sha256"), data, out, &problem)
         || in_our_words (error, problem);
}

char *
station_key_problem (StationKey *key)
{
  g_autofree char *problem = keystore_problem (key->keystore);
  g_autoptr (GError) said = NULL;

  if (problem == NULL)
    return NULL;
  in_our_words (&said, g_error_new_literal (CA_ERROR, CA_ERROR_CA_TOKEN, problem));
  return g_strdup (said->message);
}
