/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See pin.h.
 */
#include "drivers/piv/pin.h"

#include <string.h>

#include "drivers/piv/dialogue.h"

#define REFERENCE 0x80
#define METADATA_RETRIES 0x06
#define LENGTH 8u
#define LENGTH_LEAST 4u

/* What cards have that don't say: all that is known of them is that they block. */
#define TRIES_USUAL 3u

static gboolean
refuse (GError **error, const char *why)
{
  g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_REFUSED, why);
  return FALSE;
}

/* How often a wrong PIN may be sent when none was. FALSE only with error. */
static gboolean
ask_all_tries (Transport *transport, guint *all, Deadline deadline, GError **error)
{
  g_auto (PivAnswer) metadata = { 0 };
  g_autoptr (GError) trouble = NULL;
  PivValue value;

  *all = TRIES_USUAL;
  if (piv_get_metadata (transport, REFERENCE, METADATA_RETRIES, &metadata, &value, deadline,
                        &trouble)
      && value.length == 2)
    *all = value.data[0];
  if (trouble == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&trouble));
  return FALSE;
}

/* The tries that are left, asked with a VERIFY without PIN. A card that has it already says so:
 * then it has all of them. */
static gboolean
check_tries (Transport *transport, Deadline deadline, GError **error)
{
  const PivCommand command = { .instruction = PIV_VERIFY, .p2 = REFERENCE };
  g_auto (PivAnswer) answer = { 0 };
  guint all;

  if (!piv_exchange (transport, &command, NULL, &answer, deadline, error))
    return FALSE;
  if (answer.status == PIV_STATUS_DONE)
    return TRUE;
  if ((answer.status & 0xfff0) != 0x63c0) {
    piv_refuse (error, DRIVER_ERROR_REFUSED, "the card does not say how many tries the PIN has",
                answer.status);
    return FALSE;
  }
  if (!ask_all_tries (transport, &all, deadline, error))
    return FALSE;
  const guint left = answer.status & 0xfu;
  if (left > 1 && left >= all)
    return TRUE;
  g_set_error (
      error, DRIVER_ERROR, DRIVER_ERROR_REFUSED,
      "the card has had a wrong PIN before (%u of %u tries are left): the PIN was not sent."
      " Verify the right one with the card's own tool, or reset the card",
      left, MAX (all, left));
  return FALSE;
}

static gboolean
pin_is_sendable (const char *pin)
{
  gsize length = strlen (pin);

  if (length < LENGTH_LEAST || length > LENGTH)
    return FALSE;
  for (; *pin != '\0'; pin++)
    if (!g_ascii_isgraph (*pin))
      return FALSE;
  return TRUE;
}

gboolean
pin_verify (Transport *transport, const char *pin, gboolean *known_good, Deadline deadline,
            GError **error)
{
  guint8 padded[LENGTH];
  const PivCommand command = {
    .instruction = PIV_VERIFY, .p2 = REFERENCE, .data = padded, .length = sizeof padded
  };
  g_auto (PivAnswer) answer = { 0 };
  gboolean sent;

  if (!pin_is_sendable (pin))
    return refuse (error, "PIN must be 4 to 8 characters of ASCII");
  if (!*known_good && !check_tries (transport, deadline, error))
    return FALSE;
  memset (padded, 0xff, sizeof padded);
  memcpy (padded, pin, strlen (pin));
  sent = piv_exchange (transport, &command, "PIN", &answer, deadline, error);
  explicit_bzero (padded, sizeof padded);
  if (!sent)
    return FALSE;
  *known_good = answer.status == PIV_STATUS_DONE;
  if (!*known_good)
    piv_refuse (error, DRIVER_ERROR_REFUSED, "the card does not accept the PIN", answer.status);
  return *known_good;
}
