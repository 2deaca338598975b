/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See wire.h. The socket may be blocking or not: every call says MSG_DONTWAIT and poll()s up
 * to the deadline.
 */
#include "ca/wire/wire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define FRAME_TYPE G_VARIANT_TYPE ("(yyv)")
#define N_KINDS (WIRE_JWS + 1)

static const char *const request_types[N_KINDS] = {
  [WIRE_ERROR] = NULL,
  [WIRE_SIGN] = WIRE_SIGN_REQUEST,
  [WIRE_ENTRIES] = WIRE_ENTRIES_REQUEST,
  [WIRE_STATUS] = WIRE_STATUS_REQUEST,
  [WIRE_CODE] = WIRE_CODE_REQUEST,
  [WIRE_REVOKE] = WIRE_REVOKE_REQUEST,
  [WIRE_CRL] = WIRE_CRL_REQUEST,
  [WIRE_TICKET] = WIRE_TICKET_REQUEST,
  [WIRE_TICKETS] = WIRE_TICKETS_REQUEST,
  [WIRE_REPORT] = WIRE_REPORT_REQUEST,
  [WIRE_MANIFEST] = WIRE_MANIFEST_REQUEST,
  [WIRE_CHECKPOINT] = WIRE_CHECKPOINT_REQUEST,
  [WIRE_INCLUSION] = WIRE_INCLUSION_REQUEST,
  [WIRE_CONSISTENCY] = WIRE_CONSISTENCY_REQUEST,
  [WIRE_LOG] = WIRE_LOG_REQUEST,
  [WIRE_CLOCK] = WIRE_CLOCK_REQUEST,
  [WIRE_JWS] = WIRE_JWS_REQUEST,
};

static const char *const reply_types[N_KINDS] = {
  [WIRE_ERROR] = WIRE_ERROR_REPLY,
  [WIRE_SIGN] = WIRE_ENTRY,
  [WIRE_ENTRIES] = WIRE_ENTRIES_REPLY,
  [WIRE_STATUS] = WIRE_STATUS_REPLY,
  [WIRE_CODE] = WIRE_CODE_REPLY,
  [WIRE_REVOKE] = WIRE_REVOKE_REPLY,
  [WIRE_CRL] = WIRE_CRL_REPLY,
  [WIRE_TICKET] = WIRE_TICKET_STATE,
  [WIRE_TICKETS] = WIRE_TICKETS_REPLY,
  [WIRE_REPORT] = WIRE_STATEMENT_REPLY,
  [WIRE_MANIFEST] = WIRE_STATEMENT_REPLY,
  [WIRE_CHECKPOINT] = WIRE_CHECKPOINT_REPLY,
  [WIRE_INCLUSION] = WIRE_INCLUSION_REPLY,
  [WIRE_CONSISTENCY] = WIRE_CONSISTENCY_REPLY,
  [WIRE_LOG] = WIRE_LOG_REPLY,
  [WIRE_CLOCK] = WIRE_CLOCK_REPLY,
  [WIRE_JWS] = WIRE_JWS_REPLY,
};

static gboolean
refuse (GError **error, CaError code, const char *message)
{
  g_set_error_literal (error, CA_ERROR, (int)code, message);
  return FALSE;
}

static gboolean
refuse_errno (GError **error, const char *doing)
{
  g_set_error (error, CA_ERROR, CA_ERROR_UNREACHABLE, "%s: %s", doing, g_strerror (errno));
  return FALSE;
}

static gboolean
wait_for (int fd, short events, Deadline deadline, GError **error)
{
  struct pollfd poller = { .fd = fd, .events = events };
  int ready;

  do
    ready = poll (&poller, 1, deadline_milliseconds_left (deadline));
  while (ready < 0 && errno == EINTR);
  if (ready < 0)
    return refuse_errno (error, "can't wait for the connection");
  return ready > 0 || refuse (error, CA_ERROR_UNREACHABLE, "the other side did not answer in time");
}

