/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A registry without a station: what certificates there are in files. A certificate of a CA speaks
 * for what it signed, any other for its device, which is ACTIVE. Errors are REHEARSE_ERROR and
 * G_FILE_ERROR.
 */
#pragma once

#include "station/rehearse/registry.h"

typedef struct KnownFiles KnownFiles;

/* `path` is a file or a folder: of *.pem, *.crt and *.cer (PEM, several in a file), *.der, and
 * manifests of JSON lines (*.jsonl, *.ndjson, *.json), of which each member that is a PEM
 * certificate counts. WRONG where there is not one certificate of a device. */
KnownFiles *known_files_load (const char *path, GError **error);
void known_files_free (KnownFiles *files);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KnownFiles, known_files_free)

/* How many devices and CAs it knows. */
guint known_files_devices (const KnownFiles *files);
guint known_files_authorities (const KnownFiles *files);

/* It outlives the registry. */
RehearsalRegistry known_files_registry (KnownFiles *files);
