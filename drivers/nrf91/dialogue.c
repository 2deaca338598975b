/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading ends at the final line of an answer and never by waiting.
 */
#include "drivers/nrf91/dialogue.h"

#include <string.h>

#include "drivers/console.h"

void
nrf91_answer_clear (Nrf91Answer *answer)
{
  g_clear_pointer (&answer->lines, g_ptr_array_unref);
}

const char *
nrf91_answer_line (const Nrf91Answer *answer, const char *prefix)
{
  for (guint i = 0; i < answer->lines->len; i++) {
    const char *line = g_ptr_array_index (answer->lines, i);

    if (g_str_has_prefix (line, prefix))
      return line;
  }
  return NULL;
}

/* The next line that says anything, cleaned. `budget` is what the answer may still hold. */
static char *
read_line (Transport *transport, gsize *budget, Deadline deadline, GError **error)
{
  while (TRUE) {
    g_autofree char *raw = console_read_line (transport, deadline, error);
    if (raw == NULL)
      return NULL;
    gsize length = strlen (raw) + 1;
    if (length > *budget) {
      g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_FLOOD, "the modem sends without end");
      return NULL;
    }
    *budget -= length;
    g_autofree char *line = nrf91_clean_line (raw);
    if (line[0] != '\0')
      return g_steal_pointer (&line);
  }
}

gboolean
nrf91_read_answer (Transport *transport, Nrf91Answer *answer, Deadline deadline, GError **error)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  gsize budget = TRANSPORT_ANSWER_MAX;

  nrf91_answer_clear (answer);
  while (TRUE) {
    char *line = read_line (transport, &budget, deadline, error);
    if (line == NULL)
      return FALSE;
    g_ptr_array_add (lines, line);
    answer->result = nrf91_result_of (line, &answer->code);
    if (answer->result == NRF91_GOES_ON)
      continue;
    g_ptr_array_set_size (lines, (int)lines->len - 1);
    answer->lines = g_steal_pointer (&lines);
    return TRUE;
  }
}

gboolean
nrf91_exchange (Transport *transport, Nrf91Host host, const char *command, Nrf91Answer *answer,
                Deadline deadline, GError **error)
{
  g_autofree char *bytes = nrf91_wrap (host, command);

  return transport_write_text (transport, bytes, deadline, error)
         && nrf91_read_answer (transport, answer, deadline, error);
}

static Nrf91Listener
listener_from_error (GError *trouble, GError **error)
{
  if (g_error_matches (trouble, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER)) {
    g_error_free (trouble);
    return NRF91_LISTENER_NOBODY;
  }
  if (g_error_matches (trouble, DRIVER_ERROR, DRIVER_ERROR_GARBLED)) {
    g_error_free (trouble);
    return NRF91_LISTENER_OTHER;
  }
  g_propagate_error (error, trouble);
  return NRF91_LISTENER_TROUBLE;
}

static Nrf91Listener
ask_who (Transport *transport, const char *bytes, Deadline deadline, GError **error)
{
  gsize budget = TRANSPORT_ANSWER_MAX;
  GError *trouble = NULL;
  guint code;

  if (!transport_write_text (transport, bytes, deadline, &trouble))
    return listener_from_error (trouble, error);
  while (TRUE) {
    g_autofree char *line = read_line (transport, &budget, deadline, &trouble);
    if (line == NULL)
      return listener_from_error (trouble, error);
    Nrf91Result result = nrf91_result_of (line, &code);
    if (result == NRF91_OK)
      return NRF91_LISTENER_MODEM;
    if (result != NRF91_GOES_ON)
      return NRF91_LISTENER_UPSET;
    if (nrf91_is_shell_complaint (line))
      return NRF91_LISTENER_SHELL;
    if (g_str_has_prefix (line, "Command not recognized"))
      return NRF91_LISTENER_OTHER;
  }
}

/* A modem whose last command was cut off inside quotes takes everything for content until the
 * closing quote comes. */
static Nrf91Listener
close_quotes (Transport *transport, Deadline deadline, GError **error)
{
  Nrf91Listener listener = ask_who (transport, "\"\r\n", deadline, error);

  return listener == NRF91_LISTENER_MODEM ? NRF91_LISTENER_UPSET : listener;
}

Nrf91Listener
nrf91_find (Transport *transport, Nrf91Host *host, Deadline deadline, GError **error)
{
  gint64 now = g_get_monotonic_time ();
  Deadline halfway = now + MAX (deadline - now, 0) / 2;

  *host = NRF91_PLAIN;
  Nrf91Listener listener = ask_who (transport, "AT\r\n", halfway, error);
  if (listener == NRF91_LISTENER_NOBODY)
    listener = close_quotes (transport, deadline, error);
  if (listener == NRF91_LISTENER_UPSET)
    listener = ask_who (transport, "AT\r\n", deadline, error);
  if (listener != NRF91_LISTENER_SHELL)
    return listener;
  *host = NRF91_SHELL;
  return ask_who (transport, "at 'AT'\r\n", deadline, error);
}

gboolean
nrf91_expect_ok (const Nrf91Answer *answer, const char *what, DriverError plain_error,
                 GError **error)
{
  if (answer->result == NRF91_OK)
    return TRUE;
  if (answer->result == NRF91_CME_ERROR)
    nrf91_set_cme_error (error, answer->code, what);
  else
    g_set_error (error, DRIVER_ERROR, (int)plain_error,
                 "the modem did not %s: it answered ERROR without a reason", what);
  return FALSE;
}

gboolean
nrf91_refuse_listener (Nrf91Listener listener, GError **error)
{
  switch (listener) {
  case NRF91_LISTENER_MODEM:
    return TRUE;
  case NRF91_LISTENER_TROUBLE:
    return FALSE;
  case NRF91_LISTENER_NOBODY:
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER,
                         "the modem does not answer AT");
    return FALSE;
  case NRF91_LISTENER_UPSET:
  case NRF91_LISTENER_SHELL:
  case NRF91_LISTENER_OTHER:
    break;
  }
  g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED,
                       "AT is answered, but not with OK as a modem does");
  return FALSE;
}
