/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whole drivers against a device that says anything at all. The first byte chooses
 * the driver (bits 0 and 4) and how many bytes come at once (bits 1 to 3); what follows is what the
 * device sends, whatever it is asked. Then it is unplugged.
 */
#include <string.h>

#include "drivers/driver.h"

typedef struct {
  const guint8 *data;
  gsize length;
  gsize piece;
} Device;

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static gboolean
device_read (gpointer channel, guint8 *data, gsize length, gsize *got, Deadline deadline,
             GError **error)
{
  Device *device = channel;

  (void)deadline;
  *got = MIN (MIN (length, device->piece), device->length);
  if (*got == 0) {
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_UNPLUGGED, "unplugged");
    return FALSE;
  }
  memcpy (data, device->data, *got);
  device->data += *got;
  device->length -= *got;
  return TRUE;
}

static gboolean
device_write (gpointer channel, const guint8 *data, gsize length, Deadline deadline, GError **error)
{
  (void)channel;
  (void)data;
  (void)length;
  (void)deadline;
  (void)error;
  return TRUE;
}

static void
device_ignore (gpointer channel)
{
  (void)channel;
}

static const TransportMethods methods = {
  .read = device_read,
  .write = device_write,
  .discard_input = device_ignore,
  .close = device_ignore,
};

static void
check (gboolean done, GError **error)
{
  if (done == (*error != NULL))
    g_abort ();
  g_clear_error (error);
}

/* Every step in turn, also behind one that failed. */
static void
run_steps (Session *session, GBytes *certificate, Deadline deadline)
{
  static const guint8 nonce[PROOF_NONCE_LENGTH] = { 1, 2, 3, 4, 5, 6, 7, 0xff };
  const Driver *driver = session->driver;
  g_autoptr (GPtrArray) roots = g_ptr_array_new ();
  Credentials credentials = { .certificate = certificate, .roots = roots, .endpoint = "a.example" };
  g_auto (ReadBack) read_back = { 0 };
  g_auto (Proof) proof = { 0 };
  GError *error = NULL;

  g_ptr_array_add (roots, certificate);
  g_autoptr (DeviceIdentity) identity = driver->identify (session, deadline, &error);
  check (identity != NULL, &error);
  if (driver->assign_serial != NULL)
    check (driver->assign_serial (session, "unit-1", deadline, &error), &error);
  check (driver->generate_key (session, KEY_KIND_P256, deadline, &error), &error);
  g_autoptr (GBytes) request = driver->read_csr (session, "unit-1", deadline, &error);
  check (request != NULL, &error);
  check (driver->install (session, &credentials, deadline, &error), &error);
  check (driver->read_back (session, &credentials, &read_back, deadline, &error), &error);
  check (driver->prove (session, nonce, &proof, deadline, &error), &error);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  static const char *const names[] = { "nrf91", "freertos", "zephyr", "arduino" };

  if (size < 1)
    return 0;
  g_random_set_seed (20261121); /* a driver's question may hold random letters */
  Device device = { data + 1, size - 1, (gsize)1 << (data[0] >> 1 & 7) };
  const Driver *driver = driver_by_name (names[(data[0] & 1) | (data[0] >> 3 & 2)]);
  g_autoptr (Transport) transport = transport_new (CHANNEL_SERIAL, &methods, &device, "fuzz");
  g_autoptr (GBytes) certificate = g_bytes_new_static ("\x30\x03\x02\x01\x01", 5);
  Deadline deadline = deadline_in (60000);
  GError *error = NULL;
  gboolean speaks;

  check (driver->probe (transport, &speaks, deadline, &error), &error);
  g_autoptr (Session) session = session_open (driver, transport, NULL, deadline, &error);
  check (session != NULL, &error);
  if (session != NULL)
    run_steps (session, certificate, deadline);
  return 0;
}
