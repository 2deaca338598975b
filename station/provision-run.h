/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the parts of the procedure share: provision.c (the whole and its ends),
 * provision-certificate.c (key and certificate), provision-deliver.c (back to the device),
 * provision-finished.c (a unit that has passed already), provision-return.c (one that comes back to
 * be renewed).
 */
#pragma once

#include "db/renewal.h"
#include "station/provision.h"

/* Milliseconds that a step may take of the attempt's time: a silent device is given up early,
 * while a chip may need minutes for an RSA key. */
#define IDENTIFY_TIME 10000
#define EXCHANGE_TIME 30000
#define INSTALL_TIME 60000
#define SIGNER_TIME 10000 /* for a signer that is being started again */

/* What has been found out, step by step. */
typedef struct {
  const ProvisionContext *context;
  ProvisionState state;
  char *transcript; /* its name, once the attempt has begun */
  GString *steps;   /* notes of what was entered without a port */
  Transport *transport;
  DriverOptions *options;
  Session *session;
  DeviceIdentity *identity; /* as the device says it is, from the open port on */
  Device *device;           /* as the ledger knows it */
  KeyKind key_kind;
  GBytes *csr;
  GBytes *csr_spki;      /* SubjectPublicKeyInfo out of the CSR */
  IssuanceEntry *issued; /* what the signer answered */
  gint64 certificate_id; /* in the ledger */
  GBytes *certificate;   /* DER: what goes to the device */
  gboolean resumed;      /* it is the one the device had before */
  gboolean locked;       /* the device refused to be written: it was locked before */
  GPtrArray *chain;
  GPtrArray *roots;
  gboolean installed;   /* what the device was given, as far as its family takes it: */
  InstalledTrust trust; /* borrowed from `roots` and the profile */
} Run;

/* Shows which step is next. */
void run_enter (Run *run, Step step);

/* The attempt's deadline, or `milliseconds` from now where that is sooner. */
Deadline run_within (const Run *run, guint milliseconds);

/* Sets a DRIVER_ERROR and returns FALSE. */
gboolean run_refuse (GError **error, DriverError code, const char *why);

void run_clear (Run *run);

/* The first two steps. */
gboolean run_open_port (Run *run, GError **error);
gboolean run_identify (Run *run, GError **error);

/* Has a unit that has passed prove the key of its verified certificate. DRIVER_ERROR_PROOF where it
 * can't. */
gboolean run_prove_finished (Run *run, const Device *device, GError **error);

/* Finds out whether the device still holds the key of the certificate that it was issued before;
 * run->resumed tells. Where it does not, that certificate is voided, on record. */
gboolean run_resume (Run *run, GError **error);

/* The batch replaces `live`, which is another batch's. */
gboolean run_is_renewal_of (const Run *run, const Certificate *live);

/* Has the device prove the key of `live` before it makes another one; on record. DRIVER_ERROR_PROOF
 * where it can't, unless it did before in this batch, or a supervisor let it in. */
gboolean run_prove_old_key (Run *run, const Certificate *live, GError **error);

/* Roots and endpoint alone: has the device prove the certificate that it keeps. UNSUPPORTED where
 * its family can't be given what the profile has. */
gboolean run_keep_certificate (Run *run, GError **error);

/* Asks where the key of run->csr was made, as far as the profile wants to know: what the device
 * shows is judged, and is in the ledger before this returns TRUE. DRIVER_ERROR_ATTESTATION where
 * the profile requires more than there is. */
gboolean run_attest (Run *run, GError **error);

/* The same for the key of run->certificate, which the device had before: what was shown of it then
 * still holds. `unable` where the profile requires evidence and there is none to be had of this key
 * any more: then the device needs a new one. */
gboolean run_attest_resumed (Run *run, gboolean *unable, GError **error);

/* Has the chip make a key and the signer a certificate, and stores that. */
gboolean run_make_certificate (Run *run, GError **error);

/* Writes the certificate and what belongs to it, reads it back, has the key proven. */
gboolean run_deliver (Run *run, GError **error);
