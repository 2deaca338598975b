/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See operators.h.
 */
#include "station/operators.h"

#include <gio/gio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

#include "station/roles.h"

#define DIGEST_SIZE 32
#define LANGUAGE_MOST 16

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_KDF, EVP_KDF_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_KDF_CTX, EVP_KDF_CTX_free)

char *
secret_copy (const char *secret)
{
  return g_strdup (secret);
}

void
secret_free (char *secret)
{
  if (secret != NULL)
    OPENSSL_cleanse (secret, strlen (secret));
  g_free (secret);
}

/* ---- digests ---- */

static GBytes *
digest (GBytes *salt, const char *secret, GError **error)
{
  uint64_t n = 16384;
  uint32_t r = 8, p = 1;
  gsize salt_length;
  gconstpointer salt_data = g_bytes_get_data (salt, &salt_length);
  const OSSL_PARAM parameters[] = {
    OSSL_PARAM_construct_octet_string (OSSL_KDF_PARAM_PASSWORD, (void *)secret, strlen (secret)),
    OSSL_PARAM_construct_octet_string (OSSL_KDF_PARAM_SALT, (void *)salt_data, salt_length),
    OSSL_PARAM_construct_uint64 (OSSL_KDF_PARAM_SCRYPT_N, &n),
    OSSL_PARAM_construct_uint32 (OSSL_KDF_PARAM_SCRYPT_R, &r),
    OSSL_PARAM_construct_uint32 (OSSL_KDF_PARAM_SCRYPT_P, &p),
    OSSL_PARAM_construct_end (),
  };
  g_autoptr (EVP_KDF) kdf = EVP_KDF_fetch (NULL, "SCRYPT", NULL);
  g_autoptr (EVP_KDF_CTX) context = kdf != NULL ? EVP_KDF_CTX_new (kdf) : NULL;
  guint8 result[DIGEST_SIZE];

  if (context != NULL && EVP_KDF_derive (context, result, sizeof result, parameters) == 1)
    return g_bytes_new (result, sizeof result);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                       "badges can't be checked: OpenSSL has no scrypt, or no memory for it");
  return NULL;
}

static GBytes *
badge_digest (Ledger *ledger, const char *badge, GError **error)
{
  g_autoptr (GBytes) salt = ledger_salt (ledger, error);

  return salt != NULL ? digest (salt, badge, error) : NULL;
}

/* The same PIN of two people has two digests. */
static GBytes *
pin_digest (Ledger *ledger, GBytes *badge, const char *pin, GError **error)
{
  g_autoptr (GBytes) station_salt = ledger_salt (ledger, error);
  g_autoptr (GByteArray) both = NULL;
  g_autoptr (GBytes) salt = NULL;

  if (station_salt == NULL)
    return NULL;
  both = g_byte_array_new ();
  g_byte_array_append (both, g_bytes_get_data (station_salt, NULL),
                       (guint)g_bytes_get_size (station_salt));
  g_byte_array_append (both, g_bytes_get_data (badge, NULL), (guint)g_bytes_get_size (badge));
  salt = g_byte_array_free_to_bytes (g_steal_pointer (&both));
  return digest (salt, pin, error);
}

/* ---- adding ---- */

static gboolean
refuse (GError **error, const char *why)
{
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID, why);
  return FALSE;
}

static gboolean
language_is_valid (const char *language)
{
  if (*language == '\0' || strlen (language) > LANGUAGE_MOST)
    return FALSE;
  for (; *language != '\0'; language++)
    if (!g_ascii_isalpha (*language) && *language != '_')
      return FALSE;
  return TRUE;
}

static gboolean
check_request (const Operator *who, const char *badge, const char *pin, GError **error)
{
  const glong badge_length = badge != NULL ? g_utf8_strlen (badge, -1) : 0;
  const glong pin_length = pin != NULL ? g_utf8_strlen (pin, -1) : 0;

  if (!g_str_equal (who->role, role_word (ROLE_AUDITOR))
      && !g_str_equal (who->role, role_word (ROLE_OPERATOR))
      && !g_str_equal (who->role, role_word (ROLE_SUPERVISOR)))
    return refuse (error, "the role is \"auditor\", \"operator\" or \"supervisor\"");
  if (who->language != NULL && !language_is_valid (who->language))
    return refuse (error, "the language is a code such as de or zh_CN");
  if (badge_length < 1 || badge_length > BADGE_MOST)
    return refuse (error, "a badge has 1 to 64 characters: scan the one that will be used");
  if (pin_length != 0 && (pin_length < PIN_LEAST || pin_length > PIN_MOST))
    return refuse (error, "a PIN has 4 to 32 characters; leave it out where none is wanted");
  return TRUE;
}

