/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See display-crash.h. curses may not be called in a handler of a signal, so that the strings are
 * put together beforehand; write(), tcsetattr() and raise() may (signal-safety(7)).
 */
#include "ui-tui/display-crash.h"

#include <glib.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define ALTERNATIVE_STACK (64 * 1024)

static struct termios before;
static gboolean has_before;
static char strings[256];
static volatile sig_atomic_t armed;

static void
handle_crash (int signal_number)
{
  if (armed) {
    armed = 0;
    if (write (STDOUT_FILENO, strings, strlen (strings)) >= 0 && has_before)
      tcsetattr (STDOUT_FILENO, TCSANOW, &before);
  }
  raise (signal_number); /* SA_RESETHAND: this time it ends the program */
}

void
crash_handler_install (void)
{
  static char stack[ALTERNATIVE_STACK];
  static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP };
  const stack_t alternative = { .ss_sp = stack, .ss_size = sizeof stack };
  struct sigaction action = { .sa_handler = handle_crash };

  has_before = tcgetattr (STDOUT_FILENO, &before) == 0;
  action.sa_flags = (int)(SA_RESETHAND | SA_ONSTACK);
  sigemptyset (&action.sa_mask);
  sigaltstack (&alternative, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (signals); i++)
    sigaction (signals[i], &action, NULL);
}

/* Without the pauses that terminfo writes as $<5>: they are for tputs() to make. */
static void
append_string (GString *text, const char *string)
{
  if (string == NULL)
    return;
  for (; *string != '\0'; string++) {
    const char *end = string[0] == '$' && string[1] == '<' ? strchr (string, '>') : NULL;

    if (end == NULL)
      g_string_append_c (text, *string);
    else
      string = end;
  }
}

void
crash_handler_arm (const char *leave_screen, const char *show_cursor, const char *plain_keys)
{
  g_autoptr (GString) text = g_string_new ("\033[0m");

  append_string (text, plain_keys);
  append_string (text, show_cursor);
  append_string (text, leave_screen);
  g_strlcpy (strings, text->str, sizeof strings);
  armed = 1;
}

void
crash_handler_disarm (void)
{
  armed = 0;
}
