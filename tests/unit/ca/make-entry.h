/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Entries of the issuance log by the million: each is for another device, with a certificate of its
 * own key and serial, as our signer makes them.
 */
#pragma once

#include "ca/log/log-format.h"

#define ENTRIES_A_BATCH 10000

typedef struct EntryMaker EntryMaker;

/* Of the CA that folder_fill() made in `folder`. With `real`, each key is one and each signature
 * verifies, which costs some 60 microseconds; else both are noise in the right place. */
EntryMaker *entry_maker_new (const char *folder, gboolean real);
void entry_maker_free (EntryMaker *maker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EntryMaker, entry_maker_free)

/* SHA-256 of the CA's SubjectPublicKeyInfo, for the log's header; and its certificate. */
const guint8 *entry_maker_origin (const EntryMaker *maker);
Span entry_maker_authority (const EntryMaker *maker);

/* Entry `number`; device SN-%010 and batch B-%05 tell the number. What it points to is the maker's
 * until its next entry. `signed_at` is the caller's to set. */
void entry_make (EntryMaker *maker, guint64 number, LogEntry *entry);

/* The same as a frame of the log. */
void entry_frame (const LogEntry *entry, GByteArray *frame);
