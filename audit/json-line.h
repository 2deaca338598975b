/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Objects of JSON whose keys are known beforehand: a line of ledger.jsonl, which is an object with
 * one member, or a row of a manifest. A strict reader of its own, as a million lines are to be read
 * and every byte is somebody else's: nothing nested deeper than the keys say, no key twice, UTF-8
 * (RFC 8259).
 */
#pragma once

#include <glib.h>

#include "ca/der.h"

typedef enum { JSON_NUMBER, JSON_TEXT, JSON_FLAG } JsonKind;

/* What is nested is named by its way: "credentials.[0].publicKey.key". No key that is read has a
 * dot in it, or begins with a bracket. */
typedef struct {
  const char *name;
  JsonKind kind;
  gboolean optional;
  guint says;        /* for whoever reads; not looked at here */
  const char *fixed; /* the only text that it may be; or NULL */
} JsonKey;

/* One that is only read. */
#define JSON_KEY(name, kind, optional)                                                             \
  {                                                                                                \
    name, kind, optional, 0, NULL                                                                  \
  }

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

/* The same for the first object of several; `end` receives the place behind it. */
const char *json_line_read_first (JsonLine *line, const JsonMember *member, const char *data,
                                  gsize length, const char **end);
