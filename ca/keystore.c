/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See keystore.h. A new kind of store is a file of its own and a line in the table.
 */
#include "ca/keystore-private.h"

#include "ca/openssl.h"

#include <string.h>

typedef struct {
  const char *scheme;
  KeystoreOpen open;
} KeystoreKind;

static const KeystoreKind kinds[] = {
  { "file", keystore_file_open },
};

struct Keystore {
  KeystoreSource source; /* of our own: uri, passphrase and public_key below */
  char *uri;
  PassphraseSource passphrase;
  const KeystoreKind *kind;
  GMutex alone;    /* held while a key signs that does so for one thread at a time */
  GRWLock opening; /* read: signing; write: `key` and `problem` change */
  KeystoreKey key; /* its key is NULL while the token is gone */
  char *problem;
};

static const KeystoreKind *
kind_of (const char *uri)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_str_has_prefix (uri, kinds[i].scheme) && uri[strlen (kinds[i].scheme)] == ':')
      return &kinds[i];
  return NULL;
}

static void
key_clear (KeystoreKey *key)
{
  EVP_PKEY_free (key->key);
  if (key->close != NULL)
    key->close (key->state);
  *key = (KeystoreKey){ 0 };
}

/* Under the writer's lock. */
static void
lose (Keystore *keystore, const GError *why)
{
  key_clear (&keystore->key);
  g_free (keystore->problem);
  keystore->problem = g_strdup (why->message);
}

/* TRUE where `keystore` holds the key that it should; where that was left open, it is that key from
 * now on. */
static gboolean
check_key (Keystore *keystore, GError **error)
{
  if (keystore->source.public_key == NULL) {
    EVP_PKEY_up_ref (keystore->key.key);
    keystore->source.public_key = keystore->key.key;
  }
  return EVP_PKEY_eq (keystore->key.key, keystore->source.public_key) == 1
         || openssl_refuse (error, CA_ERROR_CA_KEY, "the CA key is not that of the CA certificate");
}

/* Under the writer's lock. */
static gboolean
find_key (Keystore *keystore, GError **error)
{
  const char *rest = keystore->source.uri + strlen (keystore->kind->scheme) + 1;
  g_autoptr (GError) problem = NULL;

  if (keystore->kind->open (&keystore->source, rest, &keystore->key, &problem)
      && check_key (keystore, &problem))
  {
    g_clear_pointer (&keystore->problem, g_free);
    return TRUE;
  }
  lose (keystore, problem);
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

static void
take_source (Keystore *keystore, const KeystoreSource *source)
{
  keystore->uri = g_strdup (source->uri);
  keystore->passphrase =
      (PassphraseSource){ .file = g_strdup (source->passphrase->file),
                          .credential = g_strdup (source->passphrase->credential),
                          .fd = source->passphrase->fd };
  if (source->public_key != NULL)
    EVP_PKEY_up_ref (source->public_key);
  keystore->source =
      (KeystoreSource){ keystore->uri, &keystore->passphrase, source->demo, source->public_key };
}

Keystore *
keystore_open (const KeystoreSource *source, GError **error)
{
  g_autoptr (Keystore) keystore = g_new0 (Keystore, 1);
  g_autoptr (GError) problem = NULL;

  g_mutex_init (&keystore->alone);
  g_rw_lock_init (&keystore->opening);
  take_source (keystore, source);
  keystore->kind = kind_of (source->uri);
  if (keystore->kind == NULL) {
    g_set_error (error, CA_ERROR, CA_ERROR_CA_KEY,
                 "the key '%s' is of no kind that this signer knows; write file:/PATH",
                 source->uri);
    return NULL;
  }
  if (find_key (keystore, &problem) || g_error_matches (problem, CA_ERROR, CA_ERROR_CA_TOKEN))
    return g_steal_pointer (&keystore);
  g_propagate_error (error, g_steal_pointer (&problem));
  return NULL;
}

void
keystore_close (Keystore *keystore)
{
  if (keystore == NULL)
    return;
  key_clear (&keystore->key);
  g_free (keystore->problem);
  g_free (keystore->uri);
  g_free (keystore->passphrase.file);
  g_free (keystore->passphrase.credential);
  EVP_PKEY_free (keystore->source.public_key);
  g_mutex_clear (&keystore->alone);
  g_rw_lock_clear (&keystore->opening);
  g_free (keystore);
}

/* Under the reader's lock. */
static gboolean
sign_with_key (Keystore *keystore, const SignatureAlgorithm *algorithm, Span data, GByteArray *out,
               GError **error)
{
  const KeystoreKey *key = &keystore->key;
  gboolean ok;

  if (key->alone)
    g_mutex_lock (&keystore->alone);
  ok = signature_make (algorithm, key->library, key->key, data, out, error);
  if (key->alone)
    g_mutex_unlock (&keystore->alone);
  return ok;
}

/* FALSE without an error where there is no key at present. */
static gboolean
try_to_sign (Keystore *keystore, const SignatureAlgorithm *algorithm, Span data, GByteArray *out,
             GError **error)
{
  gboolean ok;

  g_rw_lock_reader_lock (&keystore->opening);
  ok = keystore->key.key != NULL && sign_with_key (keystore, algorithm, data, out, error);
  g_rw_lock_reader_unlock (&keystore->opening);
  return ok;
}

/* Opens the store anew and signs, alone. */
static gboolean
sign_anew (Keystore *keystore, const SignatureAlgorithm *algorithm, Span data, GByteArray *out,
           GError **error)
{
  g_autoptr (GError) problem = NULL;
  gboolean ok;

  g_rw_lock_writer_lock (&keystore->opening);
  key_clear (&keystore->key);
  ok = find_key (keystore, error);
  if (ok && !sign_with_key (keystore, algorithm, data, out, &problem)) {
    ok = FALSE;
    lose (keystore, problem);
    g_set_error (error, CA_ERROR, CA_ERROR_CA_TOKEN, "the token with the CA key does not sign: %s",
                 problem->message);
  }
  g_rw_lock_writer_unlock (&keystore->opening);
  return ok;
}

gboolean
keystore_sign (Keystore *keystore, const SignatureAlgorithm *algorithm, Span data, GByteArray *out,
               GError **error)
{
  g_autoptr (GError) problem = NULL;

  if (try_to_sign (keystore, algorithm, data, out, &problem))
    return TRUE;
  if (problem != NULL && !keystore->key.token) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  return sign_anew (keystore, algorithm, data, out, error);
}

EVP_PKEY *
keystore_public_key (const Keystore *keystore)
{
  return keystore->source.public_key;
}

const char *
keystore_scheme (const Keystore *keystore)
{
  return keystore->kind->scheme;
}

char *
keystore_problem (Keystore *keystore)
{
  char *problem;

  g_rw_lock_reader_lock (&keystore->opening);
  problem = g_strdup (keystore->problem);
  g_rw_lock_reader_unlock (&keystore->opening);
  return problem;
}
