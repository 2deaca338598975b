/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The session's state and the device's capabilities.
 */
#include "drivers/smp/session.h"

#define GROUP_VERSION 1u
#define BODY_OVERHEAD 100u /* header, CRC and everything of an install but the data */
#define CHUNK_MIN 32u

gboolean
smp_session_open (Session *session, Deadline deadline, GError **error)
{
  session->state = g_new0 (SmpState, 1);
  return TRUE;
}

void
smp_session_close (Session *session)
{
  SmpState *state = session->state;

  g_strfreev (state->objects);
  g_free (state);
}

cbor_item_t *
smp_ask (Session *session, SmpOperation operation, SmpProvisionCommand command,
         const cbor_item_t *body, Deadline deadline, GError **error)
{
  SmpState *state = session->state;

  return smp_exchange (session->transport, &state->sequence, operation, command, body, deadline,
                       error);
}

gboolean
smp_set_garbled (const char *what, GError **error)
{
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED, "SMP: %s", what);
  return FALSE;
}

/* The words of the array `key`, without what is not text; NULL where it is no array. */
static char **
get_words (const cbor_item_t *map, const char *key)
{
  const cbor_item_t *array = smp_map_get (map, key);
  GStrvBuilder *words;
  char **list;

  if (array == NULL || !cbor_isa_array (array))
    return NULL;
  words = g_strv_builder_new ();
  for (gsize i = 0; i < cbor_array_size (array); i++) {
    g_autofree char *word = smp_item_text (cbor_array_handle (array)[i]);

    if (word != NULL)
      g_strv_builder_add (words, word);
  }
  list = g_strv_builder_end (words);
  g_strv_builder_unref (words);
  return list;
}

static guint
key_kinds_from_words (char **words)
{
  guint kinds = 0;
  KeyKind kind;

  for (guint i = 0; words[i] != NULL; i++)
    if (key_kind_from_word (words[i], &kind))
      kinds |= 1u << kind;
  return kinds;
}

static gboolean
check_version (const cbor_item_t *answer, GError **error)
{
  guint64 version;

  if (!smp_map_get_unsigned (answer, "ver", &version))
    return smp_set_garbled ("the capabilities lack their version", error);
  if (version == GROUP_VERSION)
    return TRUE;
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
               "the device speaks version %" G_GUINT64_FORMAT
               " of the provisioning group, this driver version %u",
               version, GROUP_VERSION);
  return FALSE;
}

static gboolean
take_capabilities (SmpState *state, const cbor_item_t *answer, GError **error)
{
  g_auto (GStrv) kinds = get_words (answer, "keys");
  g_auto (GStrv) objects = get_words (answer, "what");
  guint64 packet;

  if (!check_version (answer, error))
    return FALSE;
  if (kinds == NULL || objects == NULL || !smp_map_get_unsigned (answer, "buf", &packet)
      || packet < BODY_OVERHEAD + CHUNK_MIN)
    return smp_set_garbled ("the capabilities lack keys, objects or a usable packet size", error);
  state->chunk = (guint)MIN (packet, SMP_PACKET_MAX) - BODY_OVERHEAD;
  state->key_kinds = key_kinds_from_words (kinds);
  smp_map_get_bool (answer, "lock", &state->locks);
  g_strfreev (state->objects);
  state->objects = g_steal_pointer (&objects);
  state->known = TRUE;
  return TRUE;
}

/* Asks once a session. */
gboolean
smp_know_capabilities (Session *session, Deadline deadline, GError **error)
{
  SmpState *state = session->state;
  g_autoptr (cbor_item_t) body = smp_map_new (0);
  g_autoptr (cbor_item_t) answer = NULL;

  if (state->known)
    return TRUE;
  answer = smp_ask (session, SMP_READ, SMP_PROVISION_CAPABILITIES, body, deadline, error);
  return answer != NULL && take_capabilities (state, answer, error);
}

gboolean
smp_keeps_object (Session *session, const char *object)
{
  SmpState *state = session->state;

  return g_strv_contains ((const char *const *)state->objects, object);
}
