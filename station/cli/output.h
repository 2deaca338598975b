/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How records (a{sv}, docs/api.md) reach people and programs: a table, one
 * record line by line, or JSON. Nothing that came from a device is printed raw.
 */
#pragma once

#include "station/cli/cli.h"

/* How a value is shown in a table. */
typedef enum {
  FIELD_TEXT,
  FIELD_NUMBER,
  FIELD_TIME,    /* microseconds since 1970: local time */
  FIELD_SECONDS, /* seconds since 1970: local time */
  FIELD_DIGEST,  /* hex: its first 16 digits in a table, whole in a record */
  FIELD_YES_NO,
  FIELD_LIST, /* as: joined by a comma */
} FieldKind;

typedef struct {
  const char *key;     /* in the record; docs/api.md */
  const char *heading; /* "SERIAL" in a table, "Serial" before a value */
  FieldKind kind;
} Field;

/* The value as text to show, "" where the record has none. Free with g_free(). */
char *field_text (GVariant *record, const Field *field, gboolean whole);

/* A table of `records` (aa{sv}), or with --json an array. `fields` ends with a NULL key. */
void cli_print_records (const Cli *cli, GVariant *records, const Field *fields);

/* One record (a{sv}) line by line, or with --json an object. */
void cli_print_record (const Cli *cli, GVariant *record, const Field *fields);

/* Any value as JSON, indented or on one line, members sorted, with a newline; characters that could
 * steer a terminal are escaped. Free with g_free(). */
char *json_text (GVariant *value, gboolean indented);

/* A member as text that is safe to show, or "". Free with g_free(). */
char *record_text (GVariant *record, const char *key);

/* Local time of the day or date and time of microseconds since 1970; free with g_free(). */
char *time_of_day (gint64 microseconds);
char *date_and_time (gint64 microseconds);
