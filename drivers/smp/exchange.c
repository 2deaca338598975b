/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An answer belongs to a question when operation, group, sequence number and
 * command all fit. Others are late answers to earlier questions and are passed over.
 */
#include "drivers/smp/exchange.h"

#include <string.h>

#include "drivers/smp/framing.h"

#define SMP_VERSION 1u
#define PROBE_SEQUENCE 0xff /* sessions count from 0 */

static gboolean
send_request (Transport *transport, const SmpHeader *header, const cbor_item_t *body,
              Deadline deadline, GError **error)
{
  g_autoptr (GBytes) packet = smp_packet_new (header, body);
  g_autoptr (GBytes) wrapped = smp_framing (transport)->wrap (packet);
  gsize length;
  const guint8 *data = g_bytes_get_data (wrapped, &length);

  return transport_write (transport, data, length, deadline, error);
}

static gboolean
is_answer_to (const SmpHeader *answer, const SmpHeader *request)
{
  return answer->operation == request->operation + 1 && answer->group == request->group
         && answer->sequence == request->sequence && answer->command == request->command;
}

static void
set_garbled (const char *what, GError **error)
{
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_GARBLED, "SMP: %s", what);
}

/* Waits for a line, or a bare packet, and takes it. */
static gboolean
take_piece (Transport *transport, SmpAssembly *assembly, SmpLine *kind, Deadline deadline,
            GError **error)
{
  const SmpFraming *framing = smp_framing (transport);
  g_autoptr (GByteArray) piece = framing->read (transport, deadline, error);

  if (piece == NULL)
    return FALSE;
  *kind = framing->take (assembly, piece->data, piece->len);
  if (*kind == SMP_LINE_DAMAGED)
    set_garbled ("a frame came damaged (base64, length or CRC)", error);
  return *kind != SMP_LINE_DAMAGED;
}

/* The next packet, whoever it is for. */
static cbor_item_t *
read_packet (Transport *transport, SmpAssembly *assembly, SmpHeader *header, Deadline deadline,
             GError **error)
{
  cbor_item_t *body = NULL;
  SmpLine kind = SMP_LINE_TEXT;

  while (kind == SMP_LINE_TEXT || kind == SMP_LINE_PART)
    if (!take_piece (transport, assembly, &kind, deadline, error))
      return NULL;
  if (!smp_packet_parse (assembly->packet->data, assembly->packet->len, header, &body))
    set_garbled ("a packet came that is not a header and one map", error);
  return body;
}

static cbor_item_t *
read_answer (Transport *transport, const SmpHeader *request, Deadline deadline, GError **error)
{
  g_auto (SmpAssembly) assembly = { 0 };

  smp_assembly_init (&assembly);
  for (;;) {
    SmpHeader header;
    g_autoptr (cbor_item_t) body = read_packet (transport, &assembly, &header, deadline, error);

    if (body == NULL || is_answer_to (&header, request))
      return g_steal_pointer (&body);
  }
}

/* What an error of the group means for the procedure. */
static DriverError
driver_error_for (SmpProvisionError code)
{
  switch (code) {
  case SMP_PROVISION_ERROR_KEY_KIND:
  case SMP_PROVISION_ERROR_OBJECT:
    return DRIVER_ERROR_UNSUPPORTED;
  case SMP_PROVISION_ERROR_KEY_GENERATION:
    return DRIVER_ERROR_KEY_GENERATION;
  case SMP_PROVISION_ERROR_NOT_STORED:
    return DRIVER_ERROR_READ_BACK;
  case SMP_PROVISION_ERROR_SIGNING:
    return DRIVER_ERROR_PROOF;
  case SMP_PROVISION_OK:
  case SMP_PROVISION_ERROR_UNKNOWN:
  case SMP_PROVISION_ERROR_LOCKED:
  case SMP_PROVISION_ERROR_NO_KEY:
  case SMP_PROVISION_ERROR_CSR:
  case SMP_PROVISION_ERROR_TOO_LARGE:
  case SMP_PROVISION_ERROR_OFFSET:
  case SMP_PROVISION_ERROR_DIGEST:
  case SMP_PROVISION_ERROR_STORAGE:
  case SMP_PROVISION_ERROR_WRONG_KEY:
  case SMP_PROVISION_ERROR_VALUE:
    return DRIVER_ERROR_REFUSED;
  }
  return DRIVER_ERROR_REFUSED;
}

static void
set_group_error (guint64 code, GError **error)
{
  static const char *const texts[] = {
    [SMP_PROVISION_OK] = "no reason given",
    [SMP_PROVISION_ERROR_UNKNOWN] = "something failed in the device",
    [SMP_PROVISION_ERROR_LOCKED] = "it is locked",
    [SMP_PROVISION_ERROR_KEY_KIND] = "its chip can't make this kind of key",
    [SMP_PROVISION_ERROR_KEY_GENERATION] = "its chip failed to make a key",
    [SMP_PROVISION_ERROR_NO_KEY] = "it has no key",
    [SMP_PROVISION_ERROR_CSR] = "it could not make the CSR",
    [SMP_PROVISION_ERROR_OBJECT] = "it does not keep this kind of object",
    [SMP_PROVISION_ERROR_TOO_LARGE] = "what was sent does not fit",
    [SMP_PROVISION_ERROR_OFFSET] = "a chunk did not follow the one before",
    [SMP_PROVISION_ERROR_DIGEST] = "what arrived was damaged on the way",
    [SMP_PROVISION_ERROR_STORAGE] = "its storage failed",
    [SMP_PROVISION_ERROR_NOT_STORED] = "nothing is stored",
    [SMP_PROVISION_ERROR_WRONG_KEY] = "the certificate is not for its key",
    [SMP_PROVISION_ERROR_SIGNING] = "it could not sign",
    [SMP_PROVISION_ERROR_VALUE] = "it does not take this value",
  };
  gboolean known = code < G_N_ELEMENTS (texts);

  g_set_error (error, DRIVER_ERROR,
               known ? (int)driver_error_for ((SmpProvisionError)code) : DRIVER_ERROR_REFUSED,
               "the device said no: %s (error %" G_GUINT64_FORMAT " of the provisioning group)",
               known ? texts[code] : "unknown reason", code);
}

