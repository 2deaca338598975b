/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a simulated PIV card does with keys: its PIN with three tries, its management key (the one
 * that cards come with), the making of keys, and signatures.
 */
#include <openssl/core_names.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base/der-write.h"
#include "drivers/piv/management-key.h"
#include "drivers/piv/simulator-card.h"

#define PIN "123456"
#define PIN_REFERENCE 0x80
#define MANAGEMENT_REFERENCE 0x9b
#define POLICY_NEVER 1
#define POLICY_ONCE 2
#define POLICY_ALWAYS 3

typedef EVP_PKEY_CTX KeyContext;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KeyContext, EVP_PKEY_CTX_free)

char *
card_key_item (guint8 slot)
{
  return g_strdup_printf ("key.%02x", slot);
}

static gboolean
is_key_slot (guint8 slot)
{
  return slot == 0x9a || slot == 0x9c || slot == 0x9d || slot == 0x9e
         || (slot >= 0x82 && slot <= 0x95);
}

/* ---- PIN ---- */

static guint
tries_left (SimulatedCard *card)
{
  g_autofree char *text = device_get_text (card->device, "pin-tries");

  return text != NULL ? (guint)g_ascii_strtoull (text, NULL, 10) : CARD_PIN_TRIES;
}

static void
keep_tries (SimulatedCard *card, guint left)
{
  g_autofree char *text = g_strdup_printf ("%u", left);

  device_put_text (card->device, "pin-tries", text);
}

static guint16
wrong_pin_status (guint left)
{
  return left == 0 ? PIV_STATUS_BLOCKED : (guint16)(0x63c0 | left);
}

guint16
card_verify (SimulatedCard *card, const CardCommand *command)
{
  static const guint8 right[8] = { '1', '2', '3', '4', '5', '6', 0xff, 0xff };
  const guint left = tries_left (card);

  if (command->p2 != PIN_REFERENCE)
    return PIV_STATUS_NO_REFERENCE;
  if (command->data.length == 0)
    return card->verified ? PIV_STATUS_DONE : wrong_pin_status (left);
  if (left == 0)
    return PIV_STATUS_BLOCKED;
  card->verified =
      command->data.length == sizeof right && memcmp (command->data.data, right, sizeof right) == 0;
  keep_tries (card, card->verified ? CARD_PIN_TRIES : left - 1);
  return card->verified ? PIV_STATUS_DONE : wrong_pin_status (left - 1);
}

/* 9c wants the PIN for each signature, 9e never; a token may be told otherwise. */
void
card_policies (SimulatedCard *card, guint8 slot, guint8 policies[2])
{
  g_autofree char *key = card_key_item (slot);
  g_autofree char *item = g_strconcat (key, ".policies", NULL);
  g_autoptr (GBytes) stored = device_get (card->device, item);

  policies[0] = slot == 0x9c ? POLICY_ALWAYS : slot == 0x9e ? POLICY_NEVER : POLICY_ONCE;
  policies[1] = POLICY_NEVER;
  if (stored == NULL || g_bytes_get_size (stored) != 2)
    return;
  const guint8 *chosen = g_bytes_get_data (stored, NULL);
  for (guint i = 0; i < 2; i++)
    if (chosen[i] != 0)
      policies[i] = chosen[i];
}

/* ---- the management key ---- */

static void
management_key (SimulatedCard *card, ManagementKey *key)
{
  management_key_read (NULL, key);
  if (card->is_yubico) /* as from firmware 5.7 on */
    key->algorithm = PIV_AES_192;
}

/* The card's word for what it wants to have in the clear. */
static guint16
give_witness (SimulatedCard *card, const ManagementKey *key)
{
  guint8 enciphered[MANAGEMENT_BLOCK_MAX];

  RAND_bytes (card->witness, sizeof card->witness);
  card->witness_given = TRUE;
  management_encrypt (key, card->witness, enciphered);
  der_put (card->answer, 0x80, enciphered, management_block_length (key));
  der_wrap (card->answer, 0, 0x7c);
  return PIV_STATUS_DONE;
}

static guint16
take_witness (SimulatedCard *card, const ManagementKey *key, PivValue witness, PivValue challenge)
{
  const gsize length = management_block_length (key);
  guint8 response[MANAGEMENT_BLOCK_MAX];
  const gboolean right = card->witness_given && witness.length == length
                         && challenge.length == length
                         && memcmp (witness.data, card->witness, length) == 0;

  card->witness_given = FALSE;
  if (!right)
    return PIV_STATUS_SECURITY;
  card->managed = TRUE;
  management_encrypt (key, challenge.data, response);
  der_put (card->answer, 0x82, response, length);
  der_wrap (card->answer, 0, 0x7c);
  return PIV_STATUS_DONE;
}

