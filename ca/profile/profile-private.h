/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The parts of profile.c: a file's [certificate], and what its kind asks of both groups. Errors
 * name file and line.
 */
#pragma once

#include "base/keyfile.h"
#include "ca/profile/profile.h"

#define PROFILE_CERTIFICATE "certificate"
#define PROFILE_DEVICE "device"

/* Each of `words`, which stand behind `key`, must be one of `known` and stand there once. */
gboolean profile_check_words (const Keyfile *keyfile, const char *group, const char *key,
                              char **words, const char *const *known, GError **error);

gboolean profile_read_certificate (const Keyfile *keyfile, Profile *profile, GError **error);

/* SubjectAltName= and all that follows it in profile.h. */
gboolean profile_read_names (const Keyfile *keyfile, Profile *profile, GError **error);

/* The rules of the profile's kind that stand on more than one key; the last thing to be read. */
gboolean profile_check_kind (const Keyfile *keyfile, const Profile *profile, GError **error);
