/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Back to the device: write, read back, compare, have the key proven.
 */
#include "station/certificate.h"
#include "station/prove.h"
#include "station/provision-run.h"
#include "station/roots.h"

static void
note_bytes (Run *run, const char *key, GBytes *bytes)
{
  gsize length;
  const guchar *data = g_bytes_get_data (bytes, &length);
  g_autofree char *text = g_base64_encode (data, length);

  transport_note (run->transport, key, text);
}

/* Another unit may have been put into the slot while the signer worked. */
static gboolean
check_same_device (Run *run, GError **error)
{
  g_autoptr (DeviceIdentity) now =
      run->session->driver->identify (run->session, run_within (run, EXCHANGE_TIME), error);

  if (now == NULL)
    return FALSE;
  if (g_strcmp0 (now->chip_id, run->identity->chip_id) == 0
      && g_strcmp0 (now->serial, run->identity->serial) == 0)
    return TRUE;
  return run_refuse (error, DRIVER_ERROR_IDENTITY,
                     "another device answers than the one that was identified");
}

static gboolean
gather_credentials (Run *run, Credentials *credentials, GError **error)
{
  const Profile *profile = run->context->order->profile;

  /* Also where the device does not get it: what goes out has an issuer that is known. */
  run->chain = issuer_chain_of (run->context->issuer, run->context->signer, run->certificate,
                                run_within (run, EXCHANGE_TIME), error);
  if (run->chain == NULL)
    return FALSE;
  if (!profile->install_chain)
    g_ptr_array_set_size (run->chain, 0);
  run->roots = server_roots_load ((const char *const *)profile->server_roots,
                                  certificate_key_is_rsa (run->certificate), error);
  if (run->roots == NULL)
    return FALSE;
  credentials->certificate = run->certificate;
  credentials->chain = run->chain;
  credentials->roots = run->roots;
  credentials->endpoint = profile->endpoint;
  return TRUE;
}

static void
note_credentials (Run *run, const Credentials *credentials)
{
  note_bytes (run, "certificate", credentials->certificate);
  for (guint i = 0; i < credentials->chain->len; i++)
    note_bytes (run, "chain", g_ptr_array_index (credentials->chain, i));
  for (guint i = 0; i < credentials->roots->len; i++)
    note_bytes (run, "root", g_ptr_array_index (credentials->roots, i));
  if (credentials->endpoint != NULL)
    transport_note (run->transport, "endpoint", credentials->endpoint);
}

/* A device that was locked and then lost before the ledger could say so refuses to be written once
 * more; read-back and proof decide whether it has all it needs. Every other device that comes
 * back gets everything again: the unplug may have hit the chain or the roots. */
static gboolean
tolerate_locked (Run *run, const GError *failure)
{
  run->locked = run->resumed && run->context->order->profile->lock
                && run->context->order->kind != BATCH_REFRESH
                && (run->session->driver->abilities & DRIVER_LOCKS) != 0
                && g_error_matches (failure, DRIVER_ERROR, DRIVER_ERROR_REFUSED);
  return run->locked;
}

/* What the device has from now on, for the record. */
static void
note_trust (Run *run, const Credentials *credentials)
{
  const guint abilities = run->session->driver->abilities;

  run->installed = TRUE;
  if (abilities & DRIVER_INSTALLS_ROOTS)
    run->trust.roots = run->roots;
  if (abilities & DRIVER_INSTALLS_ENDPOINT)
    run->trust.endpoint = credentials->endpoint;
}

static gboolean
install (Run *run, const Credentials *credentials, GError **error)
{
  g_autoptr (GError) failure = NULL;

  run_enter (run, STEP_INSTALL);
  if (!check_same_device (run, error))
    return FALSE;
  note_credentials (run, credentials);
  if (run->session->driver->install (run->session, credentials, run_within (run, INSTALL_TIME),
                                     &failure))
  {
    note_trust (run, credentials);
    return TRUE;
  }
  if (tolerate_locked (run, failure))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

static gboolean
read_back (Run *run, const Credentials *credentials, GError **error)
{
  g_auto (ReadBack) shown = { 0 };

  run_enter (run, STEP_READ_BACK);
  if (!run->session->driver->read_back (run->session, credentials, &shown,
                                        run_within (run, EXCHANGE_TIME), error))
    return FALSE;
  if (shown.certificate != NULL ? g_bytes_equal (shown.certificate, run->certificate)
                                : shown.digest_matches)
    return TRUE;
  return run_refuse (error, DRIVER_ERROR_READ_BACK,
                     "the device shows another certificate than was written to it");
}

static gboolean
prove (Run *run, GError **error)
{
  run_enter (run, STEP_PROVE);
  return session_proves (run->session, "nonce", run->certificate, run_within (run, EXCHANGE_TIME),
                         error);
}

static gboolean
lock_device (Run *run, GError **error)
{
  const Driver *driver = run->session->driver;

  if (!run->context->order->profile->lock || run->locked || !(driver->abilities & DRIVER_LOCKS))
    return TRUE;
  run_enter (run, STEP_LOCK);
  return driver->lock (run->session, run_within (run, EXCHANGE_TIME), error);
}

gboolean
run_deliver (Run *run, GError **error)
{
  Credentials credentials;

  return gather_credentials (run, &credentials, error) && install (run, &credentials, error)
         && read_back (run, &credentials, error) && prove (run, error) && lock_device (run, error);
}
