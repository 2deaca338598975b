/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A unit that has passed already. Whoever reads PASS, or that a unit belongs to the finished ones,
 * takes it for one that has its identity: so it proves that each time anew.
 */
#include <string.h>

#include "station/log.h"
#include "station/prove.h"
#include "station/provision-run.h"

gboolean
run_prove_finished (Run *run, const Device *device, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (Certificate) live =
      ledger_live_certificate (run->context->ledger, device->id, &failure);

  if (failure != NULL) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  if (live == NULL || strcmp (live->state, "verified") != 0)
    return run_refuse (error, DRIVER_ERROR_PROOF,
                       "the ledger has no verified certificate that the device could prove");
  return session_proves (run->session, "finished-nonce", live->der, run_within (run, EXCHANGE_TIME),
                         error);
}

/* Is the unit the one that passed in this slot, and not to run again? */
static gboolean
is_the_one (Run *run, const Attempt *pass, GError **error)
{
  const DeviceIdentity *identity = run->identity;

  run->device =
      ledger_known_device (run->context->ledger, identity->chip_id, identity->serial, error);
  return run->device != NULL && g_strcmp0 (run->device->serial, pass->device) == 0
         && g_str_equal (run->device->state, "passed") && !run->device->retry_allowed;
}

static gboolean
record_check (Run *run, const Attempt *pass, GError **error)
{
  g_autofree char *detail = g_strdup_printf (
      "slot %u: still there after a restart, and proves the key of its certificate; it passed in "
      "attempt %" G_GINT64_FORMAT,
      run->context->slot, pass->id);

  return ledger_record_event (run->context->ledger, "station", "pass-checked", pass->device, detail,
                              error);
}

static gboolean
check (Run *run, const Attempt *pass, GError **error)
{
  if (!run_open_port (run, error) || !run_identify (run, error) || !is_the_one (run, pass, error))
    return FALSE;
  run_enter (run, STEP_PROVE);
  return run_prove_finished (run, run->device, error) && record_check (run, pass, error);
}

gboolean
provision_check_pass (const ProvisionContext *context, const Attempt *pass)
{
  Run run = { .context = context, .steps = g_string_new (NULL) };
  g_autoptr (GError) failure = NULL;
  gboolean stands = check (&run, pass, &failure);

  if (failure != NULL)
    log_slot (G_LOG_LEVEL_MESSAGE, context->slot, pass->device,
              "whether it is still in its place is not certain: %s", failure->message);
  run_clear (&run);
  return stands;
}
