/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A CA key in a PKCS#11 token: a network HSM, a smart card, SoftHSM. p11-kit reads the URI
 * (RFC 7512), loads the module and shares it between the keystores of this process. The PIN is in
 * memory for one C_Login() and wiped. Nothing of the token outlives this file's close(), so that a
 * token that was lost is looked for from the beginning.
 */
#include "ca/keystore/pkcs11-private.h"

#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (P11KitUri, p11_kit_uri_free)

static gboolean
refuse (GError **error, CaError code, const char *message)
{
  g_set_error_literal (error, CA_ERROR, (int)code, message);
  return FALSE;
}

gboolean
pkcs11_refuse (GError **error, CaError code, const char *doing, CK_RV result)
{
  g_set_error (error, CA_ERROR, (int)code, "%s: %s", doing, p11_kit_strerror (result));
  return FALSE;
}

/* ---- the URI ---- */

/* A PIN must not stand in a configuration file that others read, nor come by a second way. */
static gboolean
check_uri (P11KitUri *uri, GError **error)
{
  const CK_TOKEN_INFO *token = p11_kit_uri_get_token_info (uri);

  if (p11_kit_uri_get_pin_value (uri) != NULL || p11_kit_uri_get_pin_source (uri) != NULL)
    return refuse (error, CA_ERROR_CA_KEY,
                   "Key=pkcs11:... must not hold pin-value or pin-source: give the PIN with "
                   "PassphraseCredential=, PassphraseFile= or PassphraseFd=");
  if (p11_kit_uri_any_unrecognized (uri))
    return refuse (error, CA_ERROR_CA_KEY,
                   "Key=pkcs11:... has an attribute that RFC 7512 does not know");
  if (token->label[0] == '\0' && token->serialNumber[0] == '\0')
    return refuse (error, CA_ERROR_CA_KEY,
                   "Key=pkcs11:... must name the token: token=LABEL or serial=NUMBER");
  return (p11_kit_uri_get_attribute (uri, CKA_LABEL) != NULL
          || p11_kit_uri_get_attribute (uri, CKA_ID) != NULL)
         || refuse (error, CA_ERROR_CA_KEY,
                    "Key=pkcs11:... must name the key: object=LABEL or id=%HEX");
}

static gboolean
want_private_key (P11KitUri *uri, GError **error)
{
  CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
  CK_ATTRIBUTE wanted = { CKA_CLASS, &class, sizeof class };
  const CK_ATTRIBUTE *given = p11_kit_uri_get_attribute (uri, CKA_CLASS);

  if (given != NULL && memcmp (given->pValue, &class, sizeof class) != 0)
    return refuse (error, CA_ERROR_CA_KEY,
                   "Key=pkcs11:... asks for something else than "
                   "type=private");
  p11_kit_uri_set_attribute (uri, &wanted);
  return TRUE;
}

static P11KitUri *
parse_uri (const char *text, GError **error)
{
  g_autoptr (P11KitUri) uri = p11_kit_uri_new ();
  int result = p11_kit_uri_parse (text, P11_KIT_URI_FOR_OBJECT_ON_TOKEN_AND_MODULE, uri);

  if (result != P11_KIT_URI_OK) {
    g_set_error (error, CA_ERROR, CA_ERROR_CA_KEY, "Key=pkcs11:... is no URI of RFC 7512: %s",
                 p11_kit_uri_message (result));
    return NULL;
  }
  if (!check_uri (uri, error) || !want_private_key (uri, error))
    return NULL;
  return g_steal_pointer (&uri);
}

/* ---- the token ---- */

static gboolean
load_module (Pkcs11Token *token, const char *path, GError **error)
{
  CK_RV result;

  token->module = p11_kit_module_load (path, 0);
  if (token->module == NULL) {
    g_set_error (error, CA_ERROR, CA_ERROR_CA_KEY, "the PKCS#11 module %s can't be loaded: %s",
                 path, p11_kit_message ());
    return FALSE;
  }
  result = p11_kit_module_initialize (token->module);
  if (result == CKR_OK)
    return TRUE;
  p11_kit_module_release (g_steal_pointer (&token->module));
  return pkcs11_refuse (error, CA_ERROR_CA_TOKEN, "the PKCS#11 module does not start", result);
}

static gboolean
load_modules (Pkcs11Token *token, P11KitUri *uri, GError **error)
{
  const char *path = p11_kit_uri_get_module_path (uri);

  if (path != NULL)
    return load_module (token, path, error);
  token->modules = p11_kit_modules_load_and_initialize (0);
  return token->modules != NULL
         || refuse (error, CA_ERROR_CA_TOKEN, "no PKCS#11 module that p11-kit knows starts");
}

