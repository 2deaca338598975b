/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the screen knows: the station as the daemon tells it, and what the operator has done to the
 * screen itself. Plain structs, no terminal and no bus: client.c fills in the first half, app.c the
 * second, views only read. Texts in it are safe to show. Times are microseconds since 1970.
 */
#pragma once

#include <glib.h>

/* ---- the station, as records of docs/api.md ---- */

typedef enum {
  TILE_EMPTY,
  TILE_WAITING,
  TILE_WORKING,
  TILE_PASS,
  TILE_FAIL,
  TILE_DISABLED,
} TileState;

/* A slot. */
typedef struct {
  guint number;
  TileState state;
  gboolean enabled;
  gboolean present;      /* a device is plugged in */
  gboolean acknowledged; /* the FAIL was seen */
  char *disabled_reason;
  char *waiting_for; /* "batch", "ca", "serial", "stopping" */
  char *bound_serial;
  char *port;
  char *binding; /* "port": by the configuration file; "id-path": learned */
  char *driver;
  char *device;
  char *model;
  char *batch;
  gint64 attempt;
  char *step;
  guint step_number;
  guint steps;
  gint64 started_at;
  gint64 ended_at;
  char *reason;
  char *operator_text; /* English: shown by way of gettext */
  char *detail;
  guint passed; /* since the daemon's start */
  guint failed;
} Tile;

typedef struct {
  char *reason;
  char *slot;
  guint count;
  gint64 last_at;
  char *operator_text;
} FailureBar;

typedef struct {
  char *name;
  char *product;
  char *profile;
  char *kind;  /* "new", "renew", "refresh" */
  char *state; /* "created", "running", "paused", "closed" */
  guint target;
  guint passed;
  guint failed;
  guint attempts;
  guint devices;
  guint first_passed;
  guint first_failed;
  guint passed_last_hour;
  guint pace_passed; /* of these, since pace_since; 0: there was no attempt yet */
  gint64 pace_since;
  gint64 cycle_time; /* microseconds; 0: unknown */
  gboolean serial_scan;
  char *serial_pattern;
  char *serial_prefix;
  guint64 serial_first;
  guint64 serial_last;
  guint serial_width; /* numbers are filled up with zeros to it */
  guint64 ticket;     /* the number of the owner's ticket; 0: none is demanded, or known */
  guint ticket_count;
  guint ticket_remaining;
  gint64 created_at;
  char *created_by;
  GPtrArray *failures; /* of FailureBar; NULL until the batch was asked for alone */
} BatchLine;

/* One of the signer's CAs. */
typedef struct {
  char *name;
  char *subject;
  char *problem;   /* why it can't sign, or NULL */
  char **warnings; /* what soon will be wrong */
} AuthorityLine;

typedef struct {
  char *subject;
  char *key;
  char *fingerprint;
  gint64 not_before; /* seconds */
  gint64 not_after;
  gint64 days_left;
  gboolean demo;
  guint64 log_size;
  char *log_origin;
  gboolean reachable;
  char *problem;
  GPtrArray *authorities; /* of AuthorityLine, or NULL */
} CaHealth;

typedef struct {
  gint64 at;
  char *actor;
  char *batch;
  char *format;
  gboolean new_only;
  guint64 rows;
  guint64 bytes;
  char *sha256;
} ExportLine;

/* How many units an export of a batch would have now. */
typedef struct {
  char *format;
  char *batch;
  guint64 units;
  guint64 new_units; /* that no confirmed export in this format had */
} FormatCount;

/* The status record. */
typedef struct {
  char *station;
  char *version;
  char *mode; /* "demo", "production" */
  gint64 started_at;
  char *batch; /* that runs, or NULL */
  char *role;  /* of this screen */
  char *user;
  char *authorized; /* the supervisor who let this screen act */
  char *operator_name;
  char *operator_language;
  char *auditor;   /* who reads at this screen and does nothing else, or NULL */
  guint operators; /* how many may sign in; 0: nobody has to */
  guint approvals; /* how many requests wait for a second supervisor */
  char *next_serial;
  guint64 disk_free; /* bytes */
  guint64 disk_size;
  char *clock; /* "synchronised", "free", "unknown" */
  char *ledger;
  char *transcripts;
  guint64 keys_seen; /* 0: none yet, or not told */
  guint64 keys_checked;
  guint64 weak_units; /* whose key another unit's gives away: to be voided */
  char *keys_problem; /* why the last check failed, or NULL */
  char **warnings;
  char **alarms; /* those of them for which nothing is issued */
  CaHealth ca;
  ExportLine last_export; /* at is 0 where there was none */
} Health;

