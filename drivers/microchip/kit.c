/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See kit.h.
 */
#include "drivers/microchip/kit.h"

#include <string.h>

#include "base/text.h"

#define LINE_MAX_LENGTH (16u * 1024)
#define OTHER_LINES_MAX 16u
#define PLACES 8u
#define PADDING 0x04 /* the zero-touch kit's; other kits pad with NUL */

/* Text, and what reports are filled up with. */
static gboolean
is_possible (guint8 byte)
{
  return g_ascii_isprint ((char)byte) || byte == '\n' || byte == '\r' || byte == 0
         || byte == PADDING;
}

/* How many bytes there are up to and with the line end; 0 where it has not come. */
static gsize
line_length (const GByteArray *bytes)
{
  const guint8 *end = memchr (bytes->data, '\n', bytes->len);

  return end == NULL ? 0 : (gsize)(end - bytes->data) + 1;
}

static gboolean
check_bytes (const GByteArray *bytes, gsize from, GError **error)
{
  for (gsize i = from; i < bytes->len; i++)
    if (!is_possible (bytes->data[i])) {
      g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED,
                   "byte %02x is in no line of a kit: does the port run at another baud rate?",
                   bytes->data[i]);
      return FALSE;
    }
  if (bytes->len <= LINE_MAX_LENGTH)
    return TRUE;
  g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_FLOOD, "a line without an end");
  return FALSE;
}

/* The next line without line end and padding; may be empty. */
static char *
read_line (Transport *transport, Deadline deadline, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  gsize length;

  do {
    gsize before = bytes->len;

    if (!transport_read_some (transport, bytes, deadline, error)
        || !check_bytes (bytes, before, error))
      return NULL;
    length = line_length (bytes);
  } while (length == 0);
  transport_unread (transport, bytes->data + length, bytes->len - length);
  GString *line = g_string_new (NULL);
  for (gsize i = 0; i < length; i++)
    if (g_ascii_isprint ((char)bytes->data[i]))
      g_string_append_c (line, (char)bytes->data[i]);
  return g_string_free (line, FALSE);
}

static gboolean
set_garbled (const char *question, const char *line, GError **error)
{
  g_autofree char *asked = text_for_display (question, 40);
  g_autofree char *shown = text_for_display (line, 80);

  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED, "the kit answers %s with %s", asked,
               shown);
  return FALSE;
}

gboolean
kit_ask (Transport *transport, const char *question, guint8 *status, GBytes **payload,
         Deadline deadline, GError **error)
{
  g_autofree char *line = NULL;

  if (!transport_write_text (transport, question, deadline, error))
    return FALSE;
  for (guint i = 0; i < OTHER_LINES_MAX; i++) {
    g_free (line);
    line = read_line (transport, deadline, error);
    if (line == NULL)
      return FALSE;
    if (kit_answer_read (line, status, payload))
      return TRUE;
  }
  return set_garbled (question, line, error);
}

/* The answer to board:device(): FALSE with error, or TRUE with `*found` FALSE where lines came that
 * are none. */
static gboolean
ask_device (Transport *transport, guint place, gboolean *is_kit, gboolean *found, KitDevice *device,
            Deadline deadline, GError **error)
{
  g_autofree char *question = g_strdup_printf ("board:device(%02X)\n", place);

  *found = FALSE;
  if (!transport_write_text (transport, question, deadline, error))
    return FALSE;
  for (guint i = 0; i < OTHER_LINES_MAX; i++) {
    g_autofree char *line = read_line (transport, deadline, error);
    g_autoptr (GBytes) payload = NULL;
    guint8 status;

    if (line == NULL)
      return FALSE;
    *found = kit_device_read (line, device);
    *is_kit = *is_kit || *found || kit_answer_read (line, &status, &payload);
    if (*found || payload != NULL)
      return TRUE;
  }
  return TRUE;
}

/* A command that a station before has half typed takes the first question in. */
gboolean
kit_begin (Transport *transport, gboolean *is_kit, KitDevice *device, Deadline deadline,
           GError **error)
{
  gboolean found = FALSE;

  *is_kit = FALSE;
  *device = (KitDevice){ .kind = KIT_DEVICE_NONE };
  transport_discard_input (transport);
  for (guint tries = 0; tries < 2 && !found; tries++) {
    if (!ask_device (transport, 0, is_kit, &found, device, deadline, error))
      return FALSE;
    if (!*is_kit)
      return TRUE;
  }
  return TRUE;
}

static gboolean
select_address (Transport *transport, guint8 address, Deadline deadline, GError **error)
{
  g_autofree char *question = g_strdup_printf ("E:physical:select(%02X)\n", address);
  g_autoptr (GBytes) payload = NULL;
  guint8 status;

  if (!kit_ask (transport, question, &status, &payload, deadline, error))
    return FALSE;
  if (status == CHIP_OK)
    return TRUE;
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_REFUSED,
               "the kit does not select the chip at %02X (status %02X)", address, status);
  return FALSE;
}

gboolean
kit_select_chip (Transport *transport, KitDevice *device, Deadline deadline, GError **error)
{
  gboolean is_kit, found = TRUE;

  for (guint place = 1; place < PLACES && found && device->kind == KIT_DEVICE_OTHER; place++)
    if (!ask_device (transport, place, &is_kit, &found, device, deadline, error))
      return FALSE;
  if (device->kind == KIT_DEVICE_ECC)
    return select_address (transport, device->address, deadline, error);
  g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_IDENTITY,
                       "the kit finds no ECC chip on its board: is it seated, and is the board's "
                       "switch set for it?");
  return FALSE;
}
