/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Zephyr devices with a shell: Nordic's `nrf_cloud_cred` makes key and request inside the chip's
 * key store, Zephyr's `cred` keeps certificates and shows them again. No command signs a nonce; a
 * request whose subject is the nonce is the proof. README.md explains.
 */
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "drivers/csr-proof.h"
#include "drivers/zephyr/dialogue.h"
#include "drivers/zephyr/store.h"

#define CREDENTIALS_COMMAND "nrf_cloud_cred"
#define SEC_TAG_MAX 2147483647u
#define BUFFER_MIN 64u
#define BUFFER_MAX 32768u

typedef struct {
  ZephyrPlace certificate;
  ZephyrPlace roots;
  char *chip_id;
} Shell;

static gboolean
probe (Transport *transport, gboolean *speaks, Deadline deadline, GError **error)
{
  g_autofree char *answer = NULL;
  g_autoptr (GError) trouble = NULL;
  gboolean prompted;

  if (zephyr_get_prompt (transport, &prompted, deadline, &trouble) && prompted)
    answer = zephyr_type_first (transport, CREDENTIALS_COMMAND, deadline, &trouble);
  *speaks = answer != NULL
            && (zephyr_says (answer, CREDENTIALS_COMMAND " - ")
                || zephyr_says (answer, "Please specify a subcommand"));
  if (trouble == NULL || g_error_matches (trouble, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER)
      || g_error_matches (trouble, DRIVER_ERROR, DRIVER_ERROR_GARBLED))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&trouble));
  return FALSE;
}

static gboolean
check_number (const char *name, const char *value, guint64 least, guint64 most, guint64 *number,
              GError **error)
{
  if (g_ascii_string_to_unsigned (value, 10, least, most, number, NULL))
    return TRUE;
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
               "[driver zephyr] %s=%s: give a number from %" G_GUINT64_FORMAT
               " to %" G_GUINT64_FORMAT,
               name, value, least, most);
  return FALSE;
}

/* Where certificate and roots go, and how. */
static gboolean
read_options (Session *session, Shell *shell, GError **error)
{
  const char *sec_tag = session_option (session, "SecTag");
  const char *root_sec_tag = session_option (session, "RootSecTag");
  const char *buffer_text = session_option (session, "BufferSize");
  const char *format = session_option (session, "Format");
  guint64 number, buffer;

  if (root_sec_tag == NULL)
    root_sec_tag = sec_tag;
  if (!check_number ("SecTag", sec_tag, 0, SEC_TAG_MAX, &number, error)
      || !check_number ("RootSecTag", root_sec_tag, 0, SEC_TAG_MAX, &number, error)
      || !check_number ("BufferSize", buffer_text, BUFFER_MIN, BUFFER_MAX, &buffer, error))
    return FALSE;
  shell->certificate = (ZephyrPlace){
    .sec_tag = sec_tag, .word = "SERV", .name = "SERVER_CERT", .buffer = (gsize)buffer
  };
  shell->certificate.forms[ZEPHYR_PEM] = !g_str_equal (format, "der");
  shell->certificate.forms[ZEPHYR_DER] = !g_str_equal (format, "pem");
  shell->roots = shell->certificate;
  shell->roots.sec_tag = root_sec_tag;
  shell->roots.word = "CA";
  shell->roots.name = "CA_CERT";
  return TRUE;
}

static gboolean
open_session (Session *session, Deadline deadline, GError **error)
{
  g_autofree Shell *shell = g_new0 (Shell, 1);
  gboolean prompted;

  if (!read_options (session, shell, error)
      || !zephyr_get_prompt (session->transport, &prompted, deadline, error))
    return FALSE;
  if (!prompted) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED,
                         "the device shows another prompt than a Zephyr shell's, NAME:~$");
    return FALSE;
  }
  session->state = g_steal_pointer (&shell);
  return TRUE;
}

