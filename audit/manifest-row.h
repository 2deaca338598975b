/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One row of a manifest, whatever its format: what it says of a unit, and that all of it is about
 * one certificate. A receiver may go by any of it, so each thing that names the unit counts.
 */
#pragma once

#include "audit/digest.h"
#include "audit/json-line.h"

/* What a key or column says (JsonKey.says). */
typedef enum {
  SAYS_NOTHING, /* of the unit's identity */
  SAYS_DEVICE,
  SAYS_NAME,           /* the certificate's common name; the device where it has none */
  SAYS_LOWER_NAME,     /* that in lower case */
  SAYS_UNIQUE_ID,      /* the chip's number in hex; the device where it has none */
  SAYS_BATCH,          /* of the statement */
  SAYS_CERTIFICATE,    /* PEM */
  SAYS_BASE64,         /* the certificate in base64, on one line */
  SAYS_SHA256,         /* of the certificate, in hex, as all these */
  SAYS_REASON,         /* "certificate " and that */
  SAYS_ARN,            /* AWS's name of the certificate, which ends with that */
  SAYS_SHA1,           /* of the certificate */
  SAYS_SERIAL,         /* of the certificate */
  SAYS_CREDENTIALS_ID, /* SHA3-256 of the certificate in base64, as ThingsBoard computes it */
  SAYS_KEY_SHA256,     /* of the SubjectPublicKeyInfo */
  SAYS_KEY,            /* SubjectPublicKeyInfo, PEM */
  SAYS_X,              /* of the key on P-256, base64url */
  SAYS_Y,
  SAYS_REQUEST, /* PKCS#10, PEM */
} RowSays;
#define SAYS_COUNT (SAYS_REQUEST + 1)

typedef struct {
  guint64 number;           /* from 1; a header is none */
  const char *problem;      /* why it is no row, or NULL */
  GBytes *said[SAYS_COUNT]; /* or NULL */
  gboolean by_key;          /* `hash` is that of the SubjectPublicKeyInfo */
  guint8 hash[AUDIT_HASH];  /* of the certificate: what the row stands for */
} ManifestRow;

void manifest_row_clear (ManifestRow *row);

/* What the row said, without a NUL in it; empty where it did not. */
Span manifest_row_said (const ManifestRow *row, RowSays says);

/* Each returns what is wrong, or NULL. What is said twice must be the same. */
const char *manifest_row_say (ManifestRow *row, RowSays says, Span text);
const char *manifest_row_say_line (ManifestRow *row, const JsonLine *line);

/* All was said: fills `hash`. `batch` is the statement's. */
const char *manifest_row_finish (ManifestRow *row, const char *batch);
