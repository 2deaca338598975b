/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a profile may say of one device: text with ${serial} ${chip} ${batch} ${product}, where a
 * backslash takes the meaning from the character behind it and ${serial:lower} is the value in
 * lower case (ASCII). What comes out is used as it is and never parsed again, so that nothing in a
 * serial can add to a certificate. Errors are CA_ERROR_SUBJECT.
 */
#pragma once

#include <glib.h>

#include "ca/error.h"

/* NULL where the device has none, which is an error only in text that asks for it. */
typedef struct {
  const char *serial;
  const char *chip;
  const char *batch;
  const char *product;
} SubjectValues;

/* Reads from `at` up to a bare `stop` (0: to the end), where it leaves `at`, and appends what the
 * text stands for to `text`. */
gboolean values_read (const char **at, char stop, const SubjectValues *values, GString *text,
                      GError **error);

/* The whole of `pattern`; free with g_free(). */
char *values_fill (const char *pattern, const SubjectValues *values, GError **error);
