/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Text is checked when it comes, not when its line ends.
 */
#include "drivers/console.h"

#include <string.h>

#include "drivers/driver.h"

/* How many bytes at the front of `data` are text for sure. A NUL is what a line picks up when
 * a device is switched on, and does not count against it. */
static gsize
text_length (const guint8 *data, gsize length)
{
  const char *text = (const char *)data;
  const char *end = text;

  while (!g_utf8_validate_len (end, length - (gsize)(end - text), &end) && *end == '\0')
    end++;
  return (gsize)(end - text);
}

/* TRUE where `data` is the start of a character whose other bytes have not come yet. */
static gboolean
is_cut_off_character (const guint8 *data, gsize length)
{
  return length < 4
         && g_utf8_get_char_validated ((const char *)data, (gssize)length) == (gunichar)-2;
}

gboolean
console_read_some (Transport *transport, GByteArray *into, Deadline deadline, GError **error)
{
  guint before = into->len;

  if (!transport_read_some (transport, into, deadline, error))
    return FALSE;
  /* A character may have begun up to three bytes before what came now. */
  guint from = before - MIN (before, 3);
  while (from < before && (into->data[from] & 0xc0) == 0x80)
    from++;
  gsize length = into->len - from;
  gsize sound = text_length (into->data + from, length);
  if (sound < length && !is_cut_off_character (into->data + from + sound, length - sound)) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED,
                         "the device sends bytes that are no text");
    return FALSE;
  }
  if (into->len <= TRANSPORT_ANSWER_MAX)
    return TRUE;
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_FLOOD,
               "the device sent more than %u bytes without an end", TRANSPORT_ANSWER_MAX);
  return FALSE;
}

char *
console_read_line (Transport *transport, Deadline deadline, GError **error)
{
  g_autoptr (GByteArray) input = g_byte_array_new ();
  const guint8 *end = NULL;

  while (end == NULL) {
    guint searched = input->len;

    if (!console_read_some (transport, input, deadline, error))
      return NULL;
    end = memchr (input->data + searched, '\n', input->len - searched);
  }
  gsize length = (gsize)(end - input->data);
  transport_unread (transport, end + 1, input->len - length - 1);
  if (length > 0 && input->data[length - 1] == '\r')
    length--;
  for (gsize i = 0; i < length; i++)
    if (input->data[i] == '\0')
      input->data[i] = '?';
  return g_strndup ((const char *)input->data, length);
}