static void
close_session (Session *session)
{
  Shell *shell = session->state;

  if (shell == NULL)
    return;
  g_free (shell->chip_id);
  g_free (shell);
  session->state = NULL;
}

static char *
read_chip_id (Session *session, Deadline deadline, GError **error)
{
  g_autofree char *answer = zephyr_type_first (session->transport, "hwinfo devid", deadline, error);

  if (answer == NULL)
    return NULL;
  char *id = zephyr_chip_id (answer);
  if (id == NULL)
    zephyr_set_refusal (error, DRIVER_ERROR_IDENTITY, "hwinfo devid", answer);
  return id;
}

/* NULL without error where the firmware does not tell it. */
static char *
read_version (Session *session, Deadline deadline, GError **error)
{
  g_autofree char *answer = zephyr_type (session->transport, "kernel version", deadline, error);
  g_autofree char *version = answer == NULL ? NULL : zephyr_version (answer);

  return version == NULL ? NULL : text_for_display (version, 64);
}

static DeviceIdentity *
identify (Session *session, Deadline deadline, GError **error)
{
  Shell *shell = session->state;
  g_autofree char *chip_id = read_chip_id (session, deadline, error);
  GError *trouble = NULL;

  if (chip_id == NULL)
    return NULL;
  g_autofree char *version = read_version (session, deadline, &trouble);
  if (trouble != NULL) {
    g_propagate_error (error, trouble);
    return NULL;
  }
  g_free (shell->chip_id);
  shell->chip_id = g_strdup (chip_id);
  DeviceIdentity *identity = g_new0 (DeviceIdentity, 1);
  identity->serial = g_strdup (chip_id);
  identity->chip_id = g_steal_pointer (&chip_id);
  identity->firmware = g_steal_pointer (&version);
  identity->key_kinds = 1u << KEY_KIND_P256;
  return identity;
}

/* Runs "nrf_cloud_cred VERB TAG", which must be answered with `expected`. */
static gboolean
run_on_key (Session *session, const char *verb, const char *expected, Deadline deadline,
            GError **error)
{
  Shell *shell = session->state;
  g_autofree char *command =
      g_strdup_printf (CREDENTIALS_COMMAND " %s %s", verb, shell->certificate.sec_tag);
  g_autofree char *answer = zephyr_run (session->transport, command, expected,
                                        DRIVER_ERROR_KEY_GENERATION, deadline, error);

  return answer != NULL;
}

static gboolean
generate_key (Session *session, KeyKind kind, Deadline deadline, GError **error)
{
  Shell *shell = session->state;
  g_autofree char *command =
      g_strconcat (CREDENTIALS_COMMAND " keygen ", shell->certificate.sec_tag, NULL);

  if (kind != KEY_KIND_P256) {
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
                 "the device makes p-256 keys only, not %s", key_kind_word (kind));
    return FALSE;
  }
  g_autofree char *answer = zephyr_type (session->transport, command, deadline, error);
  if (answer == NULL)
    return FALSE;
  if (zephyr_says (answer, "Generated device key"))
    return TRUE;
  if (zephyr_says (answer, "Key already exists"))
    return run_on_key (session, "delete", "Deleted device key", deadline, error)
           && run_on_key (session, "keygen", "Generated device key", deadline, error);
  zephyr_set_refusal (error, DRIVER_ERROR_KEY_GENERATION, command, answer);
  return FALSE;
}

/* A new request for the key whose subject is CN=`common_name`. */
static GBytes *
make_request (Session *session, const char *common_name, DriverError refusal, Deadline deadline,
              GError **error)
{
  Shell *shell = session->state;
  g_autofree char *command = g_strdup_printf (CREDENTIALS_COMMAND " csr %s CN=%s",
                                              shell->certificate.sec_tag, common_name);
  g_autofree char *answer =
      zephyr_run (session->transport, command, "CSR: ", refusal, deadline, error);

  if (answer == NULL)
    return NULL;
  GBytes *request = zephyr_base64_line (answer, "CSR: ");
  if (request == NULL)
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED,
                 "\"%s\": what the device shows is no base64", command);
  return request;
}

