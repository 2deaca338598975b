/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Files that belong together: "b1.part-001.csv", "b1.part-002.csv" ... The first appears last and
 * goes first, so where it is the set is whole.
 */
#pragma once

#include "base/output-file.h"

/* What part `part` (from 1) of `parts` is called where the whole would be `path`. Free with
 * g_free(). */
char *output_part_path (const char *path, guint part, guint parts);

/* Removes what an earlier set of `path` left, whole or not, with what stands beside its files
 * ("b1.part-001.csv.p7s"). G_FILE_ERROR. */
gboolean output_parts_remove (const char *path, GError **error);

/* `files`: of OutputFile, whose `path` is the part's. Finishes them, the first one last. */
gboolean output_parts_finish (GPtrArray *files, GError **error);
