/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A batch of devices that passed, exported and verified in one call.
 */
#pragma once

#include "db/manifest.h"
#include "fixture.h"

#define DEVICES 5

/* The issuing CA and the ledger with batch "b1" of chip-0 to chip-4. */
extern GBytes *ca;
extern Fixture f;

void set_up (void);
void tear_down (void);

/* The whole file; `summary` may be NULL. */
char *export_text (const char *format, ManifestSummary **summary);
/* Batch, CA and descriptor are filled in; confirmed. */
char *export_part (ManifestOrder order, ManifestSummary **summary);
void refuse_export (ManifestOrder order, LedgerError code, const char *words);
/* What would be left out. */
char *check_order (ManifestOrder order, ManifestSummary **summary);
/* Only what is new. */
char *export_new (const char *format, ManifestSummary **summary);
/* Of which nobody said that the file got its name. */
char *export_lost (const char *format, gboolean new_only, ManifestSummary **summary);
/* With somebody to tell of it. */
char *export_told (const char *format, gboolean new_only,
                   void (*progress) (guint64 rows, guint64 total, gpointer data), gpointer data);
/* As ordered, but for batch, CA, file and actor; NULL where it is refused. */
char *export_as (ManifestOrder order, ManifestSummary **summary, GError **error);
void keep_requests (void);
/* Of AWS with a policy and a thing type, too. */
void add_target (const char *name, const char *kind, const char *mode, const char *thing_group);
ManifestVerdict *verify_bytes (const char *text, gsize length);
ManifestVerdict *verify_text (const char *text);
ManifestVerdict *verify_signed (const char *text, GBytes *station_certificate);

gboolean has_problem (const ManifestVerdict *verdict, const char *part);
/* `text` is not genuine, and one of its problems says `part`. */
void assert_problem (const char *text, const char *part);

/* `text` with the first `from` made `to`. */
char *replaced (const char *text, const char *from, const char *to);
char *pem_of (const char *device);
