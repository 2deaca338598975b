/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A Linux with a login shell on its serial console: logged in as root, it makes its key with
 * OpenSSL, in its TPM where it has one, and keeps its certificate in files. README.md explains.
 */
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "drivers/linux/device.h"

#define PLACE "/etc/keycradle/"

static const char *const become_choices[] = { "none", "sudo", NULL };
static const char *const key_store_choices[] = { "tpm", "openssl", NULL };

static const DriverOption options[] = {
  { "User", "who logs in on the console", "root", NULL, FALSE },
  { "Password", "that user's password, for login and sudo", NULL, NULL, TRUE },
  { "Become", "how that user becomes root", "none", become_choices, FALSE },
  { "KeyStore", "where the private key lies: in the TPM, or in a file of OpenSSL", "tpm",
    key_store_choices, FALSE },
  { "KeyPath", "file of the private key (what only the TPM can open, where it has one)",
    PLACE "device.key", NULL, FALSE },
  { "Handle", "persistent handle for the key in the TPM, in place of the file", NULL, NULL, FALSE },
  { "CertificatePath", "file of the certificate, PEM", PLACE "device.crt", NULL, FALSE },
  { "ChainPath", "file of the certificates of the CAs, PEM", PLACE "chain.crt", NULL, FALSE },
  { "RootsPath", "file of the server roots, PEM", PLACE "roots.crt", NULL, FALSE },
  { "EndpointPath", "file of the endpoint's host name", PLACE "endpoint", NULL, FALSE },
  { "SerialPath", "file of the name that the station gives the device", PLACE "serial", NULL,
    FALSE },
  { "IdentityCommand", "command that prints the chip's id, in place of looking for it", NULL, NULL,
    FALSE },
  { 0 }
};

static gboolean
open_session (Session *session, Deadline deadline, GError **error)
{
  LinuxDevice *device = g_new0 (LinuxDevice, 1);
  const char *recorded = transport_replay_note (session->transport, "shell");

  device->shell.transport = session->transport;
  device->shell.session = session;
  device->shell.nonce = recorded != NULL
                            ? g_strdup (recorded)
                            : g_strdup_printf ("%08x%08x", g_random_int (), g_random_int ());
  transport_note (session->transport, "shell", device->shell.nonce);
  session->state = device;
  if (linux_enter (&device->shell, deadline, error))
    return TRUE;
  session->driver->close (session);
  return FALSE;
}

static void
close_session (Session *session)
{
  LinuxDevice *device = session->state;

  if (device == NULL)
    return;
  linux_leave (&device->shell);
  g_free (device->shell.nonce);
  g_free (device->shell.console_level);
  g_free (device);
  session->state = NULL;
}

/* ---- who it is ---- */

/* The first of these that is there: what the maker of the chip or of the board burnt in. */
#define IDENTITY_FILES "/sys/devices/soc0/serial_number /sys/firmware/devicetree/base/serial-number"

/* Set by whoever builds PCs, often to nothing of use. */
#define PC_FILES "/sys/class/dmi/id/product_serial /sys/class/dmi/id/board_serial"

#define MODEL_FILES "/sys/firmware/devicetree/base/model /sys/class/dmi/id/product_name"

/* NULs end the strings of a device tree. */
#define SHOW                                                                                       \
  "S() { N=$1; shift; for F; do [ -r \"$F\" ] && echo \"$N=$(tr -d '\\000' <\"$F\")\"; done; }; "

static char *
ask_facts (LinuxDevice *device, Deadline deadline, GError **error)
{
  g_autofree char *serial = linux_quote (session_option (device->shell.session, "SerialPath"));
  g_autofree char *command = g_strdup_printf (
      SHOW "S serial %s; S chip " IDENTITY_FILES "; "
           "echo \"chip=$(sed -n 's/^Serial[[:space:]]*: *//p' /proc/cpuinfo)\"; S pc " PC_FILES
           "; "
           "S model " MODEL_FILES "; sed -n 's/^PRETTY_NAME=\"*\\([^\"]*\\)\"*$/firmware=\\1/p' "
           "/etc/os-release /usr/lib/os-release 2>/dev/null; true",
      serial);

  return linux_run (&device->shell, command, NULL, deadline, error);
}

