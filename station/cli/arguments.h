/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Words of the command line as the numbers that the API wants. Errors: CLI_USAGE.
 */
#pragma once

#include "station/cli/cli.h"

/* "3" → 3; slots count from 1. */
gboolean argument_slot (const char *word, guint *slot, GError **error);

/* An attempt's number. */
gboolean argument_attempt (const char *word, gint64 *attempt, GError **error);

/* The value of --`name`; leaves `count` alone where the option was not given. */
gboolean argument_count (const char *name, gint64 value, guint most, guint *count, GError **error);

/* The filter {batch, device, limit} of the options; floating. */
gboolean argument_filter (const Cli *cli, GVariant **filter, GError **error);

/* CLI_USAGE where `word` is no UTF-8: nothing else may go over D-Bus. */
gboolean argument_text (const char *word, GError **error);

/* Adds `word` to options or a filter; NULL: it was not given. */
gboolean argument_insert (GVariantDict *dictionary, const char *key, const char *word,
                          GError **error);
