/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * `cred add` never overwrites, so a place is emptied first; and it clears the buffer, whatever came
 * of it.
 */
#include "drivers/zephyr/store.h"

#include <string.h>

#include "drivers/zephyr/dialogue.h"

static gboolean
fits (const ZephyrPlace *place, GBytes *kept, ZephyrForm form)
{
  return zephyr_base64_length (kept, form) < place->buffer;
}

/* What is to be kept for `certificates`, as PEM where that fits. NULL with error where nothing
 * fits. */
static GBytes *
choose_form (const ZephyrPlace *place, const GPtrArray *certificates, ZephyrForm *form,
             GError **error)
{
  static const ZephyrForm forms[] = { ZEPHYR_PEM, ZEPHYR_DER };

  for (gsize i = 0; i < G_N_ELEMENTS (forms); i++) {
    if (!place->forms[forms[i]])
      continue;
    g_autoptr (GBytes) kept = zephyr_keep (certificates, forms[i]);
    if (kept == NULL || !fits (place, kept, forms[i]))
      continue;
    *form = forms[i];
    return g_steal_pointer (&kept);
  }
  g_set_error (
      error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
      "%u certificates do not fit the device's credential buffer of %" G_GSIZE_FORMAT
      " bytes in the format that is set: use Format=auto, fewer server roots or roots with "
      "EC keys, or build the firmware with a larger "
      "CONFIG_TLS_CREDENTIALS_SHELL_CRED_BUF_SIZE and set BufferSize to it",
      certificates->len, place->buffer);
  return NULL;
}

/* Forgets what is kept in a place; that there was nothing is no error. */
static gboolean
empty_place (Transport *transport, const ZephyrPlace *place, Deadline deadline, GError **error)
{
  g_autofree char *command = g_strdup_printf ("cred del %s %s", place->sec_tag, place->word);
  g_autofree char *answer = zephyr_type (transport, command, deadline, error);

  if (answer == NULL)
    return FALSE;
  if (zephyr_says (answer, "There is no TLS credential")
      || zephyr_says (answer, "Deleted TLS credential"))
    return TRUE;
  zephyr_set_refusal (error, DRIVER_ERROR_REFUSED, command, answer);
  return FALSE;
}

static gboolean
fill_buffer (Transport *transport, const char *base64, Deadline deadline, GError **error)
{
  g_autofree char *cleared = zephyr_run (transport, "cred buf clear", "Credential buffer cleared",
                                         DRIVER_ERROR_REFUSED, deadline, error);

  if (cleared == NULL)
    return FALSE;
  for (gsize length; (length = MIN (strlen (base64), ZEPHYR_CHUNK_MAX)) > 0; base64 += length) {
    g_autofree char *command = g_strdup_printf ("cred buf %.*s", (int)length, base64);
    g_autofree char *expected = g_strdup_printf ("Stored %" G_GSIZE_FORMAT " bytes.", length);
    g_autofree char *answer =
        zephyr_run (transport, command, expected, DRIVER_ERROR_REFUSED, deadline, error);

    if (answer == NULL)
      return FALSE;
  }
  return TRUE;
}

/* Empties the place and puts the buffer's content there, which must come to `length` bytes. */
static gboolean
add (Transport *transport, const ZephyrPlace *place, ZephyrForm form, gsize length,
     Deadline deadline, GError **error)
{
  g_autofree char *command = g_strdup_printf ("cred add %s %s DEFAULT %s", place->sec_tag,
                                              place->word, form == ZEPHYR_PEM ? "bint" : "bin");
  g_autofree char *expected = g_strdup_printf (
      "Added TLS credential of type %s, sectag %s, and length %" G_GSIZE_FORMAT " bytes.",
      place->name, place->sec_tag, length);
  g_autofree char *answer =
      zephyr_run (transport, command, expected, DRIVER_ERROR_REFUSED, deadline, error);

  return answer != NULL;
}

gboolean
zephyr_store (Transport *transport, const ZephyrPlace *place, const GPtrArray *certificates,
              Deadline deadline, GError **error)
{
  ZephyrForm form;
  g_autoptr (GBytes) kept = choose_form (place, certificates, &form, error);

  if (kept == NULL)
    return FALSE;
  gsize length = g_bytes_get_size (kept);
  g_autofree char *base64 =
      g_base64_encode (g_bytes_get_data (kept, NULL), form == ZEPHYR_PEM ? length - 1 : length);
  return empty_place (transport, place, deadline, error)
         && fill_buffer (transport, base64, deadline, error)
         && add (transport, place, form, length, deadline, error);
}

gboolean
zephyr_check_listed (Transport *transport, const ZephyrPlace *place, const GPtrArray *certificates,
                     Deadline deadline, GError **error)
{
  ZephyrForm form;
  g_autoptr (GBytes) kept = choose_form (place, certificates, &form, error);

  if (kept == NULL)
    return FALSE;
  g_autofree char *digest = zephyr_digest (kept);
  g_autofree char *command = g_strdup_printf ("cred list %s %s", place->sec_tag, place->word);
  g_autofree char *answer = zephyr_type (transport, command, deadline, error);
  if (answer == NULL)
    return FALSE;
  if (zephyr_lists (answer, place->sec_tag, place->word, digest))
    return TRUE;
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_READ_BACK,
               "the device does not list under security tag %s, type %s what was written there",
               place->sec_tag, place->word);
  return FALSE;
}