/* How many of the module's tokens are meant; the last of them is noted. */
static guint
match_slots (Pkcs11Token *token, CK_FUNCTION_LIST *module, P11KitUri *uri)
{
  CK_SLOT_ID slots[64];
  CK_ULONG n_slots = G_N_ELEMENTS (slots);
  guint found = 0;

  /* Asking for their number is what makes a module look at its readers anew. */
  if (module->C_GetSlotList (TRUE, NULL, &n_slots) != CKR_OK)
    return 0;
  n_slots = G_N_ELEMENTS (slots);
  if (module->C_GetSlotList (TRUE, slots, &n_slots) != CKR_OK)
    return 0;
  for (guint i = 0; i < n_slots; i++) {
    CK_TOKEN_INFO info;

    if (module->C_GetTokenInfo (slots[i], &info) != CKR_OK
        || !p11_kit_uri_match_token_info (uri, &info))
      continue;
    token->module = module;
    token->slot = slots[i];
    found++;
  }
  return found;
}

static gboolean
find_token (Pkcs11Token *token, P11KitUri *uri, GError **error)
{
  guint found = 0;

  if (token->modules == NULL)
    found = match_slots (token, token->module, uri);
  for (CK_FUNCTION_LIST **module = token->modules; module != NULL && *module != NULL; module++)
    found += match_slots (token, *module, uri);
  if (found > 1)
    return refuse (error, CA_ERROR_CA_KEY,
                   "several tokens are what Key=pkcs11:... names; add serial=, or module-path=");
  return found == 1
         || refuse (error, CA_ERROR_CA_TOKEN,
                    "the token with the CA key is not there: no token is what Key=pkcs11:... "
                    "names");
}

/* ---- login and key ---- */

gboolean
pkcs11_open_session (const Pkcs11Token *token, CK_SESSION_HANDLE *session, GError **error)
{
  CK_RV result =
      token->module->C_OpenSession (token->slot, CKF_SERIAL_SESSION, NULL, NULL, session);

  return result == CKR_OK
         || pkcs11_refuse (error, CA_ERROR_CA_TOKEN, "the token with the CA key opens no session",
                           result);
}

static gboolean
is_about_the_pin (CK_RV result)
{
  switch (result) {
  case CKR_PIN_INCORRECT:
  case CKR_PIN_INVALID:
  case CKR_PIN_LEN_RANGE:
  case CKR_PIN_EXPIRED:
  case CKR_PIN_LOCKED:
  case CKR_USER_PIN_NOT_INITIALIZED:
    return TRUE;
  }
  return FALSE;
}

/* The token's last try belongs to a human who knows the PIN. */
static gboolean
may_try_the_pin (const Pkcs11Token *token, gboolean *needed, GError **error)
{
  CK_TOKEN_INFO info;
  CK_RV result = token->module->C_GetTokenInfo (token->slot, &info);

  if (result != CKR_OK)
    return pkcs11_refuse (error, CA_ERROR_CA_TOKEN, "the token with the CA key does not answer",
                          result);
  *needed = (info.flags & CKF_LOGIN_REQUIRED) != 0;
  if (*needed && (info.flags & (CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED)) != 0)
    return refuse (error, CA_ERROR_CA_KEY,
                   "the token has one try of its PIN left, or none: log in by hand once "
                   "(pkcs11-tool --login), then restart the signer");
  return TRUE;
}

static gboolean
log_in (const Pkcs11Token *token, const PassphraseSource *source, gboolean *never_again,
        GError **error)
{
  g_autoptr (Passphrase) pin = NULL;
  gboolean needed = FALSE;
  CK_RV result;

  if (!may_try_the_pin (token, &needed, error))
    return FALSE;
  if (!needed)
    return TRUE;
  if (!passphrase_is_given (source))
    return refuse (error, CA_ERROR_CA_KEY,
                   "the token wants a PIN; say where it is with PassphraseCredential=, "
                   "PassphraseFile= or PassphraseFd=");
  pin = passphrase_read (source, error);
  if (pin == NULL)
    return FALSE;
  result = token->module->C_Login (token->login, CKU_USER, (guint8 *)pin->text, pin->length);
  /* Another CA of this signer has its key in the same token. */
  if (result == CKR_OK || result == CKR_USER_ALREADY_LOGGED_IN)
    return TRUE;
  *never_again = is_about_the_pin (result);
  if (!*never_again)
    return pkcs11_refuse (error, CA_ERROR_CA_TOKEN, "the token with the CA key lets nobody in",
                          result);
  return pkcs11_refuse (error, CA_ERROR_CA_KEY,
                        "the token refuses the PIN; it is not tried again until the signer is "
                        "restarted",
                        result);
}

static gboolean
find_objects (Pkcs11Token *token, P11KitUri *uri, CK_OBJECT_HANDLE found[2], CK_ULONG *n_found,
              GError **error)
{
  CK_ULONG n_attributes;
  CK_ATTRIBUTE *attributes = p11_kit_uri_get_attributes (uri, &n_attributes);
  CK_RV result = token->module->C_FindObjectsInit (token->login, attributes, n_attributes);

  if (result == CKR_OK) {
    result = token->module->C_FindObjects (token->login, found, 2, n_found);
    token->module->C_FindObjectsFinal (token->login);
  }
  return result == CKR_OK
         || pkcs11_refuse (error, CA_ERROR_CA_TOKEN, "the token with the CA key can't be searched",
                           result);
}