static gboolean
check_name (const char *name, const char *what, GError **error)
{
  if (name == NULL || serial_is_valid (name))
    return TRUE;
  g_autofree char *shown = text_for_display (name, 64);
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_IDENTITY, "%s \"%s\" can't name a device", what,
               shown);
  return FALSE;
}

/* The first line of `answer` for `key` that is no placeholder. */
static char *
real_value (const char *answer, const char *key)
{
  g_auto (GStrv) lines = g_strsplit (answer, "\n", -1);

  for (char **line = lines; *line != NULL; line++) {
    g_autofree char *value = linux_value (*line, key);

    if (value != NULL && !linux_is_placeholder (value))
      return g_steal_pointer (&value);
  }
  return NULL;
}

static char *
ask_identity_command (LinuxDevice *device, const char *command, Deadline deadline, GError **error)
{
  g_autofree char *line = g_strdup_printf ("%s </dev/null", command);
  g_autofree char *answer = linux_ask (&device->shell, line, DRIVER_ERROR_IDENTITY,
                                       "IdentityCommand= of [driver linux]", deadline, error);

  if (answer == NULL)
    return NULL;
  g_strstrip (answer)[strcspn (answer, "\n")] = '\0';
  if (answer[0] != '\0')
    return check_name (answer, "the answer to IdentityCommand=", error) ? g_steal_pointer (&answer)
                                                                        : NULL;
  g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_IDENTITY,
                       "IdentityCommand= of [driver linux] prints nothing");
  return NULL;
}

/* NULL without error where the device has none. */
static char *
chip_id_of (LinuxDevice *device, const char *facts, Deadline deadline, GError **error)
{
  const char *command = session_option (device->shell.session, "IdentityCommand");

  if (command != NULL)
    return ask_identity_command (device, command, deadline, error);
  g_autofree char *chip = real_value (facts, "chip");
  g_autofree char *pc = real_value (facts, "pc");
  if (!check_name (chip, "the device's serial number", error))
    return NULL;
  if (chip != NULL)
    return g_steal_pointer (&chip);
  return pc != NULL && serial_is_valid (pc) ? g_steal_pointer (&pc) : NULL;
}

static char *
shown_value (const char *facts, const char *key)
{
  g_autofree char *value = real_value (facts, key);

  return value != NULL ? text_for_display (value, 64) : NULL;
}

static DeviceIdentity *
identify (Session *session, Deadline deadline, GError **error)
{
  LinuxDevice *device = session->state;
  g_autoptr (DeviceIdentity) identity = g_new0 (DeviceIdentity, 1);
  g_autofree char *facts = ask_facts (device, deadline, error);
  g_autoptr (GError) trouble = NULL;

  if (facts == NULL)
    return NULL;
  identity->serial = linux_value (facts, "serial");
  identity->chip_id = chip_id_of (device, facts, deadline, &trouble);
  if (trouble != NULL) {
    g_propagate_error (error, g_steal_pointer (&trouble));
    return NULL;
  }
  if (!check_name (identity->serial, "the device's name", error))
    return NULL;
  identity->model = shown_value (facts, "model");
  identity->firmware = shown_value (facts, "firmware");
  identity->key_kinds = linux_key_kinds (device, deadline, error);
  return identity->key_kinds != 0 ? g_steal_pointer (&identity) : NULL;
}

/* ---- files ---- */

static gboolean
write_text (LinuxDevice *device, const char *option, const char *mode, const char *text,
            Deadline deadline, GError **error)
{
  g_autoptr (GBytes) content = g_bytes_new (text, strlen (text));

  return linux_write_file (&device->shell, session_option (device->shell.session, option), mode,
                           content, deadline, error);
}

