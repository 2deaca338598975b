/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a certificate is for. A kind sets defaults, and rules that a profile must keep: here they
 * are for who writes certificates; ca/issue/lint-kind.c has them once more for who reads them.
 */
#pragma once

#include <glib.h>

#include "ca/profile/values.h"

typedef enum {
  KIND_CUSTOM,
  KIND_AWS_IOT,   /* AWS IoT: just-in-time provisioning reads the subject, things are named by CN */
  KIND_AZURE_DPS, /* Azure Device Provisioning Service: CN is the registration id */
  KIND_IDEVID,    /* IEEE 802.1AR initial device identity */
  KIND_MATTER_DAC, /* Matter device attestation certificate (Matter 1.0, 6.2.2.3) */
} ProfileKind;

/* As a profile writes them, in the order of ProfileKind; NULL-ended. */
extern const char *const profile_kind_words[];

typedef struct {
  const char *extended_key_usage; /* words by ';' */
  const char *alternative_names;  /* words by ';' */
  const char *validity;           /* NULL: the profile must say it */
  const char *const *forbidden;   /* keys of [certificate]; NULL-ended */
  gboolean subject_key_id;
} KindDefaults;

const KindDefaults *profile_kind_defaults (ProfileKind kind);

/* One character for each value: what does not fit then can never fit. */
const SubjectValues *profile_kind_probe (ProfileKind kind);

/* TRUE where a certificate of this kind may have this attribute with this value. */
gboolean profile_kind_check_attribute (ProfileKind kind, const char *word, const char *value,
                                       GError **error);

/* The same for a finished subject, of which `words` are the attributes. */
gboolean profile_kind_check_subject (ProfileKind kind, GPtrArray *words, GError **error);
