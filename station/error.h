/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the station itself finds wrong, beside the errors of drivers, CA and ledger.
 */
#pragma once

#include <glib.h>

typedef enum {
  STATION_ERROR_OTHER_KEY,       /* the chip made a key of another kind than it was asked for */
  STATION_ERROR_WRONG_CERT,      /* the signer's certificate is not for the key of the CSR */
  STATION_ERROR_SERVER_ROOTS,    /* the server roots that the profile names can't be read */
  STATION_ERROR_OLD_SIGNER_LOG,  /* the signer's log lacks entries that the ledger has */
  STATION_ERROR_OTHER_SIGNER,    /* the signer's chain is not usable */
  STATION_ERROR_CONFIG,          /* keycradle.conf or slots.conf says something impossible */
  STATION_ERROR_NO_SLOT,         /* there is no slot of that number */
  STATION_ERROR_SLOT,            /* the slot can't do that now */
  STATION_ERROR_REFUSED,         /* what is in the slot is allowed by no match, or shows too much */
  STATION_ERROR_NEEDS_APPROVAL,  /* the act waits as a request for a second person */
  STATION_ERROR_CA_NOT_ACCEPTED, /* nobody has said yet that this CA may issue here */
} StationError;

#define N_STATION_ERRORS (STATION_ERROR_CA_NOT_ACCEPTED + 1)

#define STATION_ERROR (station_error_quark ())
GQuark station_error_quark (void);

/* The stable word for `code`, as in "old-signer-log". */
const char *station_error_word (StationError code);
