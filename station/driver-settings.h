/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What [driver NAME] says, in the station's configuration and in a profile, becomes the options of
 * a session. Secrets are read each time, so that they can be changed without a restart.
 */
#pragma once

#include "base/keyfile.h"
#include "drivers/driver.h"

/* FALSE where there is no such driver or option, the value is not among the choices, the secret
 * can't be read, or it is a secret `in_profile`. G_KEY_FILE_ERROR. */
gboolean driver_setting_check (const KeyfileSetting *setting, gboolean in_profile, GError **error);

/* The options of `driver`: the station's settings, then the profile's (either may be NULL).
 * G_KEY_FILE_ERROR. */
DriverOptions *driver_settings_apply (const Driver *driver, const GPtrArray *of_station,
                                      const GPtrArray *of_profile, GError **error);
