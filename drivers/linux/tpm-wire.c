/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Big-endian numbers and counted bytes.
 */
#include "drivers/linux/tpm-wire.h"

#define SESSIONS 0x8002u
#define CERTIFY 0x00000148u
#define PASSWORD 0x40000009u
#define NO_SCHEME 0x0010u
#define HEADER 10u

/* tpm2-tools, lib/files: MAGIC and version of its files. */
#define TOOLS_MAGIC 0xbadcc0deu
#define TOOLS_VERSION 1u

static void
put (GByteArray *into, guint32 value, guint bytes)
{
  while (bytes-- > 0) {
    const guint8 byte = (guint8)(value >> (8 * bytes));

    g_byte_array_append (into, &byte, 1);
  }
}

/* An empty password, once for each object. */
static void
put_password (GByteArray *into)
{
  put (into, PASSWORD, 4);
  put (into, 0, 2); /* nonce */
  put (into, 0, 1); /* attributes */
  put (into, 0, 2); /* the password */
}

GBytes *
tpm_certify_command (guint32 key, guint32 signer, const guint8 *nonce, gsize length)
{
  g_autoptr (GByteArray) command = g_byte_array_new ();

  g_return_val_if_fail (length <= 64, NULL);
  put (command, SESSIONS, 2);
  put (command, (guint32)(HEADER + 8 + 4 + 18 + 2 + length + 2), 4);
  put (command, CERTIFY, 4);
  put (command, key, 4);
  put (command, signer, 4);
  put (command, 18, 4);
  put_password (command);
  put_password (command);
  put (command, (guint32)length, 2);
  g_byte_array_append (command, nonce, (guint)length);
  put (command, NO_SCHEME, 2);
  return g_byte_array_free_to_bytes (g_steal_pointer (&command));
}

static guint32
number_at (const guint8 *data, guint bytes)
{
  guint32 value = 0;

  while (bytes-- > 0)
    value = value << 8 | *data++;
  return value;
}

gboolean
tpm_certify_response (GBytes *response, GBytes **attest, GBytes **signature)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (response, &length);

  if (length < HEADER + 4 + 2 || number_at (data, 2) != SESSIONS
      || number_at (data + 2, 4) != length || number_at (data + 6, 4) != 0)
    return FALSE;
  const gsize parameters = number_at (data + HEADER, 4);
  const gsize from = HEADER + 4;
  if (parameters < 2 || parameters > length - from)
    return FALSE;
  const gsize attested = number_at (data + from, 2);
  if (attested == 0 || attested + 2 >= parameters)
    return FALSE;
  *attest = g_bytes_new_from_bytes (response, from + 2, attested);
  *signature = g_bytes_new_from_bytes (response, from + 2 + attested, parameters - 2 - attested);
  return TRUE;
}

GBytes *
tpm_public_area (GBytes *file)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (file, &length);

  if (length < 3 || number_at (data, 2) != length - 2)
    return NULL;
  return g_bytes_new_from_bytes (file, 2, length - 2);
}

GBytes *
tpm_credential_file (GBytes *credential)
{
  g_autoptr (GByteArray) file = g_byte_array_new ();
  gsize length;
  const guint8 *data = g_bytes_get_data (credential, &length);

  put (file, TOOLS_MAGIC, 4);
  put (file, TOOLS_VERSION, 4);
  g_byte_array_append (file, data, (guint)length);
  return g_byte_array_free_to_bytes (g_steal_pointer (&file));
}