static guint16
authenticate_management (SimulatedCard *card, guint8 algorithm, PivValue template)
{
  ManagementKey key;
  PivValue witness;
  PivValue challenge;

  management_key (card, &key);
  if (algorithm != (guint8)key.algorithm)
    return PIV_STATUS_BAD_PARAMETER;
  if (!piv_find (template, 0x80, &witness))
    return PIV_STATUS_BAD_DATA;
  if (witness.length == 0)
    return give_witness (card, &key);
  return piv_find (template, 0x81, &challenge) ? take_witness (card, &key, witness, challenge)
                                               : PIV_STATUS_BAD_DATA;
}

/* ---- keys ---- */

static gboolean
kind_of (guint8 algorithm, KeyKind *kind)
{
  PivAlgorithm known;

  for (*kind = 0; *kind < N_KEY_KINDS; (*kind)++)
    if (piv_algorithm_of (*kind, &known) && (guint8)known == algorithm)
      return TRUE;
  return FALSE;
}

static guint8
algorithm_of (EVP_PKEY *key)
{
  const int bits = EVP_PKEY_get_bits (key);

  if (EVP_PKEY_is_a (key, "EC"))
    return bits == 256 ? PIV_P256 : PIV_P384;
  return bits == 1024   ? PIV_RSA_1024
         : bits == 2048 ? PIV_RSA_2048
         : bits == 3072 ? PIV_RSA_3072
                        : PIV_RSA_4096;
}

static void
put_number (GByteArray *out, guint8 tag, EVP_PKEY *key, const char *name)
{
  BIGNUM *number = NULL;
  guint8 bytes[512];

  EVP_PKEY_get_bn_param (key, name, &number);
  int length = BN_bn2bin (number, bytes);
  der_put (out, tag, bytes, (gsize)length);
  BN_free (number);
}

/* 81 modulus, 82 exponent; 86 point. */
static void
put_public_key (GByteArray *out, EVP_PKEY *key)
{
  guint8 point[160];
  size_t length;

  if (EVP_PKEY_is_a (key, "RSA")) {
    put_number (out, 0x81, key, OSSL_PKEY_PARAM_RSA_N);
    put_number (out, 0x82, key, OSSL_PKEY_PARAM_RSA_E);
    return;
  }
  EVP_PKEY_get_octet_string_param (key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &length);
  der_put (out, 0x86, point, length);
}

static void
keep_policies (SimulatedCard *card, guint8 slot, PivValue control)
{
  g_autofree char *key = card_key_item (slot);
  g_autofree char *item = g_strconcat (key, ".policies", NULL);
  guint8 policies[2] = { 0 };
  PivValue value;

  if (piv_find (control, 0xaa, &value) && value.length == 1)
    policies[0] = value.data[0];
  if (piv_find (control, 0xab, &value) && value.length == 1)
    policies[1] = value.data[0];
  device_put (card->device, item, policies, sizeof policies);
}

/* A leak where a fault says so: the private key instead of the public one. */
static gboolean
leak (SimulatedCard *card, EVP_PKEY *key)
{
  g_autofree char *pem = device_leak (card->device, key);
  g_autoptr (GBytes) der =
      device_fault (card->device, FAULT_LEAK_DER) ? chip_private_der (key) : NULL;

  if (pem != NULL)
    g_byte_array_append (card->answer, (const guint8 *)pem, (guint)strlen (pem));
  else if (der != NULL)
    g_byte_array_append (card->answer, g_bytes_get_data (der, NULL), (guint)g_bytes_get_size (der));
  return pem != NULL || der != NULL;
}

guint16
card_generate (SimulatedCard *card, const CardCommand *command)
{
  g_autofree char *item = card_key_item (command->p2);
  PivValue control;
  PivValue algorithm;
  KeyKind kind;

  if (!card->managed)
    return PIV_STATUS_SECURITY;
  if (!is_key_slot (command->p2))
    return PIV_STATUS_BAD_PARAMETER;
  if (!piv_find (command->data, 0xac, &control) || !piv_find (control, 0x80, &algorithm)
      || algorithm.length != 1 || !kind_of (algorithm.data[0], &kind))
    return PIV_STATUS_BAD_DATA;
  /* PIV knows no weak curve: such a card makes RSA keys that are too small. */
  if (device_fault (card->device, FAULT_WEAK_KEY))
    kind = KEY_KIND_RSA_2048;
  if (!device_make_key (card->device, kind, item))
    return 0x6f00;
  device_put (card->device, "proved", NULL, 0);
  keep_policies (card, command->p2, control);
  g_autoptr (EVP_PKEY) key = device_key (card->device, item);
  if (leak (card, key))
    return PIV_STATUS_DONE;
  put_public_key (card->answer, key);
  der_wrap (card->answer, 0, 0x49);
  g_byte_array_prepend (card->answer, (const guint8 *)"\x7f", 1);
  return PIV_STATUS_DONE;
}

/* ---- signatures ---- */