typedef struct {
  char *serial;
  char *chip_id;
  char *batch;
  char *driver;
  char *model;
  char *firmware;
  char *state;
  gint64 created_at;
  guint attempts;
  char *certificate; /* SHA-256 */
} DeviceLine;

typedef struct {
  char *step;
  gint64 at;
} StepTime;

typedef struct {
  gint64 id;
  char *slot;
  char *batch;
  char *device;
  char *driver;
  char *operator_name;
  gint64 started_at;
  gint64 ended_at;
  char *result; /* "running", "passed", "failed", "interrupted" */
  char *step;
  char *reason;
  char *operator_text;
  char *detail;
  char *transcript; /* NULL until the attempt was asked for alone */
  GPtrArray *steps; /* of StepTime; the same */
} AttemptLine;

typedef struct {
  char *device;
  char *batch;
  char *profile;
  char *serial_number;
  char *sha256;
  char *sha1;
  char *spki_sha256;
  char *subject;
  char *issuer;
  char *key;
  gint64 not_before; /* seconds */
  gint64 not_after;
  char *state;
  char *status;
  char *void_reason;
  guint64 log_index;
  gint64 issued_at;
  gint64 verified_at;
  char **registrations; /* "production ACTIVE"; NULL where it is registered nowhere */
} CertificateLine;

typedef struct {
  gint64 id;
  gint64 at;
  char *actor;
  char *kind;
  char *subject;
  char *detail;
} EventLine;

typedef struct {
  char *name;
  char *role;
  char *language;
  gboolean enabled;
  gboolean pin; /* one is set */
} OperatorLine;

typedef struct {
  char *name;
  char *subject;
  char **keys;
} ProfileLine;

/* The unit that the Device view shows. */
typedef struct {
  char *wanted;  /* the serial that was asked for, or NULL */
  char *problem; /* why it can't be shown, or NULL */
  DeviceLine *device;
  CertificateLine *certificate; /* or NULL */
  GPtrArray *attempts;          /* of AttemptLine, newest first */
} DeviceDetail;

/* An export that this screen runs or ran. */
typedef struct {
  gboolean running;
  guint64 rows;
  guint64 total;
  gint64 started_at;
  gint64 ended_at;
  char *path;
  char *problem; /* or NULL */
  guint64 omitted;
  guint64 bytes;
  char *sha256;
} ExportRun;

/* ---- the screen itself ---- */

typedef enum {
  VIEW_LINE,
  VIEW_BATCH,
  VIEW_DEVICE,
  VIEW_CA,
  VIEW_LOG,
  VIEW_EXPORT,
  VIEW_SLOTS,
} ViewKind;

#define N_VIEWS (VIEW_SLOTS + 1)

/* What a list shows of itself. */
typedef struct {
  guint selected; /* row, among those that pass the filter */
  guint top;      /* the first that is shown */
  char *filter;   /* or NULL */
} ListPlace;

typedef enum {
  DIALOG_NONE,
  DIALOG_CONFIRM,    /* text; Enter does it, Esc does not */
  DIALOG_INPUT,      /* text and one field */
  DIALOG_SUPERVISOR, /* text (what for); badge, then PIN: fields that show no text */
  DIALOG_FORM,       /* several fields: a new batch */
  DIALOG_CHOICE,     /* text and a list: language */
  DIALOG_HELP,
  DIALOG_WAIT,    /* "plug a device into slot 3 now"; Esc ends it */
  DIALOG_MESSAGE, /* text; any key or scan ends it */
} DialogKind;

typedef struct {
  const char *label; /* translated when it is drawn */
  GString *value;
  gboolean hidden;            /* drawn as stars */
  const char *const *choices; /* NULL-ended, untranslated; the value is one of them */
} Field;

typedef struct {
  DialogKind kind;
  char *title;       /* translated already */
  char *text;        /* translated already; may have several lines */
  GPtrArray *fields; /* of Field */
  guint field;       /* the one that is typed into; for CHOICE the selected line */
  char **choices;    /* for CHOICE */
  char *problem;     /* what was wrong with the last try */
} Dialog;

typedef enum { NOTICE_INFORMATION, NOTICE_GOOD, NOTICE_BAD } NoticeKind;