static gboolean
write_all (int fd, const guint8 *data, gsize length, Deadline deadline, GError **error)
{
  while (length > 0) {
    gssize sent = send (fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (sent < 0 && errno == EINTR)
      continue;
    if (sent < 0 && errno != EAGAIN)
      return refuse_errno (error, "the connection broke while writing");
    if (sent < 0 && !wait_for (fd, POLLOUT, deadline, error))
      return FALSE;
    if (sent > 0) {
      data += sent;
      length -= (gsize)sent;
    }
  }
  return TRUE;
}

static gboolean
read_all (int fd, guint8 *data, gsize length, Deadline deadline, GError **error)
{
  while (length > 0) {
    gssize got = recv (fd, data, length, MSG_DONTWAIT);

    if (got < 0 && errno == EINTR)
      continue;
    if (got == 0)
      return refuse (error, CA_ERROR_UNREACHABLE, "the other side closed the connection");
    if (got < 0 && errno != EAGAIN)
      return refuse_errno (error, "the connection broke while reading");
    if (got < 0 && !wait_for (fd, POLLIN, deadline, error))
      return FALSE;
    if (got > 0) {
      data += got;
      length -= (gsize)got;
    }
  }
  return TRUE;
}

/* The wire is little-endian. */
static GVariant *
to_wire_order (GVariant *value)
{
#if G_BYTE_ORDER == G_BIG_ENDIAN
  GVariant *swapped = g_variant_byteswap (value);

  g_variant_unref (value);
  return swapped;
#else
  return value;
#endif
}

gboolean
wire_write (int fd, WireKind kind, GVariant *payload, Deadline deadline, GError **error)
{
  g_autoptr (GVariant) frame = to_wire_order (
      g_variant_ref_sink (g_variant_new ("(yyv)", WIRE_VERSION, (guint8)kind, payload)));
  gsize length = g_variant_get_size (frame);
  g_autofree guint8 *data = NULL;
  guint32 prefix;

  if (length > WIRE_MOST)
    return refuse (error, CA_ERROR_PROTOCOL, "the frame would be too large");
  /* The frame itself must be aligned for GVariant, so the prefix stands in front of that. */
  data = g_malloc (8 + length);
  prefix = GUINT32_TO_LE ((guint32)length);
  memcpy (data + 8 - sizeof prefix, &prefix, sizeof prefix);
  g_variant_store (frame, data + 8);
  return write_all (fd, data + 8 - sizeof prefix, sizeof prefix + length, deadline, error);
}

/* The body lands in memory of its own, which malloc aligns as GVariant wants it. */
static GVariant *
read_frame (int fd, Deadline deadline, GError **error)
{
  g_autofree guint8 *data = NULL;
  g_autoptr (GBytes) bytes = NULL;
  guint32 length;

  if (!read_all (fd, (guint8 *)&length, sizeof length, deadline, error))
    return NULL;
  length = GUINT32_FROM_LE (length);
  if (length == 0 || length > WIRE_MOST) {
    refuse (error, CA_ERROR_PROTOCOL, "a frame of a length that is not allowed");
    return NULL;
  }
  data = g_malloc (length);
  if (!read_all (fd, data, length, deadline, error))
    return NULL;
  bytes = g_bytes_new_take (g_steal_pointer (&data), length);
  return to_wire_order (g_variant_ref_sink (g_variant_new_from_bytes (FRAME_TYPE, bytes, FALSE)));
}

gboolean
wire_read (int fd, WireDirection direction, Deadline deadline, WireKind *kind, GVariant **payload,
           GError **error)
{
  const char *const *types = direction == WIRE_REQUEST ? request_types : reply_types;
  g_autoptr (GVariant) frame = read_frame (fd, deadline, error);
  g_autoptr (GVariant) inside = NULL;
  guint8 version, number;

  if (frame == NULL)
    return FALSE;
  if (!g_variant_is_normal_form (frame))
    return refuse (error, CA_ERROR_PROTOCOL, "a frame that is not in normal form");
  g_variant_get (frame, "(yyv)", &version, &number, &inside);
  if (version != WIRE_VERSION)
    return refuse (error, CA_ERROR_PROTOCOL,
                   "a frame of another version: station and signer are not of one release");
  if (number >= N_KINDS || types[number] == NULL)
    return refuse (error, CA_ERROR_PROTOCOL, "a frame of an unknown kind");
  if (!g_variant_is_of_type (inside, G_VARIANT_TYPE (types[number])))
    return refuse (error, CA_ERROR_PROTOCOL, "a frame whose content has the wrong type");
  *kind = (WireKind)number;
  *payload = g_steal_pointer (&inside);
  return TRUE;
}

GVariant *
wire_bytes (GBytes *bytes)
{
  return g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, bytes, TRUE);
}

GBytes *
wire_bytes_of (GVariant *value)
{
  return g_variant_get_data_as_bytes (value);
}
