/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The files of one export: one, or where the receiver takes only so many rows a file, several. None
 * has its name before all are whole.
 */
#pragma once

#include "base/output-file.h"
#include "station/cli/cli.h"

typedef struct {
  OutputFile output; /* first: a set is a list of output files, too */
  GVariant *summary;
  char *template;  /* the name of the file beside it, or NULL */
  char *statement; /* the same of what the station signed about it */
} ExportFile;

/* Of ExportFile: every part, written by the daemon, on record, still without its name. NULL with
 * error. Free with g_ptr_array_unref(); what has no name yet leaves nothing behind. */
GPtrArray *export_set_make (Cli *cli, GError **error);

/* Gives them their names, with what stands beside each, in the place of an earlier set. */
gboolean export_set_finish (GPtrArray *set, const char *path, GError **error);
