/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A CA key in a file. A key that can be copied by reading a file is only as safe as its
 * passphrase, so the derivation must be scrypt: the old ones are guessed too fast.
 */
#include "ca/keystore/keystore-private.h"

#include "ca/harden.h"
#include "ca/keystore/private-file.h"
#include "ca/openssl.h"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <string.h>
#include <unistd.h>

#define MOST_KEY_FILE (64 * 1024)
#define HOW_TO_CONVERT "openssl pkcs8 -topk8 -scrypt -in OLD.key -out NEW.key"

static EVP_PKEY *
refuse (GError **error, const char *message)
{
  openssl_refuse (error, CA_ERROR_CA_KEY, message);
  return NULL;
}

/* PBES2 whose key derivation is scrypt. */
static gboolean
is_scrypt (const X509_ALGOR *algorithm)
{
  const ASN1_OBJECT *oid, *derivation;
  const void *parameters;
  PBE2PARAM *pbe2;
  int type;
  gboolean found;

  X509_ALGOR_get0 (&oid, &type, &parameters, algorithm);
  if (OBJ_obj2nid (oid) != NID_pbes2 || type != V_ASN1_SEQUENCE)
    return FALSE;
  pbe2 = ASN1_item_unpack (parameters, ASN1_ITEM_rptr (PBE2PARAM));
  if (pbe2 == NULL)
    return FALSE;
  X509_ALGOR_get0 (&derivation, NULL, NULL, pbe2->keyfunc);
  found = OBJ_obj2nid (derivation) == NID_id_scrypt;
  PBE2PARAM_free (pbe2);
  return found;
}

static EVP_PKEY *
decrypt (const X509_SIG *sealed, const PassphraseSource *source, GError **error)
{
  g_autoptr (Passphrase) passphrase = passphrase_read (source, error);
  PKCS8_PRIV_KEY_INFO *opened;
  EVP_PKEY *key;

  if (passphrase == NULL)
    return NULL;
  opened = PKCS8_decrypt (sealed, passphrase->text, (int)passphrase->length);
  if (opened == NULL)
    return refuse (error, "the CA key can't be opened: the passphrase is wrong");
  key = EVP_PKCS82PKEY (opened);
  PKCS8_PRIV_KEY_INFO_free (opened);
  return key != NULL ? key : refuse (error, "the CA key is of a kind that OpenSSL does not know");
}

static EVP_PKEY *
open_sealed (const guint8 *der, long length, const PassphraseSource *source, GError **error)
{
  const guint8 *end = der;
  g_autoptr (X509_SIG) sealed = d2i_X509_SIG (NULL, &end, length);
  const X509_ALGOR *algorithm;

  if (sealed == NULL || end != der + length)
    return refuse (error, "the CA key file is damaged");
  X509_SIG_get0 (sealed, &algorithm, NULL);
  if (!is_scrypt (algorithm))
    return refuse (error, "the CA key is not encrypted with scrypt; convert it: " HOW_TO_CONVERT);
  return decrypt (sealed, source, error);
}

static EVP_PKEY *
open_plain (const guint8 *der, long length, gboolean demo, GError **error)
{
  const guint8 *at = der;
  EVP_PKEY *key;

  if (!demo)
    return refuse (error, "the CA key is not encrypted; encrypt it: " HOW_TO_CONVERT
                          " and destroy the old file");
  key = d2i_AutoPrivateKey (NULL, &at, length);
  return key != NULL ? key : refuse (error, "the CA key file is damaged");
}

static EVP_PKEY *
open_pem (BIO *file, const PassphraseSource *source, gboolean demo, GError **error)
{
  char *label = NULL, *header = NULL;
  guint8 *der = NULL;
  long length = 0;
  EVP_PKEY *key;

  if (PEM_read_bio (file, &label, &header, &der, &length) != 1)
    return refuse (error, "the CA key file holds no PEM");
  if (g_str_equal (label, "ENCRYPTED PRIVATE KEY"))
    key = open_sealed (der, length, source, error);
  else if (*header != '\0')
    key = refuse (error, "the CA key has the old encryption; convert it: " HOW_TO_CONVERT);
  else if (g_str_has_suffix (label, "PRIVATE KEY"))
    key = open_plain (der, length, demo, error);
  else
    key = refuse (error, "the CA key file holds no private key");
  OPENSSL_free (label);
  OPENSSL_free (header);
  OPENSSL_clear_free (der, (gsize)length);
  return key;
}

static EVP_PKEY *
read_file (int fd, const KeystoreSource *source, GError **error)
{
  g_autoptr (BIO) file = BIO_new_fd (fd, BIO_CLOSE);

  if (lseek (fd, 0, SEEK_END) > MOST_KEY_FILE || lseek (fd, 0, SEEK_SET) != 0)
    return refuse (error, "the CA key file is too large to be one");
  return open_pem (file, source->passphrase, source->demo, error);
}

gboolean
keystore_file_open (const KeystoreSource *source, const char *path, KeystoreKey *key,
                    GError **error)
{
  int fd = private_file_open (path, "CA key", source->demo, error);

  if (fd < 0)
    return FALSE;
  key->key = read_file (fd, source, error);
  harden_wipe_stack ();
  if (key->key == NULL)
    g_prefix_error (error, "%s: ", path);
  return key->key != NULL;
}
