/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle-signer ca count ...: a CA key and its counter in a TPM, by hand, once.
 */
#pragma once

#include <glib.h>

#include "ca/error.h"

typedef struct {
  const char *owner;     /* PEM certificate of the owner */
  const char *enrolment; /* file */
  const char *key;       /* a word of TPM_KEY_KINDS */
  const char *handle;    /* "0x81000001" */
  const char *index;     /* "0x01800100" */
  const char *tcti;      /* or NULL */
  const char *limit;     /* decimal */
  const char *answer;    /* file that will come, or NULL for the terminal */
} CountCommand;

#define COUNT_USUAL_HANDLE "0x81000001"
#define COUNT_USUAL_INDEX "0x01800100"
#define COUNT_USUAL_LIMIT "1"

/* Makes both, writes the enrolment, and returns the key's URI. Free with g_free(). */
char *count_create (const CountCommand *wanted, GError **error);

/* Shows the challenge on standard output, waits for the owner's answer and begins the counter. */
gboolean count_enrol (const CountCommand *wanted, GError **error);
