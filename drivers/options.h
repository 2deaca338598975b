/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a driver may be told besides the profile: the user and password of a login shell, a card's
 * PIN and key slot, a security tag. A driver declares its options; the station's configuration
 * ([driver NAME] in keycradle.conf) and the profile ([driver NAME] there, no secrets) set them, the
 * profile last. A secret is never written into a configuration file: its value there is
 * "file:/FULL/PATH" or "credential:NAME" (systemd's LoadCredential=).
 */
#pragma once

#include <glib.h>

typedef struct {
  const char *name;           /* as in the configuration: "KeySlot" */
  const char *title;          /* one line for `keycradle driver list` and the man page */
  const char *fallback;       /* its value where nobody set it, or NULL */
  const char *const *choices; /* NULL-ended; NULL: any text of one line */
  gboolean secret;
} DriverOption;

typedef struct DriverOptions DriverOptions;

/* The fallbacks of `declared`, which ends with a NULL name (or is NULL: none). */
DriverOptions *driver_options_new (const DriverOption *declared);
void driver_options_free (DriverOptions *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DriverOptions, driver_options_free)

/* Sets one option as the configuration has it; secrets are read from where it points.
 * G_KEY_FILE_ERROR with a sentence where there is no such option, the value is not among the
 * choices, or the secret can't be read. */
gboolean driver_options_set (DriverOptions *options, const char *name, const char *value,
                             GError **error);

/* TRUE where `name` is declared, and as a secret. */
gboolean driver_options_is_secret (const DriverOptions *options, const char *name);

/* The value, or NULL where there is none. It lives as long as the options; a secret's memory is
 * wiped when they are freed. It is an error of ours to ask for what was not declared. */
const char *driver_option (const DriverOptions *options, const char *name);
