/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A driver to copy: docs/adding-a-driver.md walks through it. It is built for the
 * tests only: -Dexample_driver=true puts it into the registry. README.md has the dialogue.
 */
#include "drivers/driver.h"

#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "drivers/example/proto.h"

#define LINE_MAX_LENGTH 8192 /* the longest line that an answer can be */

/* One line to the device, and its answer: what stands behind `verb`. Free with g_free(). */
static char *
ask (Transport *transport, const char *command, const char *verb, Deadline deadline, GError **error)
{
  g_autofree char *sent = g_strconcat (command, "\r\n", NULL);

  if (!transport_write_text (transport, sent, deadline, error))
    return NULL;
  for (;;) {
    g_autofree char *line = transport_read_line (transport, LINE_MAX_LENGTH, deadline, error);
    g_autofree char *argument = NULL;
    ExampleLine kind;

    if (line == NULL)
      return NULL;
    kind = example_parse (line, verb, &argument);
    if (kind == EXAMPLE_ANSWER)
      return g_steal_pointer (&argument);
    if (kind == EXAMPLE_OTHER)
      continue;
    g_autofree char *shown = text_for_display (argument, 64);
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_REFUSED, "the device said no: %s", shown);
    return NULL;
  }
}

/* The same where the answer is base64. */
static GBytes *
ask_bytes (Transport *transport, const char *command, const char *verb, Deadline deadline,
           GError **error)
{
  g_autofree char *answer = ask (transport, command, verb, deadline, error);
  GBytes *bytes = answer == NULL ? NULL : example_bytes (answer);

  if (answer != NULL && bytes == NULL)
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED, "\"%s\" came without its base64", verb);
  return bytes;
}

/* "who" does nothing in any dialect that we know. An answer that is not ours is a no, not an
 * error; only a port that dies is an error. Asked twice, because the first line may begin with what
 * another driver's question left half typed, and be refused for that. */
static gboolean
probe (Transport *transport, gboolean *speaks, Deadline deadline, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *answer = ask (transport, "who", "example", deadline, &problem);

  if (g_error_matches (problem, DRIVER_ERROR, DRIVER_ERROR_REFUSED)) {
    g_clear_error (&problem);
    answer = ask (transport, "who", "example", deadline, &problem);
  }
  *speaks = answer != NULL;
  if (problem == NULL || g_error_matches (problem, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER)
      || g_error_matches (problem, DRIVER_ERROR, DRIVER_ERROR_REFUSED))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

/* "example CHIP SERIAL", where SERIAL is "-" in a device that has none yet. */
static DeviceIdentity *
identify (Session *session, Deadline deadline, GError **error)
{
  g_autofree char *answer = ask (session->transport, "who", "example", deadline, error);
  g_auto (GStrv) words = NULL;
  DeviceIdentity *identity;

  if (answer == NULL)
    return NULL;
  words = g_strsplit (answer, " ", 3);
  if (g_strv_length (words) != 2 || !serial_is_valid (words[0])
      || (strcmp (words[1], "-") != 0 && !serial_is_valid (words[1])))
  {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_IDENTITY,
                         "the device's identity is not a chip id and a serial");
    return NULL;
  }
  identity = g_new0 (DeviceIdentity, 1);
  identity->chip_id = g_strdup (words[0]);
  identity->serial = strcmp (words[1], "-") == 0 ? NULL : g_strdup (words[1]);
  identity->key_kinds = 1u << KEY_KIND_P256;
  return identity;
}

static gboolean
generate_key (Session *session, KeyKind kind, Deadline deadline, GError **error)
{
  g_autofree char *command = g_strdup_printf ("key %s", key_kind_word (kind));
  g_autofree char *answer = ask (session->transport, command, "ok", deadline, error);

  return answer != NULL;
}

static GBytes *
read_csr (Session *session, const char *common_name, Deadline deadline, GError **error)
{
  return ask_bytes (session->transport, "csr", "csr", deadline, error);
}

static gboolean
install (Session *session, const Credentials *credentials, Deadline deadline, GError **error)
{
  gsize length;
  const guint8 *der = g_bytes_get_data (credentials->certificate, &length);
  g_autofree char *base64 = g_base64_encode (der, length);
  g_autofree char *command = g_strdup_printf ("cert %s", base64);
  g_autofree char *answer = ask (session->transport, command, "ok", deadline, error);

  return answer != NULL;
}

static gboolean
read_back (Session *session, const Credentials *credentials, ReadBack *shown, Deadline deadline,
           GError **error)
{
  shown->certificate = ask_bytes (session->transport, "show", "cert", deadline, error);
  return shown->certificate != NULL;
}

/* The device signs the text "example:" and the nonce in lower-case hex. */
static gboolean
prove (Session *session, const guint8 *nonce, Proof *proof, Deadline deadline, GError **error)
{
  g_autofree char *hex = hex_encode (nonce, PROOF_NONCE_LENGTH);
  g_autofree char *command = g_strdup_printf ("sign %s", hex);
  char *message = g_strdup_printf ("example:%s", hex);
  GError *problem = NULL;

  proof->scheme = PROOF_ECDSA_SHA256_DER;
  proof->message = g_bytes_new_take (message, strlen (message));
  proof->signature = ask_bytes (session->transport, command, "sig", deadline, &problem);
  if (proof->signature != NULL)
    return TRUE;
  if (g_error_matches (problem, DRIVER_ERROR, DRIVER_ERROR_REFUSED))
    problem->code = DRIVER_ERROR_PROOF; /* what this step's refusal means */
  g_propagate_error (error, problem);
  proof_clear (proof);
  return FALSE;
}

const Driver example_driver = {
  .name = "example",
  .title = "The dialect of docs/adding-a-driver.md",
  .abilities = DRIVER_READS_CERTIFICATE,
  .key_kinds = 1u << KEY_KIND_P256,
  .channels = CHANNEL_SERIAL,
  .baud = 115200,
  .probe = probe,
  .identify = identify,
  .generate_key = generate_key,
  .read_csr = read_csr,
  .install = install,
  .read_back = read_back,
  .prove = prove,
};
