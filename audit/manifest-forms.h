/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How manifests of each format are laid out (docs/manifests.md): read back from nothing but what
 * stands in them.
 */
#pragma once

#include "audit/manifest-row.h"

typedef enum {
  FORM_LINES,     /* an object of JSON a line */
  FORM_ENVELOPES, /* up to ten of them in a line */
  FORM_ARRAY,     /* an array of them, each a line; they are signed one by one */
  FORM_TABLE,     /* CSV: the keys are columns */
  FORM_CALLS,     /* calls for the aws CLI, with tabs between */
} FormShape;

typedef struct {
  const char *name;
  FormShape shape;
  gboolean headed; /* a table with a header, and with CRLF */
  const JsonMember *member;
  const JsonMember *other; /* another way to say it; or NULL */
} ManifestForm;

/* NULL where no format has that name. */
const ManifestForm *manifest_form (const char *name);

/* What an element of the array signs: the payload of its JWS. */
extern const JsonMember manifest_payload;

/* A call for the aws CLI. */
typedef struct {
  guint place;       /* they stand in this order, one of each place; those up to 2 must be there */
  JsonMember member; /* named as the operation */
} ManifestCall;

extern const ManifestCall manifest_calls[]; /* ended by one without name */

/* ---- rows without their line's end; each returns what is wrong, or NULL ---- */

gboolean manifest_table_is_header (const ManifestForm *form, const GString *record);
const char *manifest_read_table (ManifestRow *row, const ManifestForm *form, const GString *record);

const char *manifest_read_calls (ManifestRow *row, const GString *record, JsonLine *line);

/* `station` is its certificate (DER); NULL: signatures are not verified. `line` was read already.
 */
const char *manifest_read_element (ManifestRow *row, const JsonLine *line, GBytes *station);
