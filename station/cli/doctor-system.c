/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Doctor: what the PC itself must have right.
 */
#include "station/cli/doctor.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include "base/names.h"

#define MEBIBYTE (1024u * 1024u)
#define DISK_FAIL_MEBIBYTES 100u
#define DISK_WARN_MEBIBYTES 1024u
/* No clock can be right that shows a time before this was written: 2026-01-01. */
#define EARLIEST_SECONDS G_GINT64_CONSTANT (1767225600)

/* ---- udev ---- */

static gboolean
folder_has_rule (const char *folder)
{
  g_autoptr (GDir) directory = g_dir_open (folder, 0, NULL);
  const char *name;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    if (strstr (name, "keycradle") != NULL && g_str_has_suffix (name, ".rules"))
      return TRUE;
  return FALSE;
}

void
doctor_check_udev_rule (Doctor *doctor)
{
  static const char *const folders[] = { "/etc/udev/rules.d", "/run/udev/rules.d",
                                         "/usr/local/lib/udev/rules.d", "/usr/lib/udev/rules.d",
                                         "/lib/udev/rules.d" };

  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    if (folder_has_rule (folders[i])) {
      doctor_find (doctor, DOCTOR_OK, "udev",
                   g_strdup_printf ("The udev rules are installed in %s.", folders[i]), NULL);
      return;
    }
  doctor_find (doctor, DOCTOR_WARN, "udev",
               g_strdup ("The udev rules of Keycradle are not installed, so ModemManager may open "
                         "its devices."),
               g_strdup ("sudo meson install -C build && sudo udevadm control --reload"));
}

/* ---- groups ---- */

static gboolean
user_is_in (const char *group)
{
  const struct group *entry = getgrnam (group);
  gid_t groups[256];
  int n = getgroups (G_N_ELEMENTS (groups), groups);

  for (int i = 0; entry != NULL && i < n; i++)
    if (groups[i] == entry->gr_gid)
      return TRUE;
  return entry != NULL && entry->gr_gid == getegid ();
}

void
doctor_check_groups (Doctor *doctor)
{
  static const char *const keys[] = { "OperatorGroup", "SupervisorGroup", "AuditorGroup" };
  static const char *const defaults[] = { "keycradle-operator", "keycradle-supervisor",
                                          "keycradle-auditor" };

  if (geteuid () == 0) {
    doctor_find (doctor, DOCTOR_OK, "groups", g_strdup ("You are root and may do everything."),
                 NULL);
    return;
  }
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    g_autofree char *group = doctor_setting (doctor, "station", keys[i], defaults[i]);
    if (user_is_in (group)) {
      doctor_find (doctor, DOCTOR_OK, "groups", g_strdup_printf ("You are in the group %s.", group),
                   NULL);
      return;
    }
  }
  doctor_find (doctor, doctor_is_demo (doctor) ? DOCTOR_OK : DOCTOR_WARN, "groups",
               g_strdup ("You are in none of the station's groups, so it may not listen to you."),
               g_strdup_printf ("sudo usermod -a -G keycradle-operator %s    (then log in again)",
                                g_get_user_name ()));
}

/* ---- disk ---- */

static gboolean
free_mebibytes (const char *path, guint64 *mebibytes)
{
  struct statvfs about;

  if (statvfs (path, &about) != 0)
    return FALSE;
  *mebibytes = (guint64)about.f_bavail * about.f_frsize / MEBIBYTE;
  return TRUE;
}

void
doctor_check_disk (Doctor *doctor)
{
  g_autofree char *folder = doctor_setting (doctor, "station", "StateFolder", DEFAULT_STATE_FOLDER);
  guint64 left;

  if (!free_mebibytes (folder, &left)) {
    doctor_find (
        doctor, DOCTOR_WARN, "disk",
        g_strdup_printf ("The state folder %s can't be looked at: %s.", folder, g_strerror (errno)),
        g_strdup ("sudo systemd-tmpfiles --create"));
    return;
  }
  DoctorLevel level = left < DISK_FAIL_MEBIBYTES   ? DOCTOR_FAIL
                      : left < DISK_WARN_MEBIBYTES ? DOCTOR_WARN
                                                   : DOCTOR_OK;
  doctor_find (doctor, level, "disk",
               g_strdup_printf ("%" G_GUINT64_FORMAT " MiB are free for %s.", left, folder),
               level == DOCTOR_OK ? NULL : g_strdup_printf ("df -h %s", folder));
}

/* ---- clock ---- */

void
doctor_check_clock (Doctor *doctor)
{
  struct timex state = { .modes = 0 };

  if (g_get_real_time () / G_USEC_PER_SEC < EARLIEST_SECONDS) {
    doctor_find (doctor, DOCTOR_FAIL, "clock",
                 g_strdup ("This PC's clock is wrong: certificates would begin in the past."),
                 g_strdup ("sudo timedatectl set-ntp true"));
    return;
  }
  if (adjtimex (&state) == TIME_ERROR || (state.status & STA_UNSYNC) != 0)
    doctor_find (doctor, DOCTOR_WARN, "clock",
                 g_strdup ("No time server keeps this PC's clock right."),
                 g_strdup ("sudo timedatectl set-ntp true"));
  else
    doctor_find (doctor, DOCTOR_OK, "clock", g_strdup ("The clock is synchronised."), NULL);
}
