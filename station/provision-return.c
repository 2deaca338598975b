/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A unit that comes back in a batch that renews. Before its certificate is replaced, or kept with
 * new roots, it shows that it is that unit: it proves the key that it has. What is called like it
 * must not get its place.
 */
#include <string.h>

#include "station/error.h"
#include "station/prove.h"
#include "station/provision-run.h"

gboolean
run_is_renewal_of (const Run *run, const Certificate *live)
{
  const Order *order = run->context->order;

  return order->kind == BATCH_RENEW && strcmp (live->batch, order->batch) != 0;
}

/* Cut off behind this, it may have another key already: so it is asked once. A supervisor lets in
 * what has lost its key, too. */
gboolean
run_prove_old_key (Run *run, const Certificate *live, GError **error)
{
  g_autoptr (GError) failure = NULL;

  if (run->device->renewing)
    return TRUE;
  run_enter (run, STEP_CHECK_KEY);
  if (session_proves (run->session, "old-key-nonce", live->der, run_within (run, EXCHANGE_TIME),
                      &failure))
    return ledger_note_old_key (run->context->ledger, run->state.attempt_id, live, error);
  g_propagate_prefixed_error (error, g_steal_pointer (&failure),
                              "the key of the certificate that is to be replaced (a supervisor may "
                              "let the unit in without: keycradle device retry): ");
  return FALSE;
}

/* ---- roots and endpoint alone ---- */

/* PASS would say that it has them. */
static gboolean
check_able (const Run *run, GError **error)
{
  const Driver *driver = run->session->driver;
  const Profile *profile = run->context->order->profile;
  const gboolean roots = profile->server_roots != NULL && profile->server_roots[0] != NULL
                         && !g_str_equal (profile->server_roots[0], "none");
  const char *what = NULL;

  if (roots && !(driver->abilities & DRIVER_INSTALLS_ROOTS))
    what = "server roots";
  else if (profile->endpoint != NULL && !(driver->abilities & DRIVER_INSTALLS_ENDPOINT))
    what = "an endpoint";
  else if (!(driver->abilities
             & (DRIVER_INSTALLS_ROOTS | DRIVER_INSTALLS_ENDPOINT | DRIVER_INSTALLS_CHAIN)))
    what = "anything but its certificate";
  if (what == NULL)
    return TRUE;
  g_set_error (error, DRIVER_ERROR, DRIVER_ERROR_UNSUPPORTED,
               "devices of the family %s can't be given %s, which the profile %s has: leave it out "
               "of the profile, or renew the whole with its firmware",
               driver->name, what, profile->name);
  return FALSE;
}

gboolean
run_keep_certificate (Run *run, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (Certificate) live = NULL;

  run_enter (run, STEP_CHECK_KEY);
  if (!check_able (run, error))
    return FALSE;
  live = ledger_live_certificate (run->context->ledger, run->device->id, &failure);
  if (failure != NULL) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  if (live == NULL || strcmp (live->state, "verified") != 0)
    return run_refuse (error, DRIVER_ERROR_PROOF,
                       "the ledger has no verified certificate that the device could keep");
  if (!session_proves (run->session, "kept-key-nonce", live->der, run_within (run, EXCHANGE_TIME),
                       error))
    return FALSE;
  run->resumed = TRUE;
  run->certificate = g_bytes_ref (live->der);
  run->certificate_id = live->id;
  return TRUE;
}
