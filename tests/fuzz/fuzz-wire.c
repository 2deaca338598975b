/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any bytes as what a station (or a signer) sends: a frame is either refused or has the type
 * that its kind must have, and reads back as what it was. The first byte says who reads.
 */
#include "ca/wire/wire.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static void
read_request (WireKind kind, GVariant *payload)
{
  const char *batch, *product, *profile, *digest, *device, *chip;
  g_autoptr (GVariant) csr = NULL;
  gsize length;

  if (kind != WIRE_SIGN)
    return;
  g_variant_get (payload, "(&s&s&s&s&sm&s@ay)", &batch, &product, &profile, &digest, &device, &chip,
                 &csr);
  g_variant_get_fixed_array (csr, &length, 1);
  if (!g_utf8_validate (batch, -1, NULL) || !g_utf8_validate (device, -1, NULL)
      || (chip != NULL && !g_utf8_validate (chip, -1, NULL)))
    g_abort ();
}

/* What was read, written again and read again, is the same. */
static void
expect_same_again (const int fds[2], WireDirection direction, WireKind kind, GVariant *payload)
{
  g_autoptr (GVariant) again = NULL;
  WireKind kind_again;

  if (!wire_write (fds[0], kind, payload, deadline_in (1000), NULL)
      || !wire_read (fds[1], direction, deadline_in (1000), &kind_again, &again, NULL)
      || kind_again != kind || !g_variant_equal (payload, again))
    g_abort ();
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  WireDirection direction = size > 0 && (data[0] & 1) ? WIRE_REPLY : WIRE_REQUEST;
  g_autoptr (GVariant) payload = NULL;
  int fds[2], again[2];
  WireKind kind;

  if (size < 1 || size > WIRE_MOST)
    return 0;
  if (socketpair (AF_UNIX, SOCK_STREAM, 0, fds) < 0
      || socketpair (AF_UNIX, SOCK_STREAM, 0, again) < 0)
    g_abort ();
  if (send (fds[0], data + 1, size - 1, 0) != (gssize)size - 1)
    g_abort ();
  shutdown (fds[0], SHUT_WR);
  if (wire_read (fds[1], direction, deadline_in (1000), &kind, &payload, NULL)) {
    if (direction == WIRE_REQUEST)
      read_request (kind, payload);
    expect_same_again (again, direction, kind, payload);
  }
  for (guint i = 0; i < 2; i++) {
    close (fds[i]);
    close (again[i]);
  }
  return 0;
}
