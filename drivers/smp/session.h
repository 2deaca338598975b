/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the steps of one session share: the sequence number, and what the device
 * said it can do.
 */
#pragma once

#include "drivers/smp/exchange.h"

typedef struct {
  guint8 sequence;
  gboolean known; /* capabilities have been asked for */
  guint chunk;    /* bytes of an object that fit into one packet */
  guint key_kinds;
  char **objects; /* words of what it keeps */
  gboolean locks;
} SmpState;

/* Makes and frees session->state; asks nothing. */
gboolean smp_session_open (Session *session, Deadline deadline, GError **error);
void smp_session_close (Session *session);

/* smp_exchange() with the session's transport and sequence number. */
cbor_item_t *smp_ask (Session *session, SmpOperation operation, SmpProvisionCommand command,
                      const cbor_item_t *body, Deadline deadline, GError **error);

/* Asks for the capabilities, once a session. */
gboolean smp_know_capabilities (Session *session, Deadline deadline, GError **error);

/* TRUE where the device keeps `object` ("cert", "chain", ...); the capabilities must be known. */
gboolean smp_keeps_object (Session *session, const char *object);

/* DRIVER_ERROR_GARBLED; FALSE, so that it can be returned. */
gboolean smp_set_garbled (const char *what, GError **error);