/* Errors that all groups share (enum mcumgr_err_t of MCUmgr). */
static void
set_common_error (guint64 code, GError **error)
{
  static const char *const texts[] = {
    "none",          "unknown",       "out of memory", "invalid request", "timed out",
    "no such entry", "bad state",     "does not fit",  "unsupported",     "corrupt",
    "busy",          "access denied", "SMP too old",   "SMP too new"
  };
  const guint64 not_supported = 8;

  if (code == not_supported)
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
                 "the device speaks SMP, but not this command of provisioning group %u",
                 SMP_PROVISIONING_GROUP);
  else
    g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_REFUSED,
                 "the device said no: %s (SMP error %" G_GUINT64_FORMAT ")",
                 code < G_N_ELEMENTS (texts) ? texts[code] : "unknown reason", code);
}

/* {"err": {"group", "rc"}} or {"rc"}; an rc of 0 is no error. */
static gboolean
check_errors (const cbor_item_t *body, GError **error)
{
  const cbor_item_t *err = smp_map_get (body, "err");
  guint64 group = 0;
  guint64 code = 0;

  if (err != NULL) {
    if (!cbor_isa_map (err) || !smp_map_get_unsigned (err, "rc", &code)
        || !smp_map_get_unsigned (err, "group", &group))
      set_garbled ("an error came that is none", error);
    else if (group == SMP_PROVISIONING_GROUP)
      set_group_error (code, error);
    else
      set_common_error (code, error);
    return FALSE;
  }
  if (!smp_map_get_unsigned (body, "rc", &code) || code == 0)
    return TRUE;
  set_common_error (code, error);
  return FALSE;
}

cbor_item_t *
smp_exchange (Transport *transport, guint8 *sequence, SmpOperation operation,
              SmpProvisionCommand command, const cbor_item_t *body, Deadline deadline,
              GError **error)
{
  SmpHeader request = { .operation = operation,
                        .version = SMP_VERSION,
                        .group = SMP_PROVISIONING_GROUP,
                        .sequence = (*sequence)++,
                        .command = (guint8)command };
  g_autoptr (cbor_item_t) answer = NULL;

  if (!send_request (transport, &request, body, deadline, error))
    return NULL;
  answer = read_answer (transport, &request, deadline, error);
  if (answer == NULL || !check_errors (answer, error))
    return NULL;
  return g_steal_pointer (&answer);
}

/* A shell's echo of the question, or its complaint about it: no SMP device would say that,
 * so there is no need to wait longer. */
static gboolean
is_shell_talk (const GByteArray *line, const SmpAssembly *assembly, SmpLine kind)
{
  static const char *const complaints[] = { "error", "not found", "unknown", "recogni" };
  g_autofree char *text = NULL;

  if (kind == SMP_LINE_PACKET)
    return assembly->packet->len > 0 && (assembly->packet->data[0] & 7) == SMP_READ;
  if (kind != SMP_LINE_TEXT)
    return FALSE;
  text = g_ascii_strdown ((const char *)line->data, line->len);
  for (guint i = 0; i < G_N_ELEMENTS (complaints); i++)
    if (strstr (text, complaints[i]) != NULL)
      return TRUE;
  return FALSE;
}

/* Reads lines (or packets) until one tells. A port that dies is an error, silence is not. */
static gboolean
await_dialect (Transport *transport, SmpAssembly *assembly, gboolean *speaks, Deadline deadline,
               GError **error)
{
  const SmpFraming *framing = smp_framing (transport);

  for (;;) {
    g_autoptr (GByteArray) line = framing->read (transport, deadline, error);
    SmpLine kind;

    if (line == NULL)
      return FALSE;
    kind = framing->take (assembly, line->data, line->len);
    if (is_shell_talk (line, assembly, kind))
      return TRUE;
    *speaks = kind == SMP_LINE_PACKET;
    if (*speaks)
      return TRUE;
  }
}

static gboolean
reset_framing (Transport *transport, Deadline deadline, GError **error)
{
  const SmpFraming *framing = smp_framing (transport);

  return framing->reset == NULL || framing->reset (transport, deadline, error);
}

gboolean
smp_probe (Transport *transport, gboolean *speaks, Deadline deadline, GError **error)
{
  SmpHeader request = { .operation = SMP_READ,
                        .version = SMP_VERSION,
                        .group = SMP_GROUP_OS,
                        .sequence = PROBE_SEQUENCE,
                        .command = SMP_OS_PARAMETERS };
  g_autoptr (cbor_item_t) body = smp_map_new (0);
  g_auto (SmpAssembly) assembly = { 0 };
  g_autoptr (GError) problem = NULL;

  *speaks = FALSE;
  smp_assembly_init (&assembly);
  if (reset_framing (transport, deadline, &problem)
      && send_request (transport, &request, body, deadline, &problem)
      && await_dialect (transport, &assembly, speaks, deadline, &problem))
    return TRUE;
  if (g_error_matches (problem, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER)
      || g_error_matches (problem, DRIVER_ERROR, DRIVER_ERROR_GARBLED))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}
