/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What somebody tried that tickets or clock do not allow, in the log for the owner to see. One
 * entry a day for each word and batch, so nobody can fill the disk: a batch that the log does not
 * know shares its line with all such. How many were not entered the next entry says; a signer that
 * is started again forgets that number. Any thread may call.
 */
#pragma once

#include "ca/clock.h"
#include "ca/der.h"
#include "ca/log/log.h"

typedef struct Refusals Refusals;

Refusals *refusals_new (IssuanceLog *log);
void refusals_free (Refusals *refusals);

typedef struct {
  const char *batch;  /* NULL or unknown to the log: "-" */
  const char *device; /* its serial, or the ticket's number, or who; NULL: empty */
  Span subject;       /* the request or ticket */
} Refusal;

/* Enters it where `problem` is of a ticket, the TPM's count or the clock, and its line has none
 * from today. A log that takes nothing more, takes this neither; nobody is told. */
void refusals_enter (Refusals *refusals, const Refusal *refusal, const GError *problem,
                     ClockReading now);

/* As much of `text` (UTF-8) as fits a text of the log. Free with g_free(). */
char *refusals_cut (const char *text);
