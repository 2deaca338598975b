/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle doctor on slots that are smart card readers: whether pcscd answers at all. Which
 * readers it has, its own tools say.
 */
#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>

#include "station/cli/doctor.h"

#define PCSCD_SOCKET "/run/pcscd/pcscd.comm" /* as libpcsclite has it, with this variable */
#define PCSCD_VARIABLE "PCSCLITE_CSOCK_NAME"

gboolean
doctor_is_card_slot (const Doctor *doctor, const char *group)
{
  g_autofree char *port = doctor_setting (doctor, group, "Port", NULL);

  return port != NULL && g_str_has_prefix (port, "card:");
}

/* Somebody listens: pcscd, or systemd in its place. */
static gboolean
pcscd_listens (const char *path)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GSocketConnection) connection =
      g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), NULL, NULL);

  return connection != NULL;
}

void
doctor_check_cards (Doctor *doctor)
{
  const char *named = g_getenv (PCSCD_VARIABLE);
  const char *path = named != NULL ? named : PCSCD_SOCKET;
  g_auto (GStrv) groups = g_key_file_get_groups (doctor->config, NULL);
  guint slots = 0;

  for (char **group = groups; *group != NULL; group++)
    slots += g_str_has_prefix (*group, "slot ") && doctor_is_card_slot (doctor, *group);
  if (slots == 0)
    return;
  if (pcscd_listens (path))
    doctor_find (
        doctor, DOCTOR_OK, "cards",
        g_strdup_printf ("pcscd answers, for the slots that are card readers (%u).", slots), NULL);
  else
    doctor_find (doctor, DOCTOR_FAIL, "cards",
                 g_strdup_printf (
                     "Nobody answers at %s, so no card can be seen in any card reader's slot (%u).",
                     path, slots),
                 g_strdup ("sudo apt install pcscd && sudo systemctl enable --now pcscd.socket"));
}