gboolean
operator_add (Ledger *ledger, Operator *who, const char *badge, const char *pin, const char *actor,
              GError **error)
{
  if (!check_request (who, badge, pin, error))
    return FALSE;
  who->badge_digest = badge_digest (ledger, badge, error);
  if (who->badge_digest == NULL)
    return FALSE;
  if (pin != NULL && *pin != '\0') {
    who->pin_digest = pin_digest (ledger, who->badge_digest, pin, error);
    if (who->pin_digest == NULL)
      return FALSE;
  }
  return ledger_add_operator (ledger, who, actor, error);
}

/* ---- asking ---- */

void
operator_refuse (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                       "This badge is not known here, or it may not do this.");
}

static Operator *
deny (Operator *who, GError **error)
{
  operator_free (who);
  operator_refuse (error);
  return NULL;
}

/* NULL without error where nobody has it. */
static Operator *
find_badge (Ledger *ledger, GBytes *badge, GError **error)
{
  g_autoptr (GError) failure = NULL;
  Operator *who = ledger_operator_of_badge (ledger, badge, &failure);

  if (who == NULL && !g_error_matches (failure, LEDGER_ERROR, LEDGER_ERROR_NOT_FOUND))
    g_propagate_error (error, g_steal_pointer (&failure));
  return who;
}

Operator *
operator_sign_in (Ledger *ledger, const char *badge, GError **error)
{
  g_autoptr (GBytes) digested = badge_digest (ledger, badge, error);
  g_autoptr (GError) failure = NULL;
  Operator *who;

  if (digested == NULL)
    return NULL;
  who = find_badge (ledger, digested, &failure);
  if (failure != NULL) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return NULL;
  }
  return who != NULL && who->enabled ? who : deny (who, error);
}

static gboolean
pin_is_right (const Operator *who, GBytes *pin)
{
  return who->pin_digest == NULL
         || (g_bytes_get_size (who->pin_digest) == g_bytes_get_size (pin)
             && CRYPTO_memcmp (g_bytes_get_data (who->pin_digest, NULL),
                               g_bytes_get_data (pin, NULL), g_bytes_get_size (pin))
                    == 0);
}

Operator *
operator_authorize (Ledger *ledger, const char *badge, const char *pin, GError **error)
{
  g_autoptr (GBytes) digested = badge_digest (ledger, badge, error);
  g_autoptr (GBytes) digested_pin = NULL;
  g_autoptr (GError) failure = NULL;
  Operator *who;

  if (digested == NULL)
    return NULL;
  /* Also where no PIN is set or nobody has the badge: time shall not tell. */
  digested_pin = pin_digest (ledger, digested, pin, error);
  if (digested_pin == NULL)
    return NULL;
  who = find_badge (ledger, digested, &failure);
  if (failure != NULL) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return NULL;
  }
  if (who == NULL || !who->enabled || !g_str_equal (who->role, role_word (ROLE_SUPERVISOR))
      || !pin_is_right (who, digested_pin))
    return deny (who, error);
  return who;
}

gboolean
operator_check_enabled (Ledger *ledger, const char *name, GError **error)
{
  g_autoptr (GPtrArray) all = ledger_operators (ledger, error);

  if (all == NULL)
    return FALSE;
  for (guint i = 0; i < all->len; i++) {
    const Operator *who = g_ptr_array_index (all, i);

    if (who->enabled && g_str_equal (who->name, name))
      return TRUE;
  }
  operator_refuse (error);
  return FALSE;
}

gboolean
operator_count (Ledger *ledger, guint *enabled, gboolean *supervisor, GError **error)
{
  g_autoptr (GPtrArray) all = ledger_operators (ledger, error);

  *enabled = 0;
  *supervisor = FALSE;
  for (guint i = 0; all != NULL && i < all->len; i++) {
    const Operator *who = g_ptr_array_index (all, i);

    *enabled += who->enabled && !g_str_equal (who->role, role_word (ROLE_AUDITOR)) ? 1 : 0;
    *supervisor |= who->enabled && g_str_equal (who->role, role_word (ROLE_SUPERVISOR));
  }
  return all != NULL;
}
