/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Transport methods over a list of steps.
 */
#include "tests/unit/drivers/scripted.h"

#include <string.h>

#include "drivers/driver.h"

typedef struct {
  const Step *next;
  gsize piece;
  guint taken;
  GString *heard;
  GString *pending;
} Script;

/* The script of the transport that was made last: Transport hides its channel. */
static Script *latest;

static gboolean
script_read (gpointer channel, guint8 *data, gsize length, gsize *got, Deadline deadline,
             GError **error)
{
  Script *script = channel;

  if (script->pending->len == 0) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER, "the script is silent");
    return FALSE;
  }
  *got = MIN (MIN (length, script->piece), script->pending->len);
  memcpy (data, script->pending->str, *got);
  g_string_erase (script->pending, 0, (gssize)*got);
  return TRUE;
}

static gboolean
script_write (gpointer channel, const guint8 *data, gsize length, Deadline deadline, GError **error)
{
  Script *script = channel;
  const char *expected = script->next->hears;

  g_string_append_len (script->heard, (const char *)data, (gssize)length);
  if (expected == NULL || strncmp (expected, script->heard->str, script->heard->len) != 0) {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_INTERNAL, "script: heard \"%s\", not \"%s\"",
                 script->heard->str, expected == NULL ? "(the end)" : expected);
    return FALSE;
  }
  if (strlen (expected) != script->heard->len)
    return TRUE;
  g_string_append (script->pending, script->next->says);
  g_string_truncate (script->heard, 0);
  script->next++;
  script->taken++;
  return TRUE;
}

static void
script_discard_input (gpointer channel)
{
  Script *script = channel;

  g_string_truncate (script->pending, 0);
}

static void
script_close (gpointer channel)
{
  Script *script = channel;

  if (latest == script)
    latest = NULL;
  g_string_free (script->heard, TRUE);
  g_string_free (script->pending, TRUE);
  g_free (script);
}

static const TransportMethods script_methods = {
  .read = script_read,
  .write = script_write,
  .discard_input = script_discard_input,
  .close = script_close,
};

Transport *
scripted_transport (const Step *steps, gsize piece)
{
  Script *script = g_new0 (Script, 1);

  script->next = steps;
  script->piece = piece;
  script->heard = g_string_new (NULL);
  script->pending = g_string_new (NULL);
  latest = script;
  return transport_new (CHANNEL_SERIAL, &script_methods, script, "script");
}

gboolean
scripted_is_through (Transport *transport)
{
  return latest != NULL && latest->next->hears == NULL && latest->heard->len == 0;
}

guint
scripted_steps_taken (Transport *transport)
{
  return latest == NULL ? 0 : latest->taken;
}
