/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The attestations of simulated tokens, shaped as Yubico's are (https://developers.yubico.com/PIV/
 * Introduction/PIV_attestation.html): a root, for each token an attestation key of its own, and
 * certificates that this key makes of keys made on the token. The root's key is made of a text that
 * everybody can read here: to be trusted in trials only.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/der-write.h"
#include "base/encode.h"
#include "drivers/piv/simulator-card.h"

#define ROOT_NAME "Keycradle simulated PIV root, for trials"
#define YUBICO_ARC "1.3.6.1.4.1.41482.3."
#define ATTESTATION_KEY "attestation.key"
#define ATTESTATION_OBJECT "object.5fff01"

typedef BIGNUM Number;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Number, BN_free)
typedef EC_GROUP Curve;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Curve, EC_GROUP_free)
typedef EC_POINT Point;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Point, EC_POINT_free)
typedef X509 Certificate;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Certificate, X509_free)

/* The P-256 key with this private number. */
static EVP_PKEY *
key_of_number (const BIGNUM *number)
{
  g_autoptr (Curve) curve = EC_GROUP_new_by_curve_name (NID_X9_62_prime256v1);
  g_autoptr (Point) point = EC_POINT_new (curve);
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new ();
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name (NULL, "EC", NULL);
  guint8 public_key[65];
  EVP_PKEY *key = NULL;

  EC_POINT_mul (curve, point, number, NULL, NULL, NULL);
  EC_POINT_point2oct (curve, point, POINT_CONVERSION_UNCOMPRESSED, public_key, sizeof public_key,
                      NULL);
  OSSL_PARAM_BLD_push_utf8_string (builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_BN (builder, OSSL_PKEY_PARAM_PRIV_KEY, number);
  OSSL_PARAM_BLD_push_octet_string (builder, OSSL_PKEY_PARAM_PUB_KEY, public_key,
                                    sizeof public_key);
  OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param (builder);
  EVP_PKEY_fromdata_init (context);
  EVP_PKEY_fromdata (context, &key, EVP_PKEY_KEYPAIR, parameters);
  OSSL_PARAM_free (parameters);
  OSSL_PARAM_BLD_free (builder);
  EVP_PKEY_CTX_free (context);
  return key;
}

static EVP_PKEY *
root_key (void)
{
  g_autoptr (GBytes) digest = sha256_of ((const guint8 *)ROOT_NAME, strlen (ROOT_NAME));
  g_autoptr (Number) number = BN_bin2bn (g_bytes_get_data (digest, NULL), 32, NULL);

  return key_of_number (number);
}

static void
set_name (X509_NAME *name, const char *common_name)
{
  X509_NAME_add_entry_by_txt (name, "CN", MBSTRING_UTF8, (const guint8 *)common_name, -1, -1, 0);
}

static Certificate *
certificate_new (const char *subject, const char *issuer, guint64 serial, EVP_PKEY *key)
{
  Certificate *certificate = X509_new ();

  X509_set_version (certificate, X509_VERSION_3);
  ASN1_INTEGER_set_uint64 (X509_get_serialNumber (certificate), serial);
  ASN1_TIME_set_string_X509 (X509_getm_notBefore (certificate), "20160314000000Z");
  ASN1_TIME_set_string_X509 (X509_getm_notAfter (certificate), "20520417000000Z");
  set_name (X509_get_subject_name (certificate), subject);
  set_name (X509_get_issuer_name (certificate), issuer);
  X509_set_pubkey (certificate, key);
  return certificate;
}

static void
be_authority (Certificate *certificate, const char *constraints)
{
  X509_EXTENSION *extension = X509V3_EXT_conf_nid (NULL, NULL, NID_basic_constraints, constraints);

  X509_add_ext (certificate, extension, -1);
  X509_EXTENSION_free (extension);
}

static void
add_yubico (Certificate *certificate, const char *number, const guint8 *value, gsize length)
{
  g_autofree char *name = g_strconcat (YUBICO_ARC, number, NULL);
  ASN1_OBJECT *object = OBJ_txt2obj (name, 1);
  ASN1_OCTET_STRING *content = ASN1_OCTET_STRING_new ();

  ASN1_OCTET_STRING_set (content, value, (int)length);
  X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ (NULL, object, 0, content);
  X509_add_ext (certificate, extension, -1);
  X509_EXTENSION_free (extension);
  ASN1_OCTET_STRING_free (content);
  ASN1_OBJECT_free (object);
}

static GBytes *
signed_by (Certificate *certificate, EVP_PKEY *key)
{
  guint8 *der = NULL;

  X509_sign (certificate, key, EVP_sha256 ());
  int length = i2d_X509 (certificate, &der);
  GBytes *bytes = g_bytes_new (der, (gsize)length);
  OPENSSL_free (der);
  return bytes;
}

char *
card_attestation_root (void)
{
  g_autoptr (EVP_PKEY) key = root_key ();
  g_autoptr (Certificate) certificate = certificate_new (ROOT_NAME, ROOT_NAME, 1, key);

  be_authority (certificate, "critical,CA:TRUE");
  g_autoptr (GBytes) der = signed_by (certificate, key);
  return pem_encode ("CERTIFICATE", g_bytes_get_data (der, NULL), g_bytes_get_size (der));
}

static EVP_PKEY *
attestation_key (SimulatedCard *card)
{
  EVP_PKEY *key = device_key (card->device, ATTESTATION_KEY);

  if (key != NULL)
    return key;
  key = chip_make_key (KEY_KIND_P256);
  g_autofree char *pem = chip_private_pem (key);
  device_put_text (card->device, ATTESTATION_KEY, pem);
  return key;
}

static char *
authority_name (SimulatedCard *card)
{
  return g_strdup_printf ("Simulated PIV attestation of token %u", card->number);
}

static GBytes *
make_authority (SimulatedCard *card)
{
  g_autofree char *name = authority_name (card);
  g_autoptr (EVP_PKEY) own = attestation_key (card);
  g_autoptr (EVP_PKEY) root = root_key ();
  g_autoptr (Certificate) certificate = certificate_new (name, ROOT_NAME, card->number, own);

  be_authority (certificate, "critical,CA:TRUE,pathlen:0");
  add_yubico (certificate, "3", card_firmware, sizeof card_firmware);
  return signed_by (certificate, root);
}

GBytes *
card_attestation_object (SimulatedCard *card)
{
  GBytes *stored = device_get (card->device, ATTESTATION_OBJECT);

  if (stored != NULL)
    return stored;
  g_autoptr (GBytes) authority = make_authority (card);
  g_autoptr (GByteArray) object = g_byte_array_new ();
  der_put (object, 0x70, g_bytes_get_data (authority, NULL), g_bytes_get_size (authority));
  der_put (object, 0x71, "", 1);
  der_put (object, 0xfe, NULL, 0);
  der_wrap (object, 0, 0x53);
  device_put (card->device, ATTESTATION_OBJECT, object->data, object->len);
  return g_byte_array_free_to_bytes (g_steal_pointer (&object));
}

static void
add_serial (SimulatedCard *card, Certificate *certificate)
{
  ASN1_INTEGER *number = ASN1_INTEGER_new ();
  guint8 *der = NULL;

  ASN1_INTEGER_set_uint64 (number, card->number);
  int length = i2d_ASN1_INTEGER (number, &der);
  add_yubico (certificate, "7", der, (gsize)length);
  OPENSSL_free (der);
  ASN1_INTEGER_free (number);
}

guint16
card_attest (SimulatedCard *card, const CardCommand *command)
{
  static const guint8 keychain = 1; /* the form factor */
  g_autofree char *item = card_key_item (command->p1);
  g_autofree char *subject = g_strdup_printf ("YubiKey PIV Attestation %02x", command->p1);
  g_autofree char *issuer = authority_name (card);
  g_autoptr (EVP_PKEY) key = device_key (card->device, item);
  g_autoptr (EVP_PKEY) own = attestation_key (card);
  guint8 policies[2];

  if (!card->is_yubico)
    return PIV_STATUS_NO_INSTRUCTION;
  if (key == NULL)
    return PIV_STATUS_NO_REFERENCE;
  card_policies (card, command->p1, policies);
  g_autoptr (Certificate) certificate = certificate_new (subject, issuer, g_random_int (), key);
  add_yubico (certificate, "3", card_firmware, sizeof card_firmware);
  add_serial (card, certificate);
  add_yubico (certificate, "8", policies, sizeof policies);
  add_yubico (certificate, "9", &keychain, 1);
  g_autoptr (GBytes) der = signed_by (certificate, own);
  g_byte_array_append (card->answer, g_bytes_get_data (der, NULL), (guint)g_bytes_get_size (der));
  return PIV_STATUS_DONE;
}
