/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A line is typed in pieces, each one when the shell has repeated the one before: its UART has
 * neither flow control nor much of a buffer. An answer ends at the prompt behind the repeated line;
 * no other sign of an end is needed, and none is waited for.
 */
#include "drivers/zephyr/dialogue.h"

#include <string.h>

#include "base/text.h"
#include "drivers/console.h"
#include "drivers/zephyr/screen.h"

/* What one command has brought so far. */
typedef struct {
  Transport *transport;
  GByteArray *input;
  ZephyrScreen *screen;
} Reading;

static void
reading_clear (Reading *reading)
{
  g_byte_array_unref (reading->input);
  zephyr_screen_free (reading->screen);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reading, reading_clear)

static Reading
reading_new (Transport *transport)
{
  return (Reading){ transport, g_byte_array_new (), zephyr_screen_new () };
}

static gboolean
read_some (Reading *reading, Deadline deadline, GError **error)
{
  guint before = reading->input->len;

  if (!console_read_some (reading->transport, reading->input, deadline, error))
    return FALSE;
  zephyr_screen_feed (reading->screen, reading->input->data + before, reading->input->len - before);
  return TRUE;
}

gboolean
zephyr_get_prompt (Transport *transport, gboolean *found, Deadline deadline, GError **error)
{
  g_auto (Reading) reading = reading_new (transport);

  *found = FALSE;
  transport_discard_input (transport);
  if (!transport_write_text (transport, ZEPHYR_INTERRUPT, deadline, error))
    return FALSE;
  while (!zephyr_screen_at_prompt (reading.screen)) {
    if (!read_some (&reading, deadline, error))
      return FALSE;
    if (zephyr_screen_at_other_prompt (reading.screen))
      return TRUE;
  }
  *found = TRUE;
  return TRUE;
}

/* Types `line` but its last piece, each piece when the one before was repeated. */
static gboolean
type_pieces (Reading *reading, const char *line, gsize *typed, Deadline deadline, GError **error)
{
  gsize length = strlen (line);

  for (*typed = 0; length - *typed > ZEPHYR_PIECE_MAX; *typed += ZEPHYR_PIECE_MAX) {
    g_autofree char *so_far = g_strndup (line, *typed + ZEPHYR_PIECE_MAX);

    if (!transport_write (reading->transport, line + *typed, ZEPHYR_PIECE_MAX, deadline, error))
      return FALSE;
    while (!zephyr_screen_shows (reading->screen, so_far))
      if (!read_some (reading, deadline, error))
        return FALSE;
  }
  return TRUE;
}

/* Reads up to the prompt behind the echo of `line`: what stands between them. Where it is the
 * `first` one, other lines may stand before the echo. */
static char *
read_answer (Reading *reading, const char *line, gboolean first, Deadline deadline, GError **error)
{
  char *answer = NULL;

  while (TRUE) {
    if (!read_some (reading, deadline, error))
      return NULL;
    if (!zephyr_screen_at_prompt (reading->screen))
      continue;
    switch (zephyr_screen_find_answer (reading->screen, line, &answer)) {
    case ZEPHYR_ECHO_ANSWERED:
      return answer;
    case ZEPHYR_OTHER_ECHO:
      if (first)
        break;
      g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED,
                   "the shell did not repeat \"%s\": bytes were lost on the line", line);
      return NULL;
    case ZEPHYR_NO_ECHO:
      break;
    }
  }
}

static char *
type_line (Transport *transport, const char *line, gboolean first, Deadline deadline,
           GError **error)
{
  g_auto (Reading) reading = reading_new (transport);
  gsize typed;

  if (!zephyr_line_fits (line)) {
    g_autofree char *shown = text_for_display (line, 64);

    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
                 "the shell takes lines of at most %u plain characters, not \"%s\"",
                 ZEPHYR_LINE_MAX, shown);
    return NULL;
  }
  if (!type_pieces (&reading, line, &typed, deadline, error))
    return NULL;
  g_autofree char *rest = g_strconcat (line + typed, ZEPHYR_LINE_END, NULL);
  if (!transport_write_text (transport, rest, deadline, error))
    return NULL;
  return read_answer (&reading, line, first, deadline, error);
}

char *
zephyr_type (Transport *transport, const char *line, Deadline deadline, GError **error)
{
  return type_line (transport, line, FALSE, deadline, error);
}

char *
zephyr_type_first (Transport *transport, const char *line, Deadline deadline, GError **error)
{
  return type_line (transport, line, TRUE, deadline, error);
}

void
zephyr_set_refusal (GError **error, DriverError refusal, const char *command, const char *answer)
{
  g_autofree char *line = zephyr_first_line (answer);
  g_autofree char *shown = text_for_display (line, 200);

  if (zephyr_knows_no_such_command (answer))
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
                 "the device's firmware does not know the command \"%s\"", command);
  else if (shown[0] == '\0')
    g_set_error (error, DRIVER_ERROR, (int)refusal, "\"%s\": the device says nothing to it",
                 command);
  else
    g_set_error (error, DRIVER_ERROR, (int)refusal, "\"%s\": the device says: %s", command, shown);
}

char *
zephyr_run (Transport *transport, const char *command, const char *expected, DriverError refusal,
            Deadline deadline, GError **error)
{
  g_autofree char *answer = zephyr_type (transport, command, deadline, error);

  if (answer == NULL)
    return NULL;
  if (zephyr_says (answer, expected))
    return g_steal_pointer (&answer);
  zephyr_set_refusal (error, refusal, command, answer);
  return NULL;
}
