/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A file that another process streams into: it appears under its name whole or not at all.
 */
#pragma once

#include <glib.h>

typedef struct {
  char *path;      /* the final name; NULL for standard output and devices */
  char *temporary; /* beside it; NULL the same */
  int fd;
} OutputFile;

#define OUTPUT_FILE_INIT                                                                           \
  {                                                                                                \
    NULL, NULL, -1                                                                                 \
  }

/* Opens a temporary file beside `file`; "-" is standard output; a device or a pipe is written to,
 * never replaced. G_FILE_ERROR with a sentence. */
gboolean output_file_open (OutputFile *output, const char *file, GError **error);

/* Synced, renamed, and the folder synced too: only then it is there. */
gboolean output_file_finish (OutputFile *output, GError **error);

/* Writes `length` bytes durably to the file's name with `suffix`, and returns that name (free with
 * g_free()); NULL with error. What is no file of its own has no companion: NULL without error. */
char *output_file_write_beside (const OutputFile *output, const char *suffix, const void *data,
                                gsize length, GError **error);

/* Closes it; what was not finished leaves nothing behind. */
void output_file_clear (OutputFile *output);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OutputFile, output_file_clear)

/* A command for a shell, with `path` for each {file} of `pattern` and its last part for each
 * {name}, quoted where that is needed. Free with g_free(). */
char *command_for_file (const char *pattern, const char *path);