/* The CA takes no name from a request, so one that the shell or the device's parser of names would
 * stumble over is replaced. */
static GBytes *
read_csr (Session *session, const char *common_name, Deadline deadline, GError **error)
{
  Shell *shell = session->state;

  if (common_name == NULL || !serial_is_valid (common_name))
    common_name = shell->chip_id != NULL ? shell->chip_id : "device";
  return make_request (session, common_name, DRIVER_ERROR_REFUSED, deadline, error);
}

static gboolean
has_roots (const Credentials *credentials)
{
  return credentials->roots != NULL && credentials->roots->len > 0;
}

static gboolean
install (Session *session, const Credentials *credentials, Deadline deadline, GError **error)
{
  Shell *shell = session->state;
  g_autoptr (GPtrArray) one = g_ptr_array_new ();

  g_ptr_array_add (one, credentials->certificate);
  if (has_roots (credentials)
      && !zephyr_store (session->transport, &shell->roots, credentials->roots, deadline, error))
    return FALSE;
  return zephyr_store (session->transport, &shell->certificate, one, deadline, error);
}

static gboolean
read_back (Session *session, const Credentials *credentials, ReadBack *read_back, Deadline deadline,
           GError **error)
{
  Shell *shell = session->state;
  g_autofree char *command =
      g_strdup_printf ("cred get %s %s bin", shell->certificate.sec_tag, shell->certificate.word);
  g_autofree char *answer = zephyr_type (session->transport, command, deadline, error);

  if (answer == NULL)
    return FALSE;
  g_autoptr (GBytes) kept = zephyr_shown_bytes (answer);
  g_autoptr (GBytes) certificate = kept == NULL ? NULL : zephyr_kept (kept);
  if (certificate == NULL) {
    zephyr_set_refusal (error, DRIVER_ERROR_READ_BACK, command, answer);
    return FALSE;
  }
  if (has_roots (credentials)
      && !zephyr_check_listed (session->transport, &shell->roots, credentials->roots, deadline,
                               error))
    return FALSE;
  *read_back = (ReadBack){ .certificate = g_steal_pointer (&certificate) };
  return TRUE;
}

static gboolean
prove (Session *session, const guint8 *nonce, Proof *proof, Deadline deadline, GError **error)
{
  g_autofree char *nonce_hex = hex_encode (nonce, PROOF_NONCE_LENGTH);

  *proof = (Proof){ 0 };
  g_autoptr (GBytes) request =
      make_request (session, nonce_hex, DRIVER_ERROR_PROOF, deadline, error);
  return request != NULL && proof_from_request (request, proof, error);
}

static const char *const formats[] = { "auto", "der", "pem", NULL };

static const DriverOption options[] = {
  { "SecTag", "where key and certificate are kept, a number", "16842753", NULL, FALSE },
  { "RootSecTag", "where the server roots are kept; without it: where the certificate is", NULL,
    NULL, FALSE },
  { "Format", "how certificates are kept; auto: PEM, or DER where PEM does not fit", "auto",
    formats, FALSE },
  { "BufferSize", "the firmware's CONFIG_TLS_CREDENTIALS_SHELL_CRED_BUF_SIZE", "1024", NULL,
    FALSE },
  { 0 },
};

const Driver zephyr_driver = {
  .name = "zephyr",
  .title = "Zephyr devices: the shell's nrf_cloud_cred and cred",
  .abilities = DRIVER_READS_CERTIFICATE | DRIVER_INSTALLS_ROOTS,
  .key_kinds = 1u << KEY_KIND_P256,
  .channels = CHANNEL_SERIAL,
  .baud = 115200,
  .rtscts = FALSE,
  .options = options,
  .probe = probe,
  .open = open_session,
  .close = close_session,
  .identify = identify,
  .generate_key = generate_key,
  .read_csr = read_csr,
  .install = install,
  .read_back = read_back,
  .prove = prove,
};
