/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See test-list.h.
 */
#include "drivers/piv/test-list.h"

#include <check.h>
#include <string.h>

#include "base/encode.h"
#include "drivers/card-frame.h"

typedef struct {
  const Turn *turns;
  guint *taken;
  GByteArray *heard;
  GByteArray *pending;
} List;

static gboolean
list_read (gpointer channel, guint8 *data, gsize length, gsize *got, Deadline deadline,
           GError **error)
{
  List *list = channel;

  if (list->pending->len == 0) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER, "the list is silent");
    return FALSE;
  }
  *got = MIN (MIN (length, 7), list->pending->len);
  memcpy (data, list->pending->data, *got);
  g_byte_array_remove_range (list->pending, 0, (guint)*got);
  return TRUE;
}

static void
answer_turn (List *list, GBytes *apdu)
{
  const Turn *turn = &list->turns[*list->taken];
  g_autofree char *hex = hex_encode (g_bytes_get_data (apdu, NULL), g_bytes_get_size (apdu));

  ck_assert_msg (turn->hears != NULL, "nothing more was to be said than %u turns: %s", *list->taken,
                 hex);
  if (!g_str_equal (turn->hears, "*"))
    ck_assert_str_eq (hex, turn->hears);
  g_autoptr (GBytes) says = hex_decode (turn->says);
  ck_assert_ptr_nonnull (says);
  card_frame_put (list->pending, g_bytes_get_data (says, NULL), g_bytes_get_size (says));
  ++*list->taken;
}

static gboolean
list_write (gpointer channel, const guint8 *data, gsize length, Deadline deadline, GError **error)
{
  List *list = channel;
  GBytes *apdu;

  g_byte_array_append (list->heard, data, (guint)length);
  while ((apdu = card_frame_take (list->heard)) != NULL) {
    answer_turn (list, apdu);
    g_bytes_unref (apdu);
  }
  return TRUE;
}

static void
list_discard (gpointer channel)
{
  g_byte_array_set_size (((List *)channel)->pending, 0);
}

static void
list_close (gpointer channel)
{
  List *list = channel;

  g_byte_array_unref (list->heard);
  g_byte_array_unref (list->pending);
  g_free (list);
}

static const TransportMethods list_methods = {
  .read = list_read, .write = list_write, .discard_input = list_discard, .close = list_close
};

static guint taken;

guint
list_card_taken (void)
{
  return taken;
}

Transport *
list_card (const Turn *turns)
{
  List *list = g_new0 (List, 1);

  taken = 0;
  list->turns = turns;
  list->taken = &taken;
  list->heard = g_byte_array_new ();
  list->pending = g_byte_array_new ();
  return transport_new (CHANNEL_CARD, &list_methods, list, "card");
}

void
list_expect_error (GError *error, DriverError code, const char *part)
{
  ck_assert_msg (error != NULL, "no error, where \"%s\" should be said", part);
  ck_assert_msg (g_error_matches (error, DRIVER_ERROR, (int)code), "%s", error->message);
  ck_assert_msg (strstr (error->message, part) != NULL, "%s", error->message);
  g_error_free (error);
}
