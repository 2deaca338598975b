/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Doctor: are the slots' ports there, and who else has them open? ModemManager and
 * brltty open serial ports that are not theirs; a terminal left open does the same.
 */
#include "station/cli/doctor.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

#define BY_PATH_FOLDER "/dev/serial/by-path"
#define NAME_MOST 64

void
port_holder_free (PortHolder *holder)
{
  g_free (holder->name);
  g_free (holder);
}

/* ---- /proc ---- */

static char *
process_name (GPid pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/comm", pid);
  g_autofree char *name = NULL;

  if (!g_file_get_contents (path, &name, NULL, NULL))
    return g_strdup ("?");
  return text_for_display (g_strstrip (name), NAME_MOST);
}

/* By what is open, not by its name: in a container another's /dev/pts/3 is called the same. */
static gboolean
process_has_open (GPid pid, const struct stat *device)
{
  g_autofree char *folder = g_strdup_printf ("/proc/%d/fd", pid);
  g_autoptr (GDir) directory = g_dir_open (folder, 0, NULL);
  const char *name;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL) {
    g_autofree char *link = g_build_filename (folder, name, NULL);
    struct stat open_file;

    if (stat (link, &open_file) == 0 && open_file.st_dev == device->st_dev
        && open_file.st_ino == device->st_ino)
      return TRUE;
  }
  return FALSE;
}

/* All processes, in no order. */
static GArray *
process_list (void)
{
  GArray *pids = g_array_new (FALSE, FALSE, sizeof (GPid));
  g_autoptr (GDir) directory = g_dir_open ("/proc", 0, NULL);
  const char *name;
  guint64 number;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL) {
    if (!g_ascii_string_to_unsigned (name, 10, 1, G_MAXINT32, &number, NULL))
      continue;
    GPid pid = (GPid)number;
    g_array_append_val (pids, pid);
  }
  return pids;
}

PortHolder *
port_holder_find (const char *device)
{
  g_autoptr (GArray) pids = process_list ();
  struct stat wanted;

  for (guint i = 0; stat (device, &wanted) == 0 && i < pids->len; i++) {
    GPid pid = g_array_index (pids, GPid, i);
    if (pid == getpid () || !process_has_open (pid, &wanted))
      continue;
    PortHolder *holder = g_new0 (PortHolder, 1);
    holder->pid = pid;
    holder->name = process_name (pid);
    return holder;
  }
  return NULL;
}

GPid
process_find (const char *name)
{
  g_autoptr (GArray) pids = process_list ();

  for (guint i = 0; i < pids->len; i++) {
    g_autofree char *found = process_name (g_array_index (pids, GPid, i));
    if (g_str_equal (found, name))
      return g_array_index (pids, GPid, i);
  }
  return 0;
}

/* ---- slots ---- */

char *
port_holder_advice (const PortHolder *holder)
{
  if (g_str_equal (holder->name, "ModemManager"))
    return g_strdup ("sudo systemctl mask --now ModemManager");
  if (g_str_equal (holder->name, "brltty"))
    return g_strdup ("sudo apt remove brltty");
  return g_strdup_printf ("kill %d    (or close it)", holder->pid);
}

static char *
real_path (const char *link)
{
  char *real = realpath (link, NULL);
  char *copy = g_strdup (real);

  free (real);
  return copy;
}

/* TRUE for udev's link to a tty at `place`: behind a place stands the interface (":1.0"), behind
 * that of a USB serial converter the port ("-port0"). */
static gboolean
link_is_at (const char *link, const char *place)
{
  const gsize length = strlen (place);

  return g_str_has_prefix (link, place)
         && (link[length] == '\0' || link[length] == ':' || link[length] == '-');
}

/* The first tty there, NULL where there is none. */
static char *
device_of_id_path (const char *id_path)
{
  g_autoptr (GDir) directory = g_dir_open (BY_PATH_FOLDER, 0, NULL);
  g_autofree char *first = NULL;
  const char *name;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    if (link_is_at (name, id_path) && (first == NULL || strcmp (name, first) < 0)) {
      g_free (first);
      first = g_strdup (name);
    }
  if (first == NULL)
    return NULL;
  g_autofree char *link = g_build_filename (BY_PATH_FOLDER, first, NULL);
  return real_path (link);
}

/* The real path of the port that a slot is bound to, NULL where nothing is there. */
static char *
slot_device (Doctor *doctor, const char *group)
{
  g_autofree char *port = doctor_setting (doctor, group, "Port", NULL);
  g_autofree char *id_path = doctor_setting (doctor, group, "IdPath", NULL);

  if (port != NULL)
    return real_path (port);
  return id_path != NULL ? device_of_id_path (id_path) : NULL;
}

static void
check_slot (Doctor *doctor, const char *group)
{
  g_autofree char *device = slot_device (doctor, group);

  if (device == NULL) {
    doctor_find (doctor, DOCTOR_OK, "slot-port",
                 g_strdup_printf ("%s: nothing is plugged in.", group), NULL);
    return;
  }
  g_autoptr (PortHolder) holder = port_holder_find (device);
  if (holder == NULL)
    doctor_find (doctor, DOCTOR_OK, "slot-port",
                 g_strdup_printf ("%s: %s is there, and no program that we can see has it open.",
                                  group, device),
                 NULL);
  else if (g_str_equal (holder->name, "keycradled"))
    doctor_find (doctor, DOCTOR_OK, "slot-port",
                 g_strdup_printf ("%s: keycradled has %s open.", group, device), NULL);
  else
    doctor_find (doctor, DOCTOR_FAIL, "slot-port",
                 g_strdup_printf ("%s: %s (process %d) has %s open, so devices fail there.", group,
                                  holder->name, holder->pid, device),
                 port_holder_advice (holder));
}

void
doctor_check_slots (Doctor *doctor)
{
  g_auto (GStrv) groups = g_key_file_get_groups (doctor->config, NULL);
  gboolean any = FALSE;

  for (char **group = groups; *group != NULL; group++)
    if (g_str_has_prefix (*group, "slot ")) {
      any = TRUE;
      if (!doctor_is_card_slot (doctor, *group))
        check_slot (doctor, *group);
    }
  if (!any)
    doctor_find (doctor, DOCTOR_WARN, "slot-port",
                 g_strdup ("The configuration names no slot, so no device will be worked on."),
                 g_strdup_printf ("editor %s", cli_config_path (doctor->cli)));
}

/* ---- programs that open every port ---- */

void
doctor_check_port_thieves (Doctor *doctor)
{
  static const struct {
    const char *name;
    const char *path;
    const char *advice;
  } thieves[] = {
    { "ModemManager", "/usr/sbin/ModemManager", "sudo systemctl mask --now ModemManager" },
    { "brltty", "/usr/bin/brltty", "sudo apt remove brltty" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (thieves); i++) {
    const char *name = thieves[i].name;
    if (process_find (name) != 0)
      doctor_find (
          doctor, DOCTOR_WARN, "port-thieves",
          g_strdup_printf ("%s is running: it opens serial ports that are not its own.", name),
          g_strdup (thieves[i].advice));
    else if (access (thieves[i].path, F_OK) == 0)
      doctor_find (
          doctor, DOCTOR_WARN, "port-thieves",
          g_strdup_printf ("%s is installed and may start when a device is plugged in.", name),
          g_strdup (thieves[i].advice));
    else
      doctor_find (doctor, DOCTOR_OK, "port-thieves",
                   g_strdup_printf ("%s is not installed.", name), NULL);
  }
}
