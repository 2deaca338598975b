/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See management.h.
 */
#include "drivers/piv/management.h"

#include <string.h>
#include <sys/random.h>

#include "base/der-write.h"
#include "base/encode.h"
#include "drivers/piv/dialogue.h"
#include "drivers/piv/management-key.h"

#define REFERENCE 0x9b
#define METADATA_ALGORITHM 0x01
#define TAG_TEMPLATE 0x7c
#define TAG_WITNESS 0x80
#define TAG_CHALLENGE 0x81
#define TAG_RESPONSE 0x82

/* Made for each authentication; a recording keeps it, so that it can be replayed. */
#define CHALLENGE_NOTE "management-challenge"

/* The algorithm of the card's key: what the option says, what the card says, or what the key's
 * length suggests. */
static gboolean
choose_algorithm (Transport *transport, const char *word, ManagementKey *key, Deadline deadline,
                  GError **error)
{
  g_auto (PivAnswer) metadata = { 0 };
  g_autoptr (GError) trouble = NULL;
  PivAlgorithm algorithm = key->algorithm;
  PivValue value;

  if (management_algorithm_read (word, &algorithm))
    ;
  else if (piv_get_metadata (transport, REFERENCE, METADATA_ALGORITHM, &metadata, &value, deadline,
                             &trouble)
           && value.length == 1)
    algorithm = (PivAlgorithm)value.data[0];
  if (trouble != NULL) {
    g_propagate_error (error, g_steal_pointer (&trouble));
    return FALSE;
  }
  if (!management_key_suits (key, algorithm)) {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_REFUSED,
                 "the card's management key is of another length or algorithm (%02x) than "
                 "ManagementKey; it was not tried",
                 algorithm);
    return FALSE;
  }
  key->algorithm = algorithm;
  return TRUE;
}

static gboolean
authenticate_step (Transport *transport, const ManagementKey *key, GByteArray *content, guint tag,
                   guint8 *block, Deadline deadline, GError **error)
{
  g_auto (PivAnswer) answer = { 0 };
  PivValue template;
  PivValue value;

  der_wrap (content, 0, TAG_TEMPLATE);
  const PivCommand command = { .instruction = PIV_AUTHENTICATE,
                               .p1 = (guint8)key->algorithm,
                               .p2 = REFERENCE,
                               .data = content->data,
                               .length = content->len,
                               .wants_answer = TRUE };
  if (!piv_run (transport, &command, DRIVER_ERROR_REFUSED,
                "the card does not accept the management key", &answer, deadline, error))
    return FALSE;
  if (!piv_find (piv_answer_value (&answer), TAG_TEMPLATE, &template)
      || !piv_find (template, tag, &value) || value.length != management_block_length (key))
  {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED,
                         "the card's part in the management key's dialogue can't be read");
    return FALSE;
  }
  memcpy (block, value.data, value.length);
  return TRUE;
}

/* Fresh, or a recording's where one is replayed. */
static gboolean
make_challenge (Transport *transport, guint8 *challenge, gsize length, GError **error)
{
  const char *recorded = transport_replay_note (transport, CHALLENGE_NOTE);
  g_autoptr (GBytes) bytes = recorded != NULL ? hex_decode (recorded) : NULL;

  if (bytes != NULL && g_bytes_get_size (bytes) == length) {
    memcpy (challenge, g_bytes_get_data (bytes, NULL), length);
    return TRUE;
  }
  if (getrandom (challenge, length, 0) != (gssize)length) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_INTERNAL, "no random bytes to be had");
    return FALSE;
  }
  g_autofree char *hex = hex_encode (challenge, length);
  transport_note (transport, CHALLENGE_NOTE, hex);
  return TRUE;
}

/* The card sends a block of its own enciphered and wants it in the clear; we send one in the clear
 * and want it enciphered. */
static gboolean
authenticate (Transport *transport, const ManagementKey *key, Deadline deadline, GError **error)
{
  const gsize length = management_block_length (key);
  guint8 witness[MANAGEMENT_BLOCK_MAX];
  guint8 challenge[MANAGEMENT_BLOCK_MAX];
  guint8 expected[MANAGEMENT_BLOCK_MAX];
  guint8 response[MANAGEMENT_BLOCK_MAX];
  g_autoptr (GByteArray) first = g_byte_array_new ();
  g_autoptr (GByteArray) second = g_byte_array_new ();

  der_put (first, TAG_WITNESS, NULL, 0);
  if (!make_challenge (transport, challenge, length, error)
      || !authenticate_step (transport, key, first, TAG_WITNESS, response, deadline, error))
    return FALSE;
  management_decrypt (key, response, witness);
  management_encrypt (key, challenge, expected);
  der_put (second, TAG_WITNESS, witness, length);
  der_put (second, TAG_CHALLENGE, challenge, length);
  if (!authenticate_step (transport, key, second, TAG_RESPONSE, response, deadline, error))
    return FALSE;
  if (memcmp (response, expected, length) == 0)
    return TRUE;
  g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_REFUSED,
                       "the card says that it took the management key, but does not have it");
  return FALSE;
}

gboolean
management_authenticate (Transport *transport, const char *hex, const char *algorithm_word,
                         Deadline deadline, GError **error)
{
  ManagementKey key;
  gboolean done;

  if (!management_key_read (hex, &key)) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_REFUSED,
                         "ManagementKey must be 16, 24 or 32 bytes in hex");
    return FALSE;
  }
  if (hex == NULL)
    transport_note (transport, "management-key", "none is configured: the factory's is tried");
  done = choose_algorithm (transport, algorithm_word, &key, deadline, error)
         && authenticate (transport, &key, deadline, error);
  explicit_bzero (&key, sizeof key);
  return done;
}
