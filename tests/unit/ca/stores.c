/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See stores.h.
 */
#include "tests/unit/ca/stores.h"

#include "tests/unit/ca/make.h"

#include <openssl/pem.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const store_names[N_STORES] = { "file", "pkcs11", "tpm2", "tpm2-file" };
const char *const store_keys[N_STORE_KEYS] = { "p256", "p384", "rsa" };

static char *script_path;

void
stores_run (const char *folder, const char *verb)
{
  g_autofree char *said = NULL;

  if (run (NULL, &said, "sh", script_path, verb, folder, NULL) != 0)
    g_error ("stores.sh %s: %s", verb, said);
}

char *
stores_make (const char *script)
{
  char *folder = folder_make ();
  g_autofree char *configuration = g_build_filename (folder, "softhsm2.conf", NULL);

  script_path = g_canonicalize_filename (script, NULL);
  stores_run (folder, "make");
  g_setenv ("SOFTHSM2_CONF", configuration, TRUE);
  return folder;
}

void
stores_remove (char *folder)
{
  g_autofree char *path = g_build_filename (folder, "tpm/pid", NULL);
  g_autofree char *pid = NULL;

  if (g_file_get_contents (path, &pid, NULL, NULL))
    kill (atoi (pid), SIGKILL);
  folder_remove (folder);
  g_free (script_path);
}

void
stores_lose (const char *folder, const char *store)
{
  stores_run (folder, g_str_equal (store, "pkcs11") ? "remove-hsm" : "kill-tpm");
}

void
stores_return (const char *folder, const char *store)
{
  stores_run (folder, g_str_equal (store, "pkcs11") ? "return-hsm" : "start-tpm");
}

static char *
path_of (const char *folder, const char *key, const char *store, const char *suffix)
{
  return g_strdup_printf ("%s/%s.%s.%s", folder, key, store, suffix);
}

char *
stores_uri (const char *folder, const char *key, const char *store)
{
  g_autofree char *path = path_of (folder, key, store, "uri");
  char *uri = NULL;

  g_assert_true (g_file_get_contents (path, &uri, NULL, NULL));
  return g_strchomp (uri);
}

EVP_PKEY *
stores_public_key (const char *folder, const char *key, const char *store)
{
  g_autofree char *path = path_of (folder, key, store, "pub");
  FILE *file = fopen (path, "r");
  EVP_PKEY *public_key;

  g_assert_nonnull (file);
  public_key = PEM_read_PUBKEY (file, NULL, NULL, NULL);
  fclose (file);
  g_assert_nonnull (public_key);
  return public_key;
}

Keystore *
stores_open (const char *folder, const char *key, const char *store, const char *pin,
             const char *certified, GError **error)
{
  g_autofree char *uri = stores_uri (folder, key, store);
  g_autofree char *path = g_build_filename (folder, pin, NULL);
  const PassphraseSource passphrase = { .file = path, .fd = -1 };
  EVP_PKEY *public_key = certified != NULL ? stores_public_key (folder, certified, store) : NULL;
  const KeystoreSource source = { .uri = uri, .passphrase = &passphrase, .public_key = public_key };
  Keystore *keystore = keystore_open (&source, error);

  EVP_PKEY_free (public_key);
  return keystore;
}
