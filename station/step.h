/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The steps of the procedure, in their order, by the words that ledger and screens use.
 */
#pragma once

#include <glib.h>

typedef enum {
  STEP_OPEN,
  STEP_IDENTIFY,
  STEP_REGISTER,
  STEP_GENERATE_KEY,
  STEP_READ_CSR,
  STEP_CHECK_KEY,
  STEP_SIGN,
  STEP_STORE,
  STEP_INSTALL,
  STEP_READ_BACK,
  STEP_PROVE,
  STEP_LOCK,
  STEP_RECORD,
} Step;

#define N_STEPS (STEP_RECORD + 1)

/* "open", "identify", ... "record". */
const char *step_word (Step step);

/* The step of that word; STEP_OPEN for a word of none. */
Step step_from_word (const char *word);
