/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From the daemon's records (a{sv}) to plain structs, by tables: one reads, the same one clears.
 * What comes may be of a newer daemon, or wrong: keys that are unknown or of another type are
 * dropped, texts are made safe to show.
 */
#pragma once

#include <glib.h>

typedef enum {
  RECORD_TEXT,   /* s: char *, one line that is safe to show */
  RECORD_LINES,  /* s: char *, several such lines */
  RECORD_WORDS,  /* as: char ** */
  RECORD_NUMBER, /* u: guint */
  RECORD_LARGE,  /* t: guint64 */
  RECORD_TIME,   /* x: gint64 */
  RECORD_FLAG,   /* b: gboolean */
  RECORD_CHOICE, /* s, one of `words`: an enum that counts from 0 */
  RECORD_INSIDE, /* a{sv}: a struct in place, by `table` */
  RECORD_LIST,   /* aa{sv}: GPtrArray * of structs, by `table`; NULL until there was one */
} RecordKind;

typedef struct RecordTable RecordTable;

typedef struct {
  const char *key;
  RecordKind kind;
  gsize offset;
  const RecordTable *table;
  const char *const *words; /* ended by NULL */
} RecordField;

struct RecordTable {
  gsize size;                /* of the struct */
  const RecordField *fields; /* at most 64, ended by a NULL key */
  void (*free) (void *item); /* what record_clear() and g_free() do, for lists of it */
};

/* Brings `target` up to date. A value whose key is missing becomes NULL or 0; but what is INSIDE, a
 * LIST or a CHOICE stays, because only some records tell it. What is the same is not touched. */
void record_read (const RecordTable *table, GVariant *record, void *target);

/* The same with a record that has only what is new: what is missing stays. */
void record_update (const RecordTable *table, GVariant *record, void *target);

/* Frees what `target` holds and makes it all zero. */
void record_clear (const RecordTable *table, void *target);

/* A new list of structs, from aa{sv}; empty where `list` is anything else. Free with
 * g_ptr_array_unref(). */
GPtrArray *record_read_list (const RecordTable *table, GVariant *list);

extern const RecordTable tile_table;
extern const RecordTable failure_table;
extern const RecordTable batch_table;
extern const RecordTable authority_table;
extern const RecordTable ca_table;
extern const RecordTable export_table;
extern const RecordTable count_table;
extern const RecordTable health_table;
extern const RecordTable device_table;
extern const RecordTable step_table;
extern const RecordTable attempt_table;
extern const RecordTable certificate_table;
extern const RecordTable event_table;
extern const RecordTable operator_table;
extern const RecordTable profile_table;
