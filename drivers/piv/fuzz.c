/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any bytes as what a card answers: as a stream of frames, and as the content of every answer.
 */
#include <string.h>

#include "drivers/card-frame.h"
#include "drivers/piv/apdu.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static void
expect_inside (PivValue outer, PivValue inner)
{
  if (inner.data < outer.data || inner.length > outer.length
      || inner.data + inner.length > outer.data + outer.length)
    g_abort ();
}

static void
read_as_key (PivValue value)
{
  PivKey key;

  if (!piv_key_parse (value, &key))
    return;
  if (key.info == NULL || g_bytes_get_size (key.info) < 50)
    g_abort ();
  piv_key_clear (&key);
}

static void
read_as_every_answer (PivValue value)
{
  static const guint tags[] = { 0x53, 0x70, 0x7c, 0x80, 0x82, 0x7f49, 0x01 };
  g_autoptr (GBytes) certificate = piv_certificate_parse (value);
  g_autofree char *guid = piv_guid_parse (value);
  PivValue found;

  if (guid != NULL && strlen (guid) != 32)
    g_abort ();
  if (certificate != NULL && g_bytes_get_size (certificate) > value.length)
    g_abort ();
  for (guint i = 0; i < G_N_ELEMENTS (tags); i++)
    if (piv_find (value, tags[i], &found))
      expect_inside (value, found);
  piv_is_selected (value);
  read_as_key (value);
}

static void
read_as_stream (const guint8 *data, gsize size)
{
  g_autoptr (GByteArray) stream = g_byte_array_new ();
  g_autoptr (GByteArray) answer = g_byte_array_new ();
  guint16 status;
  GBytes *apdu;

  g_byte_array_append (stream, data, (guint)size);
  while ((apdu = card_frame_take (stream)) != NULL) {
    gsize length;
    const guint8 *bytes = g_bytes_get_data (apdu, &length);

    if (card_command_length_t0 (bytes, length) > length)
      g_abort ();
    if (piv_answer_split (bytes, length, answer, &status)) {
      g_autofree char *text = piv_status_text (status);

      if (*text == '\0')
        g_abort ();
      read_as_every_answer ((PivValue){ answer->data, answer->len });
    }
    g_bytes_unref (apdu);
  }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  read_as_every_answer ((PivValue){ data, size });
  read_as_stream (data, size);
  return 0;
}
