/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rows of a manifest file, one after the other, whatever the format: in flat memory, and as
 * strict as the writers are, for the station has signed these very bytes. Errors are G_FILE_ERROR;
 * what is no row is told in words.
 */
#pragma once

#include "audit/line-reader.h"
#include "audit/manifest-row.h"

typedef struct ManifestRows ManifestRows;

/* `batch` is the statement's; `station` the certificate (DER) of whoever signs rows one by one,
 * NULL where it is not known: they are not verified then. NULL without error where no format has
 * that name. */
ManifestRows *manifest_rows_open (const char *path, const char *format, const char *batch,
                                  GBytes *station, GError **error);
void manifest_rows_close (ManifestRows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ManifestRows, manifest_rows_close)

/* FALSE at the end, and with error. `row` receives what is owned by the rows. What stands where a
 * row should, and ends the file where it should not end, is a row with a problem. */
gboolean manifest_rows_next (ManifestRows *rows, const ManifestRow **row, GError **error);
