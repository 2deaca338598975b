/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A CA key in a TPM 2.0, through tpm2-openssl's provider: at a persistent handle, or in a TSS2
 * PRIVATE KEY file that only this TPM can open. Each key has a library context of its own, and with
 * it a connection of its own to the TPM. The provider is not made for threads, so one signs at a
 * time; digests are made and signatures verified outside, since the TPM is slow at both.
 */
#include "ca/keystore/keystore-private.h"

#include "ca/keystore/private-file.h"
#include "ca/openssl.h"

#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <openssl/x509.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_TCTI "device:/dev/tpmrm0"
#define TCTI_MARK "?tcti="
#define MOST_SIGNATURE 512 /* RSA with up to 4096 bits */

/* "TPM 2.0 Library, Part 2: Structures", 6.6: response codes; and the layers of TSS2_RC that
 * carry one ("TCG TSS 2.0 Overview and Common Structures", 3.1). */
#define RC_LAYER_SHIFT 16
#define RC_LAYER_TPM 0u
#define RC_LAYER_RESOURCE_MANAGER 11u
#define RC_FORMAT_ONE 0x080u
#define RC_FORMAT_ONE_MASK 0x0bfu
#define RC_AUTH_FAIL 0x08eu
#define RC_BAD_AUTH 0x0a2u

typedef struct {
  OSSL_LIB_CTX *library;
  OSSL_PROVIDER *tpm;
  OSSL_PROVIDER *software;
  gboolean has_passphrase;
} Tpm;

typedef enum {
  SAID_NOTHING, /* or that it can't at present */
  SAID_NO,
  SAID_NO_TO_THE_PASSPHRASE,
} Answer;

static gboolean
refuse (GError **error, CaError code, const char *message)
{
  g_set_error_literal (error, CA_ERROR, (int)code, message);
  return FALSE;
}

/* ---- what the TPM said ---- */

static Answer
answer_of (unsigned long code)
{
  const unsigned long layer = code >> RC_LAYER_SHIFT;

  if (code == 0 || (layer != RC_LAYER_TPM && layer != RC_LAYER_RESOURCE_MANAGER))
    return SAID_NOTHING;
  if ((code & RC_FORMAT_ONE) == 0)
    return SAID_NOTHING;
  code &= RC_FORMAT_ONE_MASK;
  return code == RC_AUTH_FAIL || code == RC_BAD_AUTH ? SAID_NO_TO_THE_PASSPHRASE : SAID_NO;
}

/* The provider leaves "2446 tpm:session(1):the authorization ..." in OpenSSL's queue: the TSS2_RC
 * and its text. The first error is the cause of the others. */
static gboolean
refuse_with_answer (const char *doing, Answer *answer, GError **error)
{
  const char *text = NULL;
  char *words = NULL;
  int flags = 0;

  ERR_peek_error_data (&text, &flags);
  if ((flags & ERR_TXT_STRING) == 0)
    text = NULL;
  *answer = answer_of (text != NULL ? strtoul (text, &words, 10) : 0);
  if (words == NULL || *words != ' ')
    return openssl_refuse (error, CA_ERROR_CA_TOKEN, doing);
  g_set_error (error, CA_ERROR,
               *answer == SAID_NOTHING ? (int)CA_ERROR_CA_TOKEN : (int)CA_ERROR_CA_KEY, "%s: %s",
               doing, words + 1);
  ERR_clear_error ();
  return FALSE;
}

/* ---- signing ---- */

static gboolean
set_scheme (EVP_PKEY_CTX *context, const SignatureAlgorithm *algorithm)
{
  return EVP_PKEY_CTX_set_signature_md (context, EVP_get_digestbyname (algorithm->digest)) > 0
         && (!algorithm->pss
             || (EVP_PKEY_CTX_set_rsa_padding (context, RSA_PKCS1_PSS_PADDING) > 0
                 && EVP_PKEY_CTX_set_rsa_pss_saltlen (context, RSA_PSS_SALTLEN_DIGEST) > 0));
}

static gboolean
sign (KeystoreKey *key, const SignatureAlgorithm *algorithm, Span data, GByteArray *out,
      GError **error)
{
  g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_pkey (key->library, key->key, NULL);
  guint8 digest[EVP_MAX_MD_SIZE], signature[MOST_SIGNATURE];
  gsize digest_length, length = sizeof signature;
  const Tpm *tpm = key->state;
  Answer answer;

  ERR_clear_error ();
  if (EVP_Q_digest (NULL, algorithm->digest, NULL, data.data, data.length, digest, &digest_length)
      && context != NULL && EVP_PKEY_sign_init (context) > 0 && set_scheme (context, algorithm)
      && EVP_PKEY_sign (context, signature, &length, digest, digest_length) > 0)
  {
    g_byte_array_append (out, signature, (guint)length);
    return TRUE;
  }
  refuse_with_answer ("the TPM with the CA key does not sign", &answer, error);
  key->never_again = answer == SAID_NO_TO_THE_PASSPHRASE;
  if (key->never_again)
    g_prefix_error_literal (error, tpm->has_passphrase
                                       ? "the passphrase is wrong, and is not tried again until "
                                         "the signer is restarted: "
                                       : "the key wants a passphrase; say where it is with "
                                         "PassphraseCredential=, PassphraseFile= or "
                                         "PassphraseFd=, and restart the signer: ");
  return FALSE;
}

