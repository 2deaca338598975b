/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A profile: the template of a certificate, and what goes to the device with it.
 * One GKeyFile in profiles.d, NAME.profile. The signer reads it to build certificates,
 * the station to know what to install; both compare the file's SHA-256, so that no
 * certificate is made by another template than the station believes.
 *
 *   [certificate]
 *   Subject=CN=${serial},O=Example            attributes in the order in which they stand in the
 * certificate; C ST L O OU CN serialNumber dnQualifier title; ${serial} ${chip} ${batch} ${product}
 *   CA=2026                                   the CA that signs; absent: the signer's Issuing=
 *   Validity=3650d | until-ca | 2049-12-31T23:59:59Z | 99991231235959Z | 2030-01-31
 *   KeyUsage=digitalSignature                 list by ';'
 *   ExtendedKeyUsage=clientAuth               list by ';', may be empty
 *   BackdateSeconds=60
 *
 *   [device]
 *   Key=p-256                                 which key the chip makes: a list by ';', best first;
 * the first one the device can make is used Chain=yes                                 install the
 * chain ServerRoots=auto | none | amazon-root-ca-1;amazon-root-ca-3 | /path.pem
 *   Endpoint=abc-ats.iot.eu-west-1.amazonaws.com
 *   Lock=no                                   lock the device at the end, where its family can
 *
 * An unknown group or key is an error that names file and line.
 */
#pragma once

#include <glib.h>
#include <time.h>

#include "ca/error.h"

typedef enum {
  VALIDITY_DAYS,     /* so many days from now */
  VALIDITY_UNTIL,    /* a fixed last second */
  VALIDITY_UNTIL_CA, /* as long as the CA itself */
} ValidityKind;

typedef struct {
  char *name;
  char *sha256; /* lower-case hex of the file */
  /* [certificate] */
  char *authority; /* the CA that signs; NULL: the one that the signer issues with */
  char *subject;
  ValidityKind validity;
  guint days;
  gint64 until; /* seconds since 1970; 253402300799 for 9999-12-31T23:59:59Z */
  char **key_usage;
  char **extended_key_usage;
  guint backdate_seconds;
  /* [device] */
  char **keys; /* words such as "p-256" */
  gboolean install_chain;
  char **server_roots; /* as written */
  char *endpoint;      /* or NULL */
  gboolean lock;
} Profile;

/* CA_ERROR_PROFILE with file and line. */
Profile *profile_load (const char *path, GError **error);
void profile_free (Profile *profile);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Profile, profile_free)

/* Every *.profile of `folder`, name → Profile; one bad file is an error for all. */
GHashTable *profile_load_folder (const char *folder, GError **error);
