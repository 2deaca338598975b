/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A profile: the template of a certificate, and what goes to the device with it.
 * One GKeyFile in profiles.d, NAME.profile. The signer reads it to build certificates,
 * the station to know what to install; both compare the file's SHA-256, so that no
 * certificate is made by another template than the station believes.
 * keycradle-profile(5) lists the keys.
 *
 * An unknown group or key is an error that names file and line.
 */
#pragma once

#include <glib.h>
#include <time.h>

#include "base/keyfile.h"
#include "ca/error.h"
#include "ca/profile/profile-kind.h"
#include "ca/profile/subject.h"

typedef enum {
  VALIDITY_DAYS,     /* so many days from now */
  VALIDITY_YEARS,    /* so many years from when it begins, by the calendar */
  VALIDITY_UNTIL,    /* a fixed last second */
  VALIDITY_UNTIL_CA, /* as long as the CA itself */
} ValidityKind;

typedef enum {
  FORM_FULL,
  FORM_COMPRESSED, /* can be made anew from 72 bytes; see ca/issue/compressed.h */
} CertificateForm;

/* Whether a device must show where its key was made; see docs/attestation.md. */
typedef enum {
  ATTESTATION_NOT_ASKED,
  ATTESTATION_PREFERRED, /* kept where there is any */
  ATTESTATION_REQUIRED,  /* verified, or no certificate */
} AttestationPolicy;

/* 9999-12-31T23:59:59Z, which means that there is no end (RFC 5280, 4.1.2.5). */
#define NO_END G_GINT64_CONSTANT (253402300799)

typedef struct {
  char *name;
  char *sha256; /* lower-case hex of the file */
  /* [certificate] */
  char *authority; /* the CA that signs; NULL: the one that the signer issues with */
  ProfileKind kind;
  CertificateForm form;
  char *subject;    /* as written; may be empty where other names stand in for it */
  char *vendor_id;  /* Matter's, four digits of upper-case hex, or NULL */
  char *product_id; /* the same */
  ValidityKind validity;
  guint days;
  guint years;
  gint64 until; /* seconds since 1970 */
  char **key_usage;
  char **extended_key_usage;
  guint backdate_seconds;
  char **alternative_names; /* see ca/profile/alternative-name.h */
  char *hardware_type;      /* an object identifier, or NULL */
  char **policies;          /* object identifiers */
  char **crl_urls;
  char **issuer_urls;
  char *masa_url; /* or NULL */
  gboolean subject_key_id;
  /* [device] */
  char **keys;          /* words such as "p-256", best first */
  gboolean keys_listed; /* the profile has Key=: a certificate is for one of these alone */
  gboolean install_chain;
  char **server_roots; /* as written */
  char *endpoint;      /* or NULL */
  gboolean lock;
  gboolean keep_request; /* the ledger keeps the CSR with the certificate */
  AttestationPolicy attestation;
  char **attestation_roots; /* absolute paths; the station reads them */
  /* [driver NAME]: what the product's driver is told; of KeyfileSetting. The station judges them.
   */
  GPtrArray *driver_settings;
} Profile;

/* CA_ERROR_PROFILE with file and line. */
Profile *profile_load (const char *path, GError **error);
void profile_free (Profile *profile);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Profile, profile_free)

SubjectPattern profile_subject (const Profile *profile);

/* FALSE where the certificate's subject is empty. */
gboolean profile_has_subject (const Profile *profile);

/* Every *.profile of `folder`, name → Profile; one bad file is an error for all. */
GHashTable *profile_load_folder (const char *folder, GError **error);
