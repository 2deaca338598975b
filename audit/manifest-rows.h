/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rows of a manifest file: the device and its certificate, whatever the format. Errors are
 * G_FILE_ERROR; what is no row is told in words.
 */
#pragma once

#include "audit/line-reader.h"
#include "ca/der.h"

typedef struct ManifestRows ManifestRows;

/* NULL without error where `format` is none of aws, csv and jsonl. */
ManifestRows *manifest_rows_open (const char *path, const char *format, GError **error);
void manifest_rows_close (ManifestRows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ManifestRows, manifest_rows_close)

typedef struct {
  guint64 number; /* of the row, from 1; a header is none */
  char *device;   /* owned by the rows */
  GBytes *certificate;
  const char *problem; /* why it is no row, or NULL */
} ManifestRow;

/* FALSE at the end, and with error. */
gboolean manifest_rows_next (ManifestRows *rows, ManifestRow *row, GError **error);
