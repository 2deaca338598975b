/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Everything that can be asked of the screen, in one table (keys.c): key, control barcode, footer,
 * help overlay and the man page's table are made from it. Views and acts know requests, never keys.
 */
#pragma once

#include <glib.h>

#include "ui-tui/model.h"

typedef enum {
  REQUEST_NONE,
  /* everywhere */
  REQUEST_HELP,
  REQUEST_LINE,
  REQUEST_BATCH,
  REQUEST_DEVICE,
  REQUEST_CA,
  REQUEST_LOG,
  REQUEST_EXPORT,
  REQUEST_SLOTS,
  REQUEST_LANGUAGE,
  REQUEST_LOCK,
  REQUEST_QUIT,
  REQUEST_TYPE, /* a code by hand, in place of a scan */
  REQUEST_REDRAW,
  /* moving */
  REQUEST_UP,
  REQUEST_DOWN,
  REQUEST_LEFT,
  REQUEST_RIGHT,
  REQUEST_PAGE_UP,
  REQUEST_PAGE_DOWN,
  REQUEST_FIRST,
  REQUEST_LAST,
  REQUEST_NEXT_FIELD,
  REQUEST_ENTER,
  REQUEST_BACK,
  REQUEST_FILTER,
  /* slots */
  REQUEST_ACKNOWLEDGE, /* the focused slot, or the only one that failed, or all */
  REQUEST_RETRY,       /* run the focused slot's device again */
  REQUEST_DISABLE,     /* or enable, the focused slot; supervisor */
  REQUEST_LEARN,       /* supervisor */
  REQUEST_SWAP,        /* supervisor */
  /* batches */
  REQUEST_NEW, /* supervisor */
  REQUEST_START,
  REQUEST_PAUSE, /* supervisor */
  REQUEST_CLOSE, /* supervisor */
  /* devices */
  REQUEST_RETRY_USED, /* supervisor */
  REQUEST_VOID,       /* supervisor */
  REQUEST_TRANSCRIPT,
  /* health */
  REQUEST_APPROVALS, /* what waits for a second supervisor */
  /* log */
  REQUEST_FOLLOW,
  REQUEST_TOGGLE, /* audit events or attempts */
  /* export */
  REQUEST_RANGE, /* all, or only what is new */
  REQUEST_FILE,  /* another file */
  REQUEST_RUN,
} Request;

#define N_REQUESTS (REQUEST_RUN + 1)

/* Keys beyond the characters, so that this table needs no curses. */
enum {
  KEY_CODE_BASE = 0x110000,        /* behind the last character of Unicode */
  KEY_CODE_F1 = KEY_CODE_BASE + 1, /* F1 to F12 in a row */
  KEY_CODE_F12 = KEY_CODE_F1 + 11,
  KEY_CODE_UP,
  KEY_CODE_DOWN,
  KEY_CODE_LEFT,
  KEY_CODE_RIGHT,
  KEY_CODE_PAGE_UP,
  KEY_CODE_PAGE_DOWN,
  KEY_CODE_HOME,
  KEY_CODE_END,
  KEY_CODE_ENTER,
  KEY_CODE_ESCAPE,
  KEY_CODE_TAB,
  KEY_CODE_BACKSPACE,
  KEY_CODE_DELETE,
};

#define IN_VIEW(kind) (1u << (kind))
#define IN_ALL_VIEWS ((1u << N_VIEWS) - 1u)

typedef struct {
  Request request;
  gunichar key; /* a character (letters: small; capitals do the same) or a KEY_CODE; 0: none */
  const char *key_name; /* "F2", "a", "Enter"; translated where it is drawn */
  const char *code;     /* the control barcode: "KCSEEN" */
  guint views;          /* IN_VIEW bits */
  gboolean footer;      /* stands in the footer there */
  gboolean supervisor;  /* asks for the supervisor */
  const char *label;    /* a word for the footer, to be translated */
  const char *help;     /* a sentence for the overlay, to be translated */
} Key;

/* Ended by REQUEST_NONE. The order is the footer's and the help's. */
extern const Key key_table[];

/* What `key` asks for in `view`; REQUEST_NONE. */
Request key_request (ViewKind view, gunichar key);

/* The table's first line for `request`; NULL. */
const Key *key_of_request (Request request);

/* What brings a view: the views' requests stand in the order of ViewKind. */
Request request_of_view (ViewKind view);

/* ---- control barcodes ---- */

/* Codes are capitals that every keyboard layout has in the same place (no A M Q W Y Z), so that a
 * scanner with the wrong layout still works. */
#define CODE_LETTERS "BCDEFGHIJKLNOPRSTUVX"

/* What a control barcode asks for, case ignored; REQUEST_NONE. */
Request code_request (const char *code);
/* "KCSLOT" and the number in the letters BCDFGHJKLN: "KCSLOTCC" is 11. Free with g_free(). */
char *code_of_slot (guint slot);
/* 0 where it is no slot's. */
guint code_slot (const char *code);