static gboolean
assign_serial (Session *session, const char *serial, Deadline deadline, GError **error)
{
  g_autofree char *line = g_strconcat (serial, "\n", NULL);

  return write_text (session->state, "SerialPath", "644", line, deadline, error);
}

static void
append_certificate (GString *pem, GBytes *certificate)
{
  gsize length;
  const guint8 *der = g_bytes_get_data (certificate, &length);
  g_autofree char *one = pem_encode ("CERTIFICATE", der, length);

  g_string_append (pem, one);
}

/* Nothing is written where there are none. */
static gboolean
write_certificates (LinuxDevice *device, const char *option, GPtrArray *certificates,
                    Deadline deadline, GError **error)
{
  g_autoptr (GString) pem = g_string_new (NULL);

  if (certificates == NULL || certificates->len == 0)
    return TRUE;
  for (guint i = 0; i < certificates->len; i++)
    append_certificate (pem, g_ptr_array_index (certificates, i));
  return write_text (device, option, "644", pem->str, deadline, error);
}

static gboolean
write_endpoint (LinuxDevice *device, const char *endpoint, Deadline deadline, GError **error)
{
  g_autofree char *line = endpoint != NULL ? g_strconcat (endpoint, "\n", NULL) : NULL;

  return line == NULL || write_text (device, "EndpointPath", "644", line, deadline, error);
}

static gboolean
install (Session *session, const Credentials *credentials, Deadline deadline, GError **error)
{
  LinuxDevice *device = session->state;
  g_autoptr (GString) pem = g_string_new (NULL);

  append_certificate (pem, credentials->certificate);
  return write_certificates (device, "RootsPath", credentials->roots, deadline, error)
         && write_certificates (device, "ChainPath", credentials->chain, deadline, error)
         && write_endpoint (device, credentials->endpoint, deadline, error)
         && write_text (device, "CertificatePath", "644", pem->str, deadline, error);
}

static gboolean
read_back (Session *session, const Credentials *credentials, ReadBack *read_back, Deadline deadline,
           GError **error)
{
  LinuxDevice *device = session->state;
  g_autoptr (GBytes) file =
      linux_read_file (&device->shell, session_option (session, "CertificatePath"),
                       DRIVER_ERROR_READ_BACK, deadline, error);

  (void)credentials;
  *read_back = (ReadBack){ 0 };
  if (file == NULL)
    return FALSE;
  g_autofree char *text = g_strndup (g_bytes_get_data (file, NULL), g_bytes_get_size (file));
  read_back->certificate = pem_decode (text, "CERTIFICATE", NULL);
  if (read_back->certificate != NULL)
    return TRUE;
  g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_READ_BACK,
                       "the file of the certificate holds none");
  return FALSE;
}

const Driver linux_driver = {
  .name = "linux",
  .title = "Linux with a login shell on its console: TPM 2.0 or OpenSSL",
  .abilities = DRIVER_ASSIGNS_SERIAL | DRIVER_READS_CERTIFICATE | DRIVER_INSTALLS_CHAIN
               | DRIVER_INSTALLS_ROOTS | DRIVER_INSTALLS_ENDPOINT | DRIVER_ATTESTS,
  .key_kinds = (1u << N_KEY_KINDS) - 1,
  .channels = CHANNEL_SERIAL,
  .baud = 115200,
  .rtscts = FALSE,
  .options = options,
  .patience = 120000,
  .probe = linux_probe,
  .open = open_session,
  .close = close_session,
  .identify = identify,
  .assign_serial = assign_serial,
  .generate_key = linux_generate_key,
  .read_csr = linux_read_csr,
  .install = install,
  .read_back = read_back,
  .prove = linux_prove,
  .attest = linux_attest,
};
