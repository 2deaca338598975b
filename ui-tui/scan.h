/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A scanner is a keyboard that types fast. This tells its bursts from keys that a hand presses, and
 * says what a code is. Pure: time comes in as a number.
 */
#pragma once

#include "ui-tui/keys.h"
#include "ui-tui/preferences.h"

/* What has come since the last code. */
typedef struct {
  const Preferences *preferences; /* prefix, suffix, pace */
  GString *text;                  /* what may become a code, or a key */
  gint64 last_at;                 /* of its last character; monotonic microseconds */
  gboolean burst;                 /* more than one came faster than a hand types */
  GQueue ready;                   /* of ScannerEvent: known, but not yet asked for */
  char *last_code;                /* the same again at once is a stutter */
  gint64 last_code_at;
  gint64 ended_at; /* when Enter or Tab ended a code: another one belongs to it */
} Scanner;

void scanner_init (Scanner *scanner, const Preferences *preferences);
void scanner_clear (Scanner *scanner);

typedef enum {
  SCANNER_NOTHING, /* wait: more may come; ask again with scanner_wake() at scanner_deadline() */
  SCANNER_KEY,     /* `key` was pressed by a hand */
  SCANNER_CODE,    /* `code` is complete */
} ScannerResult;

typedef struct {
  ScannerResult result;
  gunichar key;
  char *code; /* prefix and suffix taken off; owned by the caller */
} ScannerEvent;

/* A character or KEY_CODE came at `now`. What it makes known about the one before comes first: call
 * scanner_wake() again until SCANNER_NOTHING. */
ScannerEvent scanner_feed (Scanner *scanner, gunichar key, gint64 now);
ScannerEvent scanner_wake (Scanner *scanner, gint64 now);
/* When to call scanner_wake(); 0: not at all. */
gint64 scanner_deadline (const Scanner *scanner);

/* FALSE for a code with characters that no code of ours has: its scanner takes the keyboard for
 * another country's. */
gboolean scan_fits_keyboard (const char *text);

typedef enum {
  CODE_UNKNOWN,
  CODE_REQUEST, /* a control barcode */
  CODE_SLOT,
  CODE_BATCH,  /* the name of a batch */
  CODE_SERIAL, /* for a slot that waits, where the running batch scans */
  CODE_BADGE,
} CodeKind;

typedef struct {
  CodeKind kind;
  Request request;
  guint slot;
} Code;

/* What `text` is, given what the model knows: control codes first, then a configured badge prefix,
 * batches by name, serials where the running batch wants them, and badges for what is left. */
Code scan_judge (const char *text, const Model *model, const Preferences *preferences);
