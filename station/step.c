/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The words of the steps.
 */
#include "station/step.h"

const char *
step_word (Step step)
{
  static const char *const words[N_STEPS] = { "open",     "identify",  "register", "generate-key",
                                              "read-csr", "check-key", "sign",     "store",
                                              "install",  "read-back", "prove",    "lock",
                                              "record" };

  g_return_val_if_fail (step < N_STEPS, "open");
  return words[step];
}

Step
step_from_word (const char *word)
{
  for (Step step = STEP_OPEN; step < N_STEPS; step++)
    if (g_strcmp0 (word, step_word (step)) == 0)
      return step;
  return STEP_OPEN;
}
