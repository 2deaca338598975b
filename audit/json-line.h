/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One line of ledger.jsonl: an object with one member, whose value is an object of texts, whole
 * numbers and flags. A strict reader of its own, as a million lines are to be read and every byte
 * is somebody else's: nothing nested deeper, no key twice, UTF-8 (RFC 8259).
 */
#pragma once

#include <glib.h>

#include "ca/der.h"

typedef enum { JSON_NUMBER, JSON_TEXT, JSON_FLAG } JsonKind;

typedef struct {
  const char *name;
  JsonKind kind;
  gboolean optional;
} JsonKey;

#define JSON_MOST_KEYS 20

typedef struct {
  const char *name;
  JsonKey keys[JSON_MOST_KEYS]; /* ended by one without name */
} JsonMember;

typedef struct {
  gboolean present;
  gint64 number; /* a flag: 0 or 1 */
  Span text;     /* without its escapes */
} JsonValue;

typedef struct {
  const JsonMember *member;
  JsonValue values[JSON_MOST_KEYS]; /* in the order of its keys */
  GByteArray *texts;                /* what had escapes */
} JsonLine;

void json_line_init (JsonLine *line);
void json_line_clear (JsonLine *line);

/* Reads `length` bytes as one of `members` (ended by one without name); the values point into
 * `data` or the line. NULL, or what is wrong with it. */
const char *json_line_read (JsonLine *line, const JsonMember *members, const char *data,
                            gsize length);

/* The same for an object that is not within another: it has the keys of `member`. */
const char *json_line_read_flat (JsonLine *line, const JsonMember *member, const char *data,
                                 gsize length);
