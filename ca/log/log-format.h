/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The bytes of the issuance log; docs/issuance-log.md describes them for auditors. An entry
 * has exactly one encoding, so that its hash can be a leaf of an RFC 6962 tree. Pure.
 */
#pragma once

#include <glib.h>

#include "ca/der.h"

#define LOG_MAGIC "KCISSLOG"
#define LOG_VERSION 1
#define LOG_HASH 32
#define LOG_HEADER (8 + 4 + LOG_HASH)
/* In front of an entry its length, behind it its leaf hash: merkle_leaf_hash(). */
#define LOG_FRAME (4 + LOG_HASH)
#define LOG_ENTRY_MOST (64 * 1024)

/* docs/issuance-log.md says what each puts into which field. */
typedef enum {
  LOG_ENTRY_CERTIFICATE = 1,  /* for a device */
  LOG_ENTRY_AUTHORITY = 2,    /* a CA begins to issue here */
  LOG_ENTRY_VERIFICATION = 3, /* a certificate over a cloud's registration code */
  LOG_ENTRY_CRL = 4,
  LOG_ENTRY_TICKET = 5,   /* the owner's ticket was loaded */
  LOG_ENTRY_REPORT = 6,   /* a report about a batch was signed */
  LOG_ENTRY_MANIFEST = 7, /* a statement that goes with a manifest was signed */
  LOG_ENTRY_REFUSAL = 8,  /* somebody tried what tickets or clock do not allow */
  LOG_ENTRY_CLOCK = 9,    /* from here on the clock counts from this entry's time */
  LOG_ENTRY_LOST = 10,    /* the TPM made signatures that stand in no entry */
} LogEntryType;
#define LOG_ENTRY_LAST LOG_ENTRY_LOST

/* TRUE for those that carry neither a certificate nor a signed record. */
gboolean log_entry_type_is_bare (LogEntryType type);

/* Texts and certificate point into somebody else's bytes. */
typedef struct {
  LogEntryType type;
  gint64 signed_at; /* microseconds since 1970 */
  Span batch;
  Span profile;
  guint8 profile_sha256[LOG_HASH];
  Span product;
  Span device;
  Span chip; /* empty where the device has none */
  guint8 csr_sha256[LOG_HASH];
  guint8 spki_sha256[LOG_HASH];
  Span certificate;
} LogEntry;

Span span_of_text (const char *text);
gboolean span_is_text (Span span, const char *text);

/* The encoded entry; every text has at most 255 bytes. */
GByteArray *log_entry_encode (const LogEntry *entry);

/* Reads the entry that stands at `data`; FALSE where there is none within `length`. `consumed`
 * receives how long it is, and may be NULL where it must fill `length`. */
gboolean log_entry_decode (const guint8 *data, gsize length, LogEntry *entry, gsize *consumed);

/* The file's first LOG_HEADER bytes. */
void log_header_encode (const guint8 origin[LOG_HASH], guint8 header[LOG_HEADER]);

guint32 log_read_u32 (const guint8 *data);
void log_write_u32 (guint8 *data, guint32 value);