static EVP_PKEY *
public_half (KeystoreKey *key, GError **error)
{
  guint8 *der = NULL;
  int length = i2d_PUBKEY (key->key, &der);
  const guint8 *end = der;
  EVP_PKEY *public_key = length > 0 ? d2i_PUBKEY (NULL, &end, length) : NULL;

  OPENSSL_free (der);
  if (public_key == NULL)
    openssl_refuse (error, CA_ERROR_CA_KEY, "the TPM's key has no public half that can be used");
  return public_key;
}

/* Eight bytes of the TPM's random generator: its cheapest command. */
static gboolean
check (KeystoreKey *key, GError **error)
{
  EVP_RAND *kind = EVP_RAND_fetch (key->library, "CTR-DRBG", "provider=tpm2");
  EVP_RAND_CTX *context = kind != NULL ? EVP_RAND_CTX_new (kind, NULL) : NULL;
  guint8 bytes[8];
  gboolean ok = context != NULL && EVP_RAND_instantiate (context, 0, 0, NULL, 0, NULL) > 0
                && EVP_RAND_generate (context, bytes, sizeof bytes, 0, 0, NULL, 0) > 0;

  EVP_RAND_CTX_free (context);
  EVP_RAND_free (kind);
  return ok || openssl_refuse (error, CA_ERROR_CA_TOKEN, "the TPM with the CA key is gone");
}

/* ---- opening ---- */

static void
close_tpm (gpointer state)
{
  Tpm *tpm = state;

  if (tpm->software != NULL)
    OSSL_PROVIDER_unload (tpm->software);
  if (tpm->tpm != NULL)
    OSSL_PROVIDER_unload (tpm->tpm);
  OSSL_LIB_CTX_free (tpm->library);
  g_free (tpm);
}

gboolean
keystore_is_one_thread (void)
{
  g_autoptr (GDir) tasks = g_dir_open ("/proc/self/task", 0, NULL);

  return tasks != NULL && g_dir_read_name (tasks) != NULL && g_dir_read_name (tasks) == NULL;
}

/* The provider takes it from the environment alone, which must not change while other threads may
 * read it: so it is set once, before there are any, and is the same for all keys. */
static gboolean
choose_tcti (const char *tcti, GError **error)
{
  static const char *chosen = NULL;

  if (chosen == NULL && !keystore_is_one_thread ())
    return refuse (error, CA_ERROR_CA_KEY,
                   "the signer had no key in a TPM so far: restart it to begin with one");
  if (chosen == NULL) {
    g_setenv ("TPM2OPENSSL_TCTI", tcti, TRUE);
    /* Their lines on stderr; what they say comes as errors too. */
    g_setenv ("TSS2_LOG", "all+none", FALSE);
    chosen = g_intern_string (tcti);
  }
  if (g_str_equal (chosen, tcti))
    return TRUE;
  g_set_error (error, CA_ERROR, CA_ERROR_CA_KEY,
               "the keys of one signer must be in one TPM: there is tcti=%s already, and now "
               "tcti=%s",
               chosen, tcti);
  return FALSE;
}

/* "tpm2" before "default": else OpenSSL picks its own code for the key's kind and misses the
 * private key in it. */
static gboolean
load_providers (Tpm *tpm, GError **error)
{
  Answer answer;

  ERR_clear_error ();
  tpm->library = OSSL_LIB_CTX_new ();
  tpm->tpm = OSSL_PROVIDER_load (tpm->library, "tpm2");
  if (tpm->tpm == NULL && ERR_GET_REASON (ERR_peek_last_error ()) == ERR_R_DSO_LIB)
    return openssl_refuse (error, CA_ERROR_CA_KEY,
                           "OpenSSL's provider for TPMs is not installed (tpm2-openssl)");
  if (tpm->tpm == NULL) {
    refuse_with_answer ("the TPM with the CA key can't be reached", &answer, error);
    return FALSE;
  }
  tpm->software = OSSL_PROVIDER_load (tpm->library, "default");
  return tpm->software != NULL
         || openssl_refuse (error, CA_ERROR_INTERNAL, "OpenSSL's default provider is missing");
}

