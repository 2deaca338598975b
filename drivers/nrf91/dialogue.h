/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One command and its answer, over a transport; and finding out who listens.
 */
#pragma once

#include "drivers/nrf91/proto.h"

/* The lines of an answer, cleaned, without the final one; and how it ended. */
typedef struct {
  GPtrArray *lines; /* of char * */
  Nrf91Result result;
  guint code; /* with NRF91_CME_ERROR */
} Nrf91Answer;

void nrf91_answer_clear (Nrf91Answer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Nrf91Answer, nrf91_answer_clear)

/* The first line of `answer` that starts with `prefix`, or NULL; owned by it. */
const char *nrf91_answer_line (const Nrf91Answer *answer, const char *prefix);

/* Reads one more answer, to a command that was sent already. */
gboolean nrf91_read_answer (Transport *transport, Nrf91Answer *answer, Deadline deadline,
                            GError **error);

/* Sends `command` and reads up to the final line, whichever it is. Clear `answer` with
 * nrf91_answer_clear(). */
gboolean nrf91_exchange (Transport *transport, Nrf91Host host, const char *command,
                         Nrf91Answer *answer, Deadline deadline, GError **error);

/* Turns an answer that is not OK into an error: the modem did not `what`; `plain_error` where it
 * gave no number. */
gboolean nrf91_expect_ok (const Nrf91Answer *answer, const char *what, DriverError plain_error,
                          GError **error);

/* What a short question tells about who listens. */
typedef enum {
  NRF91_LISTENER_MODEM,   /* OK */
  NRF91_LISTENER_UPSET,   /* ERROR: a modem whose line held something already */
  NRF91_LISTENER_SHELL,   /* a shell that has no such command */
  NRF91_LISTENER_OTHER,   /* some other dialect */
  NRF91_LISTENER_NOBODY,  /* nothing that can be understood, in the time there was */
  NRF91_LISTENER_TROUBLE, /* an error of the port; only then `error` is set */
} Nrf91Listener;

/* Finds the modem, plain or behind a shell: NRF91_LISTENER_MODEM with *host set, or what was there
 * instead. No time is lost where somebody answers at all. */
Nrf91Listener nrf91_find (Transport *transport, Nrf91Host *host, Deadline deadline, GError **error);

/* TRUE for a modem; else FALSE with what is wrong with who listens (after NRF91_LISTENER_TROUBLE,
 * with the error that is set already). */
gboolean nrf91_refuse_listener (Nrf91Listener listener, GError **error);