/* The first signature after a new key is its request's; each later one is a proof. */
static EVP_PKEY *
signing_key (SimulatedCard *card, guint8 slot, gboolean *is_request)
{
  g_autofree char *item = card_key_item (slot);
  g_autoptr (GBytes) before = device_get (card->device, "proved");

  *is_request = before == NULL;
  return *is_request ? device_key (card->device, item) : device_proof_key (card->device, item);
}

static gboolean
may_sign (SimulatedCard *card, guint8 slot)
{
  guint8 policies[2];

  card_policies (card, slot, policies);
  const gboolean may = policies[0] == POLICY_NEVER || card->verified;
  if (policies[0] == POLICY_ALWAYS)
    card->verified = FALSE;
  return may;
}

static guint16
sign_with (SimulatedCard *card, EVP_PKEY *key, const guint8 *block, gsize length)
{
  g_autoptr (KeyContext) context = EVP_PKEY_CTX_new (key, NULL);
  guint8 signature[512];
  size_t size = sizeof signature;

  EVP_PKEY_sign_init (context);
  if (EVP_PKEY_is_a (key, "RSA"))
    EVP_PKEY_CTX_set_rsa_padding (context, RSA_NO_PADDING);
  if (EVP_PKEY_sign (context, signature, &size, block, length) != 1)
    return PIV_STATUS_BAD_DATA;
  der_put (card->answer, 0x82, signature, size);
  der_wrap (card->answer, 0, 0x7c);
  return PIV_STATUS_DONE;
}

static guint16
sign (SimulatedCard *card, const CardCommand *command, PivValue template)
{
  PivValue challenge;
  gboolean is_request;
  g_autoptr (EVP_PKEY) key = signing_key (card, command->p2, &is_request);

  if (key == NULL)
    return PIV_STATUS_NO_REFERENCE;
  if (command->p1 != algorithm_of (key))
    return PIV_STATUS_BAD_PARAMETER;
  if (!piv_find (template, 0x81, &challenge) || challenge.length == 0 || challenge.length > 512)
    return PIV_STATUS_BAD_DATA;
  if (!may_sign (card, command->p2))
    return PIV_STATUS_SECURITY;
  device_put_text (card->device, "proved", "yes");
  g_autofree guint8 *block = g_memdup2 (challenge.data, challenge.length);
  if (is_request && device_fault (card->device, FAULT_BAD_SIGNATURE))
    block[challenge.length - 1] ^= 1;
  return sign_with (card, key, block, challenge.length);
}

guint16
card_authenticate (SimulatedCard *card, const CardCommand *command)
{
  PivValue template;

  if (!piv_find (command->data, 0x7c, &template))
    return PIV_STATUS_BAD_DATA;
  if (command->p2 == MANAGEMENT_REFERENCE)
    return authenticate_management (card, command->p1, template);
  return is_key_slot (command->p2) ? sign (card, command, template) : PIV_STATUS_BAD_PARAMETER;
}

/* ---- metadata ---- */

static guint16
key_metadata (SimulatedCard *card, guint8 slot)
{
  g_autofree char *item = card_key_item (slot);
  g_autoptr (EVP_PKEY) key = device_key (card->device, item);
  g_autoptr (GByteArray) public_key = g_byte_array_new ();
  static const guint8 generated = 1;
  guint8 policies[2];

  if (key == NULL)
    return PIV_STATUS_NO_REFERENCE;
  const guint8 algorithm = algorithm_of (key);
  card_policies (card, slot, policies);
  put_public_key (public_key, key);
  der_put (card->answer, 0x01, &algorithm, 1);
  der_put (card->answer, 0x02, policies, sizeof policies);
  der_put (card->answer, 0x03, &generated, 1);
  der_put (card->answer, 0x04, public_key->data, public_key->len);
  return PIV_STATUS_DONE;
}

static guint16
pin_metadata (SimulatedCard *card)
{
  const guint8 tries[] = { CARD_PIN_TRIES, (guint8)tries_left (card) };

  der_put (card->answer, 0x01, "\xff", 1);
  der_put (card->answer, 0x05, "\x01", 1);
  der_put (card->answer, 0x06, tries, sizeof tries);
  return PIV_STATUS_DONE;
}

static guint16
management_metadata (SimulatedCard *card)
{
  ManagementKey key;

  management_key (card, &key);
  const guint8 algorithm = (guint8)key.algorithm;
  der_put (card->answer, 0x01, &algorithm, 1);
  der_put (card->answer, 0x02, "\x00\x01", 2);
  der_put (card->answer, 0x05, "\x01", 1);
  return PIV_STATUS_DONE;
}

guint16
card_metadata (SimulatedCard *card, const CardCommand *command)
{
  if (!card->is_yubico)
    return PIV_STATUS_NO_INSTRUCTION;
  if (command->p2 == PIN_REFERENCE)
    return pin_metadata (card);
  if (command->p2 == MANAGEMENT_REFERENCE)
    return management_metadata (card);
  return is_key_slot (command->p2) ? key_metadata (card, command->p2) : PIV_STATUS_NO_REFERENCE;
}
