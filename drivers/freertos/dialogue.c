/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An answer ends at the prompt that stands behind the echo of the command; no
 * other sign of an end is needed, and none is waited for.
 */
#include "drivers/freertos/dialogue.h"

#include "base/text.h"
#include "drivers/console.h"

/* The prompt comes once more with each log line; the log does not talk this much while one
 * command is typed. */
#define MOST_PROMPTS 100

/* Reads up to a fresh prompt and appends to `input`. */
static gboolean
read_to_prompt (Transport *transport, GByteArray *input, Deadline deadline, GError **error)
{
  do {
    if (!console_read_some (transport, input, deadline, error))
      return FALSE;
  } while (!freertos_ends_in_prompt (input->data, input->len));
  return TRUE;
}

gboolean
freertos_get_prompt (Transport *transport, Deadline deadline, GError **error)
{
  g_autoptr (GByteArray) input = g_byte_array_new ();

  transport_discard_input (transport);
  return transport_write_text (transport, FREERTOS_INTERRUPT, deadline, error)
         && read_to_prompt (transport, input, deadline, error);
}

/* Reads up to the prompt behind the echo of `command`: what stands between them. Where it is the
 * `first` one, other lines may stand before the echo. */
static char *
read_answer (Transport *transport, const char *command, gboolean first, Deadline deadline,
             GError **error)
{
  g_autoptr (GByteArray) input = g_byte_array_new ();
  char *answer = NULL;

  for (guint prompts = 0; prompts < MOST_PROMPTS; prompts++) {
    if (!read_to_prompt (transport, input, deadline, error))
      return NULL;
    g_autofree char *clean = freertos_clean (input->data, input->len);
    switch (freertos_find_answer (clean, command, &answer)) {
    case FREERTOS_ECHO_ANSWERED:
      return answer;
    case FREERTOS_OTHER_ECHO:
      if (first)
        break;
      g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED,
                   "the board did not repeat \"%s\": bytes were lost on the line", command);
      return NULL;
    case FREERTOS_NO_ECHO:
      break;
    }
  }
  g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_FLOOD,
                       "the board shows its prompt without end");
  return NULL;
}

static char *
type_line (Transport *transport, const char *line, gboolean first, Deadline deadline,
           GError **error)
{
  g_autofree char *bytes = g_strconcat (line, FREERTOS_LINE_END, NULL);

  if (!freertos_line_fits (line)) {
    g_autofree char *shown = text_for_display (line, 64);

    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
                 "the board takes lines of at most %u plain characters, not \"%s\"",
                 FREERTOS_LINE_MAX, shown);
    return NULL;
  }
  if (!transport_write_text (transport, bytes, deadline, error))
    return NULL;
  return read_answer (transport, line, first, deadline, error);
}

char *
freertos_type (Transport *transport, const char *line, Deadline deadline, GError **error)
{
  return type_line (transport, line, FALSE, deadline, error);
}

char *
freertos_type_first (Transport *transport, const char *line, Deadline deadline, GError **error)
{
  return type_line (transport, line, TRUE, deadline, error);
}

char *
freertos_run (Transport *transport, const char *command, DriverError refusal, Deadline deadline,
              GError **error)
{
  g_autofree char *answer = freertos_type (transport, command, deadline, error);

  if (answer == NULL)
    return NULL;
  if (freertos_knows_no_such_command (answer)) {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
                 "the board's firmware does not know the command \"%s\"", command);
    return NULL;
  }
  g_autofree char *complaint = freertos_complaint (answer);
  if (complaint == NULL)
    return g_steal_pointer (&answer);
  g_autofree char *shown = text_for_display (complaint, 200);
  g_set_error (error, DRIVER_ERROR, (int)refusal, "\"%s\": the board says: %s", command, shown);
  return NULL;
}

gboolean
freertos_run_expecting (Transport *transport, const char *command, const char *expected,
                        Deadline deadline, GError **error)
{
  g_autofree char *answer =
      freertos_run (transport, command, DRIVER_ERROR_REFUSED, deadline, error);

  if (answer == NULL)
    return FALSE;
  if (freertos_says (answer, expected))
    return TRUE;
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED, "\"%s\": the board does not say \"%s\"",
               command, expected);
  return FALSE;
}
