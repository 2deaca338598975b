/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A collection of evidence, entered with the signer's own code and signed by keys of the test's:
 * the base of what audit/ must find right, and of each mutation that it must find wrong.
 */
#pragma once

#include <openssl/x509.h>

#include "audit/audit.h"
#include "ca/log/log.h"
#include "ca/proof/report.h"
#include "ca/proof/ticket.h"
#include "tests/unit/ca/make-entry.h"

#define STORY_START G_GINT64_CONSTANT (1763800000000000) /* microseconds */

typedef struct {
  EVP_PKEY *key;
  X509 *certificate;
  char *path; /* PEM */
} StorySigner;

typedef struct {
  char *folder;     /* of the test */
  char *collection; /* a folder within */
  char *log_path;
  EntryMaker *maker;
  IssuanceLog *log;
  StorySigner station;
  StorySigner owner;
  guint64 made; /* certificates */
  gint64 now;
  guint64 reports;
  gboolean clock_reset; /* tickets say so */
} Story;

Story *story_new (void);
void story_free (Story *story);

/* Each appends one entry; its place. `batch` is a name that serial_is_valid(). */
guint64 story_certify (Story *story, const char *batch);
guint64 story_append (Story *story, LogEntry *entry);
/* With a LogSize of all that is there. */
guint64 story_ticket (Story *story, guint64 number, const char *batch, guint count);
/* The batch's report as the log has it, changed by `change` (may be NULL) before it is signed. */
guint64 story_report (Story *story, const char *batch, void (*change) (Report *report));

/* The statement about a manifest of the batch (format csv), and beside `path` as FILE.p7s.
 * `content` goes to `path`. */
guint64 story_manifest (Story *story, const char *batch, const char *path, const char *content,
                        guint64 rows);
/* Its first line. */
#define STORY_HEADER                                                                               \
  "device,batch,profile,sha256,sha1,spki-sha256,serial-number,not-before,not-after,chip-id,model," \
  "pem\r\n"
/* A row of such a manifest: the certificate of entry `index` for `device` (NULL: its own); or of an
 * entry that is in no log. Free with g_free(). */
char *story_row (Story *story, guint64 index, const char *device);
char *story_row_of (const LogEntry *entry, const char *device);

/* A checkpoint of all that is there, appended to the file. */
void story_checkpoint (Story *story, const char *path);

/* SHA-256 of the station's key, hex. Free with g_free(). */
char *story_station (const Story *story);

/* The log's file, and another one in its place. */
GBytes *story_log (const Story *story);
void story_put_log (const Story *story, const void *data, gsize length);

/* With the station's certificate pinned, the owner's, and `kept` (may be NULL). */
AuditResult *story_verify (const Story *story, const char *kept);
/* The first thing that is wrong ("log 3"), or "" ; free with g_free(). */
char *story_first_wrong (const Story *story, const char *kept);
