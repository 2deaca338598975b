/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Words of the example dialect: pure functions from text to meaning, with no device
 * and no clock, so that tests and fuzzers can call them as they are.
 */
#pragma once

#include <glib.h>

/* What one line from the device is. */
typedef enum {
  EXAMPLE_OTHER,  /* a log line, an echo, noise: not for us */
  EXAMPLE_ANSWER, /* the answer that was waited for */
  EXAMPLE_ERROR,  /* "error WORD" */
} ExampleLine;

/* Judges `line` where an answer of `verb` is waited for. *argument is what stands behind the word,
 * or "" (free with g_free()); not set for OTHER. */
ExampleLine example_parse (const char *line, const char *verb, char **argument);

/* The bytes of strict base64, or NULL where it is none or empty. */
GBytes *example_bytes (const char *base64);
