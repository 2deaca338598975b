/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A change of the registry over the API: which certificates the command line names, in calls of a
 * size that the daemon takes, and what came of each line.
 */
#pragma once

#include "station/cli/cli.h"

/* `operation` on what the words behind TARGET, --batch or --file name. Lines that were refused go
 * to stderr as they come, a summary to stdout. CLI_PARTIAL where any was refused, CLI_WAITS where
 * another supervisor must grant it. */
CliExit registry_run (Cli *cli, const char *operation, GError **error);

/* ---- selections ---- */

typedef struct {
  const char *batch;  /* or NULL */
  GPtrArray *devices; /* of char *: serials, or SHA-256 of certificates; NULL with a batch */
  GArray *numbers;    /* of guint64: the line of each in `file` */
  char *file;         /* for messages; NULL where the words themselves are the devices */
} RegistryWords;

/* CLI_USAGE where not exactly one way was chosen, or a line can't name a device (with its number:
 * then nothing is changed); CLI_NOT_FOUND for a file that can't be read. */
gboolean registry_words_read (const Cli *cli, RegistryWords *words, GError **error);
void registry_words_clear (RegistryWords *words);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RegistryWords, registry_words_clear)