typedef struct {
  gboolean connected;
  char *disconnected_because; /* a sentence; NULL while connected */
  gint64 now;                 /* when this was last looked at: views ask no clock */

  Health health;
  GPtrArray *tiles;     /* of Tile, by number */
  GPtrArray *batches;   /* of BatchLine, newest first */
  GPtrArray *events;    /* of EventLine, newest first */
  GPtrArray *attempts;  /* of AttemptLine, newest first: for the Log view */
  GPtrArray *exports;   /* of ExportLine, newest first */
  GPtrArray *counts;    /* of FormatCount, for the batch that Export shows */
  GPtrArray *operators; /* of OperatorLine */
  GPtrArray *profiles;  /* of ProfileLine */
  GPtrArray *formats;   /* of char *: what Export can write */
  DeviceDetail detail;
  ExportRun run;

  ViewKind view;
  guint focus; /* the slot that keys act on; 0: none */
  guint page;  /* of the tiles, where not all fit; who moves the focus turns the page with it */
  /* How many tiles stood in a row and on a page when the line was last drawn; 0: it was not. */
  guint grid_columns;
  guint grid_tiles;
  gboolean health_fits; /* the Health view showed all of it when it was last drawn */
  ListPlace lists[N_VIEWS];
  gboolean filtering;       /* keys go into the view's filter */
  gboolean log_attempts;    /* the Log view shows attempts, not audit events */
  gboolean follow;          /* it stays at the newest */
  gboolean show_transcript; /* the Device view shows the selected attempt's dialogue */
  guint transcript_top;
  guint export_format; /* index in formats */
  gboolean export_new_only;
  GString *export_path;
  Dialog dialog;

  GString *scan;   /* what was scanned or typed so far */
  gboolean typing; /* by hand: the field takes every key until Enter */
  char *last_scan; /* what the last scan was, large enough to be checked; or NULL */
  char *notice;    /* one line about what was done last; or NULL */
  NoticeKind notice_kind;
  gint64 notice_until;
  guint notices; /* how many there were */
  gboolean locked;
  const char *language; /* "en", "de", "zh_CN" */
} Model;

Model *model_new (void);
void model_free (Model *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Model, model_free)

/* NULL where there is none. */
Tile *model_tile (const Model *model, guint number);
BatchLine *model_batch (const Model *model, const char *name);
/* The same where no name is exactly that: scanners and hands mix up capitals and small letters. */
BatchLine *model_batch_as_typed (const Model *model, const char *name);
BatchLine *model_running_batch (const Model *model);
/* It has reached its target. */
gboolean batch_is_done (const BatchLine *batch);
/* The format that the Export view has selected, or NULL. */
const char *model_chosen_format (const Model *model);
/* How many units an hour pass, from at least three and a minute on; 0: it can't be told yet. */
guint batch_units_per_hour (const BatchLine *batch, gint64 now);
/* The batch that the Batch view has selected, or NULL. */
BatchLine *model_selected_batch (const Model *model);
/* The attempt that the Device view has selected, or NULL. */
AttemptLine *model_selected_attempt (const Model *model);

/* What the Batch view lists now, filter applied, newest first: of BatchLine. Free with
 * g_ptr_array_unref(). */
GPtrArray *model_batch_rows (const Model *model);

/* What the Log view shows now, filter applied, newest first: of EventLine or AttemptLine. Free
 * with g_ptr_array_unref(). */
GPtrArray *model_log_rows (const Model *model);

/* TRUE where the shown view's list is filtered, or a filter is being typed. */
gboolean model_has_filter (const Model *model);

/* What a list's filter means: every word of it is somewhere in one of the texts, case ignored.
 * `texts` ends with NULL; members before it may be "" but not NULL. */
gboolean filter_matches (const char *filter, const char *const *texts);

/* One line at the bottom, for some seconds. */
void model_notice (Model *model, NoticeKind kind, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* Keeps selection and top of a list of `rows` within `visible` lines. */
void list_keep_in_sight (ListPlace *place, guint rows, guint visible);

void tile_free (Tile *tile);
void batch_line_free (BatchLine *batch);
void failure_bar_free (FailureBar *bar);
void device_line_free (DeviceLine *device);
void step_time_free (StepTime *step);
void attempt_line_free (AttemptLine *attempt);
void certificate_line_free (CertificateLine *certificate);
void event_line_free (EventLine *event);
void export_line_free (ExportLine *line);
void format_count_free (FormatCount *count);
void operator_line_free (OperatorLine *line);
void profile_line_free (ProfileLine *line);
void health_clear (Health *health);
void device_detail_clear (DeviceDetail *detail);
void field_free (Field *field);
void dialog_clear (Dialog *dialog);
