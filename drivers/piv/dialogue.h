/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A command to a card and its whole answer: chained on the way there, fetched piece by piece on the
 * way back, each APDU behind its length as transport.h has it for cards.
 */
#pragma once

#include "drivers/piv/apdu.h"

typedef struct {
  GByteArray *data;
  guint16 status;
} PivAnswer;

void piv_answer_clear (PivAnswer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PivAnswer, piv_answer_clear)

/* The answer's data, to be read. */
PivValue piv_answer_value (const PivAnswer *answer);

/* Sends `command`; any status word is an answer. `secret` names what must not be in the transcript
 * ("PIN"), or is NULL. DRIVER_ERROR_GARBLED, and the transport's errors. Clear `answer` with
 * piv_answer_clear() on TRUE. */
gboolean piv_exchange (Transport *transport, const PivCommand *command, const char *secret,
                       PivAnswer *answer, Deadline deadline, GError **error);

/* The same where only PIV_STATUS_DONE will do; any other status is an error `refused` that begins
 * with `what` ("the card makes no key"). */
gboolean piv_run (Transport *transport, const PivCommand *command, DriverError refused,
                  const char *what, PivAnswer *answer, Deadline deadline, GError **error);

/* Sets the error of a status word that `what` ended in. */
void piv_refuse (GError **error, DriverError code, const char *what, guint16 status);

/* SELECT the PIV application (SP 800-73-4, part 2, 3.1.1). */
gboolean piv_select (Transport *transport, PivAnswer *answer, Deadline deadline, GError **error);

/* GET DATA of the object with the three-byte tag `object`. */
gboolean piv_get_data (Transport *transport, guint32 object, PivAnswer *answer, Deadline deadline,
                       GError **error);

/* Yubico's GET METADATA of a slot, the PIN (0x80) or the management key (0x9b): the value with
 * `tag`. FALSE without error where the card has no such command, or no such value. `answer` keeps
 * it. */
gboolean piv_get_metadata (Transport *transport, guint8 reference, guint tag, PivAnswer *answer,
                           PivValue *value, Deadline deadline, GError **error);
