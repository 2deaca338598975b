/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What revocations.c and revocations-add.c share, and nobody else sees.
 */
#pragma once

#include "ca/crl/revocations.h"

/* What DER lengths of three bytes hold: some 290,000 certificates. */
#define CRL_MOST_BYTES (15 * 1024 * 1024)

/* One CA's list. */
typedef struct {
  Crl *crl; /* with what was revoked since `der` was made */
  GBytes *der;
  CrlHead head; /* of `der`, zeros where there is none */
  guint listed; /* in `der` */
  guint64 used; /* a number that is not to be used again, though its list was not released */
} KeptList;

typedef struct {
  guint64 number;
  guint8 sha256[LOG_HASH];
} LoggedList;

struct Revocations {
  char *folder;
  IssuanceLog *log;
  GMutex mutex;      /* guards what follows */
  GHashTable *lists; /* hex of the CA's origin → KeptList */
};

/* The list of `authority`, read from the disk at its first use. With the mutex held. */
KeptList *revocations_kept (Revocations *revocations, const Authority *authority, GError **error);