/* What OSSL_STORE shall open, or NULL. The provider asks for a passphrase at a handle only where
 * it is told to. */
static char *
store_uri (const char *place, gboolean has_passphrase, GError **error)
{
  char *end = NULL;
  unsigned long long handle;

  if (g_str_has_prefix (place, "file=/"))
    return g_strconcat ("file:", place + strlen ("file="), NULL);
  if (g_str_has_prefix (place, "handle=0x")) {
    handle = g_ascii_strtoull (place + strlen ("handle="), &end, 16);
    /* Persistent objects: "TPM 2.0 Library, Part 2: Structures", 7.5. */
    if (*end == '\0' && handle >> 24 == 0x81)
      return g_strdup_printf ("handle:0x%llx%s", handle, has_passphrase ? "?pass" : "");
  }
  refuse (error, CA_ERROR_CA_KEY,
          "Key=tpm2:... names no key: write handle=0x81NNNNNN or file=/PATH, then " TCTI_MARK
          "... where the TPM is not at " DEFAULT_TCTI);
  return NULL;
}

static int
give_passphrase (char *buffer, int size, int writing, void *data)
{
  const Passphrase *passphrase = data;

  if (passphrase == NULL || passphrase->length > (gsize)size)
    return -1;
  memcpy (buffer, passphrase->text, passphrase->length);
  return (int)passphrase->length;
}

static EVP_PKEY *
load_key (OSSL_STORE_CTX *store)
{
  EVP_PKEY *key = NULL;

  OSSL_STORE_expect (store, OSSL_STORE_INFO_PKEY);
  while (key == NULL && !OSSL_STORE_eof (store)) {
    OSSL_STORE_INFO *info = OSSL_STORE_load (store);

    if (info == NULL)
      break;
    key = OSSL_STORE_INFO_get1_PKEY (info);
    OSSL_STORE_INFO_free (info);
  }
  return key;
}

static gboolean
open_key (const char *uri, Passphrase *passphrase, KeystoreKey *key, GError **error)
{
  UI_METHOD *method = UI_UTIL_wrap_read_pem_callback (give_passphrase, 0);
  OSSL_STORE_CTX *store;
  Answer answer;

  ERR_clear_error ();
  store = OSSL_STORE_open_ex (uri, key->library, "?provider=tpm2", method, passphrase, NULL, NULL,
                              NULL);
  if (store != NULL)
    key->key = load_key (store);
  if (key->key == NULL)
    refuse_with_answer ("the TPM has no such CA key", &answer, error);
  OSSL_STORE_close (store);
  UI_destroy_method (method);
  return key->key != NULL;
}

/* That a file is there and whose it is; its content is of use to this TPM alone. */
static gboolean
check_file (const KeystoreSource *source, const char *place, GError **error)
{
  int fd;

  if (!g_str_has_prefix (place, "file="))
    return TRUE;
  fd = private_file_open (place + strlen ("file="), "CA key", source->demo, error);
  if (fd >= 0)
    close (fd);
  return fd >= 0;
}

static gboolean
open_place (const KeystoreSource *source, const char *place, KeystoreKey *key, GError **error)
{
  Tpm *tpm = key->state;
  g_autofree char *uri = NULL;
  g_autoptr (Passphrase) passphrase = NULL;

  tpm->has_passphrase = passphrase_is_given (source->passphrase);
  uri = store_uri (place, tpm->has_passphrase, error);
  if (uri == NULL || !check_file (source, place, error)
      || (tpm->has_passphrase && (passphrase = passphrase_read (source->passphrase, error)) == NULL)
      || !load_providers (tpm, error))
    return FALSE;
  key->library = tpm->library;
  if (open_key (uri, passphrase, key, error))
    return TRUE;
  if (passphrase == NULL && g_str_has_prefix (place, "file="))
    g_prefix_error_literal (error, "if the key has a passphrase, say where it is: ");
  return FALSE;
}

gboolean
keystore_tpm2_open (const KeystoreSource *source, const char *rest, KeystoreKey *key,
                    GError **error)
{
  const char *mark = strstr (rest, TCTI_MARK);
  g_autofree char *place = mark != NULL ? g_strndup (rest, (gsize)(mark - rest)) : g_strdup (rest);

  if (keystore_tpm2_is_counted (rest))
    return keystore_tpm2_counted_open (source, rest, key, error);
  if (!choose_tcti (mark != NULL ? mark + strlen (TCTI_MARK) : DEFAULT_TCTI, error))
    return FALSE;
  key->alone = TRUE;
  key->token = TRUE;
  key->sign = sign;
  key->public_half = public_half;
  key->check = check;
  key->close = close_tpm;
  key->state = g_new0 (Tpm, 1);
  return open_place (source, place, key, error);
}
