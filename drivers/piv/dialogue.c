/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See dialogue.h.
 */
#include "drivers/piv/dialogue.h"

#include <string.h>

#include "base/der-write.h"
#include "drivers/card-frame.h"

#define MORE_WAITS 0x6100
#define OTHER_LENGTH 0x6c00

/* More pieces than the longest answer can have. */
#define PIECES_MAX (PIV_DATA_MAX / 64)

void
piv_answer_clear (PivAnswer *answer)
{
  g_clear_pointer (&answer->data, g_byte_array_unref);
}

PivValue
piv_answer_value (const PivAnswer *answer)
{
  return (PivValue){ answer->data->data, answer->data->len };
}

static gboolean
garbled (GError **error, const char *why)
{
  g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED, why);
  return FALSE;
}

static gboolean
read_answer (Transport *transport, PivAnswer *answer, Deadline deadline, GError **error)
{
  g_autoptr (GByteArray) head =
      transport_read_exactly (transport, CARD_FRAME_HEAD, deadline, error);

  if (head == NULL)
    return FALSE;
  gsize length = card_frame_length (head->data);
  g_autoptr (GByteArray) apdu = transport_read_exactly (transport, length, deadline, error);
  if (apdu == NULL)
    return FALSE;
  return piv_answer_split (apdu->data, length, answer->data, &answer->status)
         || garbled (error, "the card's answer has no status word, or never ends");
}

static gboolean
send_apdu (Transport *transport, const GByteArray *apdu, const char *secret, PivAnswer *answer,
           Deadline deadline, GError **error)
{
  g_autoptr (GByteArray) frame = g_byte_array_new ();
  gboolean sent;

  card_frame_put (frame, apdu->data, apdu->len);
  sent = secret != NULL
             ? transport_write_secret (transport, frame->data, frame->len, secret, deadline, error)
             : transport_write (transport, frame->data, frame->len, deadline, error);
  memset (frame->data, 0, frame->len);
  return sent && read_answer (transport, answer, deadline, error);
}

/* The rest of an answer that came in part, and the answer to a question that named the wrong
 * length: such a card says which one is right (ISO/IEC 7816-4, 5.6). */
static gboolean
fetch_rest (Transport *transport, GByteArray *question, PivAnswer *answer, Deadline deadline,
            GError **error)
{
  for (guint piece = 0; piece < PIECES_MAX; piece++) {
    const guint8 length = (guint8)(answer->status & 0xff);
    const guint8 get_response[] = { 0x00, PIV_GET_RESPONSE, 0x00, 0x00, length };

    if ((answer->status & 0xff00) == MORE_WAITS) {
      g_byte_array_set_size (question, 0);
      g_byte_array_append (question, get_response, sizeof get_response);
    }
    else if ((answer->status & 0xff00) == OTHER_LENGTH)
      question->data[question->len - 1] = length;
    else
      return TRUE;
    if (!send_apdu (transport, question, NULL, answer, deadline, error))
      return FALSE;
  }
  return garbled (error, "the card's answer never ends");
}

gboolean
piv_exchange (Transport *transport, const PivCommand *command, const char *secret,
              PivAnswer *answer, Deadline deadline, GError **error)
{
  const guint parts = piv_command_parts (command);
  g_auto (PivAnswer) made = { .data = g_byte_array_new () };

  for (guint part = 0; part < parts; part++) {
    g_autoptr (GByteArray) apdu = piv_command_part (command, part);

    gboolean last = part + 1 == parts;

    if (!send_apdu (transport, apdu, secret, &made, deadline, error)
        || (last && command->wants_answer && !fetch_rest (transport, apdu, &made, deadline, error)))
      return FALSE;
    if (made.status != PIV_STATUS_DONE)
      break;
  }
  *answer = (PivAnswer){ g_steal_pointer (&made.data), made.status };
  return TRUE;
}

void
piv_refuse (GError **error, DriverError code, const char *what, guint16 status)
{
  g_autofree char *text = piv_status_text (status);

  g_set_error (error, DRIVER_ERROR, (int)code, "%s: %s", what, text);
}

gboolean
piv_run (Transport *transport, const PivCommand *command, DriverError refused, const char *what,
         PivAnswer *answer, Deadline deadline, GError **error)
{
  if (!piv_exchange (transport, command, NULL, answer, deadline, error))
    return FALSE;
  if (answer->status == PIV_STATUS_DONE)
    return TRUE;
  piv_refuse (error, refused, what, answer->status);
  piv_answer_clear (answer);
  return FALSE;
}

gboolean
piv_select (Transport *transport, PivAnswer *answer, Deadline deadline, GError **error)
{
  static const guint8 application[] = { 0xa0, 0x00, 0x00, 0x03, 0x08 };
  const PivCommand command = { .instruction = PIV_SELECT,
                               .p1 = 0x04,
                               .data = application,
                               .length = sizeof application,
                               .wants_answer = TRUE };

  return piv_exchange (transport, &command, NULL, answer, deadline, error);
}

gboolean
piv_get_data (Transport *transport, guint32 object, PivAnswer *answer, Deadline deadline,
              GError **error)
{
  const guint8 list[] = { 0x5c, 0x03, (guint8)(object >> 16), (guint8)(object >> 8),
                          (guint8)object };
  const PivCommand command = { .instruction = PIV_GET_DATA,
                               .p1 = 0x3f,
                               .p2 = 0xff,
                               .data = list,
                               .length = sizeof list,
                               .wants_answer = TRUE };

  return piv_exchange (transport, &command, NULL, answer, deadline, error);
}

gboolean
piv_get_metadata (Transport *transport, guint8 reference, guint tag, PivAnswer *answer,
                  PivValue *value, Deadline deadline, GError **error)
{
  const PivCommand command = { .instruction = PIV_GET_METADATA,
                               .p2 = reference,
                               .wants_answer = TRUE };

  if (!piv_exchange (transport, &command, NULL, answer, deadline, error))
    return FALSE;
  if (answer->status == PIV_STATUS_DONE && piv_find (piv_answer_value (answer), tag, value))
    return TRUE;
  piv_answer_clear (answer);
  return FALSE;
}
