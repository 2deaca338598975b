/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How often a test repeats what it repeats, and in which steps it goes through sizes and bytes.
 */
#pragma once

#include <glib.h>

/* How many rounds, or in which steps: `all`, or `brief` under the sanitizers, where each round
 * costs ten times as much and the other build has gone all of them. `meson test --setup deep` goes
 * all of them there too. */
static inline guint
rounds_of (guint all, guint brief)
{
#ifdef KEYCRADLE_SANITIZED
  return g_getenv ("KEYCRADLE_TEST_DEEP") != NULL ? all : brief;
#else
  return all;
#endif
}
