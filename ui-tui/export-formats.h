/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The formats of manifests that the screen offers, with what each is for; a test holds the table
 * against the daemon's writers.
 */
#pragma once

#include <glib.h>

typedef struct {
  const char *name;   /* the daemon's: "aws" */
  const char *suffix; /* of the file: ".ndjson" */
  const char *use;    /* what it is for, to be translated */
} ExportFormat;

/* Ended by a NULL name. */
extern const ExportFormat export_formats[];

/* NULL where there is none of that name. */
const ExportFormat *export_format_find (const char *name);