static gboolean
asks_at_each_signature (const Pkcs11Token *token)
{
  CK_BBOOL always = CK_FALSE;
  CK_ATTRIBUTE attribute = { CKA_ALWAYS_AUTHENTICATE, &always, sizeof always };

  /* A token that does not know the attribute does not ask. */
  return token->module->C_GetAttributeValue (token->login, token->key, &attribute, 1) == CKR_OK
         && always;
}

static gboolean
is_of_type (const Pkcs11Token *token, EVP_PKEY *public_key)
{
  CK_KEY_TYPE type = CK_UNAVAILABLE_INFORMATION;
  CK_ATTRIBUTE attribute = { CKA_KEY_TYPE, &type, sizeof type };

  token->module->C_GetAttributeValue (token->login, token->key, &attribute, 1);
  return (type == CKK_RSA && EVP_PKEY_is_a (public_key, "RSA"))
         || (type == CKK_EC && EVP_PKEY_is_a (public_key, "EC"))
         || (type == CKK_DSA && EVP_PKEY_is_a (public_key, "DSA"));
}

static gboolean
check_key (const Pkcs11Token *token, EVP_PKEY *public_key, GError **error)
{
  if (public_key != NULL && !is_of_type (token, public_key))
    return refuse (error, CA_ERROR_CA_KEY,
                   "the CA key is not that of the CA certificate: it is of another kind");
  return !asks_at_each_signature (token)
         || refuse (error, CA_ERROR_CA_KEY,
                    "the key asks for its PIN at each signature, so nothing can be signed "
                    "unattended; use one without CKA_ALWAYS_AUTHENTICATE");
}

static gboolean
find_key (Pkcs11Token *token, P11KitUri *uri, EVP_PKEY *public_key, GError **error)
{
  CK_OBJECT_HANDLE found[2];
  CK_ULONG n_found = 0;

  if (!find_objects (token, uri, found, &n_found, error))
    return FALSE;
  if (n_found == 0)
    return refuse (error, CA_ERROR_CA_KEY,
                   "the token has no private key with the label or id that Key=pkcs11:... names");
  if (n_found > 1)
    return refuse (error, CA_ERROR_CA_KEY,
                   "several keys are what Key=pkcs11:... names; give object= and id= together");
  token->key = found[0];
  return check_key (token, public_key, error);
}

/* ---- what keystore.c calls ---- */

static gboolean
check (KeystoreKey *key, GError **error)
{
  const Pkcs11Token *token = key->state;
  CK_SESSION_INFO info;
  CK_TOKEN_INFO token_info;
  CK_RV result = token->module->C_GetSessionInfo (token->login, &info);

  if (result == CKR_OK)
    result = token->module->C_GetTokenInfo (token->slot, &token_info);
  return result == CKR_OK
         || pkcs11_refuse (error, CA_ERROR_CA_TOKEN, "the token with the CA key is gone", result);
}

static void
release_modules (Pkcs11Token *token)
{
  if (token->modules != NULL) {
    p11_kit_modules_finalize_and_release (token->modules);
  }
  else if (token->module != NULL) {
    p11_kit_module_finalize (token->module);
    p11_kit_module_release (token->module);
  }
}

static void
close_token (gpointer state)
{
  Pkcs11Token *token = state;

  for (guint i = 0; i < token->idle->len; i++)
    token->module->C_CloseSession (g_array_index (token->idle, CK_SESSION_HANDLE, i));
  if (token->login != CK_INVALID_HANDLE)
    token->module->C_CloseSession (token->login);
  release_modules (token);
  g_array_unref (token->idle);
  g_mutex_clear (&token->mutex);
  g_cond_clear (&token->released);
  g_free (token);
}

static Pkcs11Token *
token_new (void)
{
  Pkcs11Token *token = g_new0 (Pkcs11Token, 1);

  g_mutex_init (&token->mutex);
  g_cond_init (&token->released);
  token->idle = g_array_new (FALSE, FALSE, sizeof (CK_SESSION_HANDLE));
  return token;
}

gboolean
keystore_pkcs11_open (const KeystoreSource *source, const char *rest, KeystoreKey *key,
                      GError **error)
{
  g_autoptr (P11KitUri) uri = parse_uri (source->uri, error);
  Pkcs11Token *token;

  if (uri == NULL)
    return FALSE;
  token = token_new ();
  key->state = token;
  key->token = TRUE;
  key->sign = pkcs11_sign;
  key->public_half = pkcs11_public_half;
  key->check = check;
  key->close = close_token;
  return load_modules (token, uri, error) && find_token (token, uri, error)
         && pkcs11_open_session (token, &token->login, error)
         && log_in (token, source->passphrase, &key->never_again, error)
         && find_key (token, uri, source->public_key, error);
}
