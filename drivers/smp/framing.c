/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lines on a console, bare packets on USB.
 */
#include "drivers/smp/framing.h"

#include <string.h>

#include "drivers/console.h"
#include "drivers/transport-usb.h"

#define CONSOLE_LINE_MAX 4096u

/* docs/smp-provisioning-group.md, 7.3: a vendor's request to the interface, without data. */
#define USB_RESET_TYPE 0x41
#define USB_RESET_REQUEST 0x01

/* The next line with its LF. Noise and lines without end are noticed as they come. */
static GByteArray *
read_line (Transport *transport, Deadline deadline, GError **error)
{
  g_autoptr (GByteArray) line = g_byte_array_new ();
  const guint8 *end = NULL;
  guint length;

  while (end == NULL && line->len < CONSOLE_LINE_MAX) {
    guint searched = line->len;

    if (!console_read_some (transport, line, deadline, error))
      return NULL;
    end = memchr (line->data + searched, '\n', line->len - searched);
  }
  length = end == NULL ? G_MAXUINT : (guint)(end - line->data) + 1;
  if (length > CONSOLE_LINE_MAX) {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_FLOOD,
                 "the device sent more than %u bytes without a line's end", CONSOLE_LINE_MAX);
    return NULL;
  }
  transport_unread (transport, line->data + length, line->len - length);
  g_byte_array_set_size (line, length);
  return g_steal_pointer (&line);
}

static const SmpFraming console_framing = {
  .wrap = smp_frames_new,
  .read = read_line,
  .take = smp_assembly_take,
};

static GBytes *
wrap_bare (GBytes *packet)
{
  return g_bytes_ref (packet);
}

/* The next packet. What comes is a stream, so its header says where it ends. */
static GByteArray *
read_bare (Transport *transport, Deadline deadline, GError **error)
{
  g_autoptr (GByteArray) packet =
      transport_read_exactly (transport, SMP_HEADER_LENGTH, deadline, error);
  g_autoptr (GByteArray) body = NULL;
  gsize length;

  if (packet == NULL)
    return NULL;
  length = smp_packet_body_length (packet->data);
  if (length == 0) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED,
                         "SMP: what came does not begin like a packet");
    return NULL;
  }
  body = transport_read_exactly (transport, length, deadline, error);
  if (body == NULL)
    return NULL;
  g_byte_array_append (packet, body->data, body->len);
  return g_steal_pointer (&packet);
}

/* A device that does not know the request has nothing to forget, as far as it says. */
static gboolean
reset_bare (Transport *transport, Deadline deadline, GError **error)
{
  static const UsbRequest request = { .type = USB_RESET_TYPE, .request = USB_RESET_REQUEST };
  g_autoptr (GError) refused = NULL;

  if (!usb_control (transport, &request, NULL, NULL, deadline, &refused)
      && !g_error_matches (refused, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED))
  {
    g_propagate_error (error, g_steal_pointer (&refused));
    return FALSE;
  }
  transport_discard_input (transport);
  return TRUE;
}

static const SmpFraming bare_framing = {
  .wrap = wrap_bare,
  .read = read_bare,
  .take = smp_assembly_take_bare,
  .reset = reset_bare,
};

const SmpFraming *
smp_framing (Transport *transport)
{
  return transport_channel (transport) == CHANNEL_USB ? &bare_framing : &console_framing;
}
