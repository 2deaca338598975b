/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rules of the registry: first what the status in the target says, then what the station knows
 * of the certificate. docs/registry.md has the table that is spelled out here, an operation a
 * function; every refusal ends in what to do next.
 */
#include "db/registry-rules.h"

/* ---- verdicts ---- */

void
registry_verdict_clear (RegistryVerdict *verdict)
{
  g_clear_pointer (&verdict->refusal, g_free);
}

static void
becomes (RegistryVerdict *verdict, RegistrationStatus status)
{
  verdict->allowed = TRUE;
  verdict->changes = TRUE;
  verdict->status = status;
}

static void
is_so_already (RegistryVerdict *verdict)
{
  verdict->allowed = TRUE;
}

static void refuse (RegistryVerdict *verdict, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
refuse (RegistryVerdict *verdict, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  verdict->refusal = g_strdup_vprintf (format, arguments);
  va_end (arguments);
}

static void
refuse_absent (RegistryVerdict *verdict)
{
  refuse (verdict, "it is not registered in this target: register it first");
}

static void
refuse_pending (RegistryVerdict *verdict, const RegistryFacts *facts)
{
  refuse (verdict,
          "a transfer to account %s waits to be accepted: cancel it first (cancel-transfer)",
          facts->transferred_to);
}

static void
refuse_revoked (RegistryVerdict *verdict)
{
  refuse (verdict, "it is REVOKED, which is final: give the device a new certificate");
}

/* ---- what the station knows ---- */

static gboolean
is_aws (const RegistryFacts *facts)
{
  return g_strcmp0 (facts->kind, "aws") == 0;
}

static gboolean
is_alive (const RegistryFacts *facts, RegistryVerdict *verdict)
{
  if (facts->void_here)
    refuse (verdict, "the station took the certificate back (void): give the device a new one");
  else if (!facts->verified)
    refuse (verdict, "the device has not proven its key yet: run it until it passes");
  return verdict->refusal == NULL;
}

/* nRF Cloud knows a device or does not; a status of its own is in none of its requests. */
static gboolean
knows_inactive (const RegistryFacts *facts, RegistryVerdict *verdict)
{
  if (g_strcmp0 (facts->kind, "nrfcloud") != 0)
    return TRUE;
  refuse (verdict, "nRF Cloud has no inactive devices: revoke it, which takes it out of the team");
  return FALSE;
}

static gboolean
has_authority (const RegistryFacts *facts, RegistryVerdict *verdict)
{
  if (!is_aws (facts) || (facts->mode != TARGET_REGISTERED_CA && facts->mode != TARGET_SNI_ONLY))
    return TRUE;
  if (!facts->authority_registered)
    refuse (verdict, "the CA that signed it is not registered in this target: register that first "
                     "(registry ca register)");
  else if (!facts->authority_active)
    refuse (verdict, "the CA that signed it is INACTIVE in this target: activate that first "
                     "(registry ca activate)");
  return verdict->refusal == NULL;
}

static gboolean
fits_mode (const RegistryFacts *facts, RegistryVerdict *verdict)
{
  switch (facts->mode) {
  case TARGET_REGISTERED_CA:
  case TARGET_SNI_ONLY:
    return has_authority (facts, verdict);
  case TARGET_WITHOUT_CA:
    return TRUE;
  case TARGET_CSR:
    refuse (verdict, "the cloud of this target signs the devices' requests itself: export these "
                     "instead of registering certificates");
    return FALSE;
  case TARGET_SELF_SIGNED:
    if (!facts->self_signed)
      refuse (verdict, "it was signed by a CA, this target takes certificates that devices signed "
                       "themselves: use a target of mode without-ca");
    return facts->self_signed;
  }
  return FALSE;
}

static gboolean
is_apart (const RegistryFacts *facts, RegistryVerdict *verdict)
{
  if (facts->registered_elsewhere != NULL)
    refuse (verdict,
            "it is registered in target %s, which is the same account and region: use that one, or "
            "delete it there first",
            facts->registered_elsewhere);
  return verdict->refusal == NULL;
}

static gboolean
may_be_registered (const RegistryRequest *request, const RegistryFacts *facts,
                   RegistryVerdict *verdict)
{
  /* What shall never be let in need not be good. */
  if (request->status != REGISTRATION_REVOKED && !is_alive (facts, verdict))
    return FALSE;
  if (facts->expired) {
    refuse (verdict, "it has expired: give the device a new certificate");
    return FALSE;
  }
  if (!is_apart (facts, verdict))
    return FALSE;
  return fits_mode (facts, verdict)
         && (request->status != REGISTRATION_INACTIVE || knows_inactive (facts, verdict));
}

/* ---- operations, a row of the table each ---- */

static void
judge_register (const RegistryRequest *request, const RegistryFacts *facts,
                RegistryVerdict *verdict)
{
  if (facts->status == REGISTRATION_NONE) {
    if (may_be_registered (request, facts, verdict))
      becomes (verdict, request->status);
  }
  else if (facts->status == REGISTRATION_REVOKED && request->status != REGISTRATION_REVOKED)
    refuse_revoked (verdict);
  else if (facts->status != REGISTRATION_REVOKED && request->status == REGISTRATION_REVOKED)
    refuse (verdict, "it is registered as %s already: revoke it",
            registration_status_word (facts->status));
  else
    is_so_already (verdict);
}

static void
judge_activate (const RegistryFacts *facts, RegistryVerdict *verdict)
{
  switch (facts->status) {
  case REGISTRATION_NONE:
    refuse_absent (verdict);
    return;
  case REGISTRATION_ACTIVE:
    is_so_already (verdict);
    return;
  case REGISTRATION_INACTIVE:
  case REGISTRATION_PENDING_ACTIVATION:
    if (is_alive (facts, verdict))
      becomes (verdict, REGISTRATION_ACTIVE);
    return;
  case REGISTRATION_REVOKED:
    refuse_revoked (verdict);
    return;
  case REGISTRATION_PENDING_TRANSFER:
    refuse_pending (verdict, facts);
    return;
  }
}

static void
judge_deactivate (const RegistryFacts *facts, RegistryVerdict *verdict)
{
  switch (facts->status) {
  case REGISTRATION_NONE:
    refuse_absent (verdict);
    return;
  case REGISTRATION_ACTIVE:
  case REGISTRATION_PENDING_ACTIVATION:
    if (knows_inactive (facts, verdict))
      becomes (verdict, REGISTRATION_INACTIVE);
    return;
  case REGISTRATION_INACTIVE:
    is_so_already (verdict);
    return;
  case REGISTRATION_REVOKED:
    refuse (verdict, "it is REVOKED, which is final and more than INACTIVE: leave it as it is");
    return;
  case REGISTRATION_PENDING_TRANSFER:
    refuse_pending (verdict, facts);
    return;
  }
}

static void
judge_revoke (const RegistryFacts *facts, RegistryVerdict *verdict)
{
  switch (facts->status) {
  case REGISTRATION_NONE:
    refuse (verdict, "it is not registered in this target: register it as REVOKED, so that it "
                     "never gets in");
    return;
  case REGISTRATION_ACTIVE:
  case REGISTRATION_INACTIVE:
  case REGISTRATION_PENDING_ACTIVATION:
    becomes (verdict, REGISTRATION_REVOKED);
    return;
  case REGISTRATION_REVOKED:
    is_so_already (verdict);
    return;
  case REGISTRATION_PENDING_TRANSFER:
    refuse_pending (verdict, facts);
    return;
  }
}

static void
judge_delete (const RegistryFacts *facts, RegistryVerdict *verdict)
{
  switch (facts->status) {
  case REGISTRATION_NONE:
    refuse (verdict, "it is not registered in this target: there is nothing to delete");
    return;
  case REGISTRATION_ACTIVE:
    if (g_strcmp0 (facts->kind, "nrfcloud") == 0)
      refuse (verdict, "it is ACTIVE: revoke it first");
    else
      refuse (verdict, "it is ACTIVE: deactivate it first");
    return;
  case REGISTRATION_INACTIVE:
  case REGISTRATION_REVOKED:
  case REGISTRATION_PENDING_ACTIVATION:
    becomes (verdict, REGISTRATION_NONE);
    return;
  case REGISTRATION_PENDING_TRANSFER:
    refuse_pending (verdict, facts);
    return;
  }
}

static void
judge_pending_again (const RegistryRequest *request, const RegistryFacts *facts,
                     RegistryVerdict *verdict)
{
  if (g_strcmp0 (facts->transferred_to, request->account) == 0)
    is_so_already (verdict);
  else
    refuse_pending (verdict, facts);
}

static void
judge_transfer (const RegistryRequest *request, const RegistryFacts *facts,
                RegistryVerdict *verdict)
{
  switch (facts->status) {
  case REGISTRATION_NONE:
    refuse_absent (verdict);
    return;
  case REGISTRATION_ACTIVE:
    refuse (verdict, "it is ACTIVE: deactivate it first");
    return;
  case REGISTRATION_REVOKED:
    refuse_revoked (verdict);
    return;
  case REGISTRATION_PENDING_TRANSFER:
    judge_pending_again (request, facts, verdict);
    return;
  case REGISTRATION_INACTIVE:
  case REGISTRATION_PENDING_ACTIVATION:
    if (g_strcmp0 (facts->account, request->account) == 0)
      refuse (verdict, "it is in account %s already: say another account", request->account);
    else
      becomes (verdict, REGISTRATION_PENDING_TRANSFER);
    return;
  }
}

/* Something was heard of the other account. */
static void
judge_elsewhere (const RegistryFacts *facts, RegistrationStatus then, RegistryVerdict *verdict)
{
  if (facts->status == REGISTRATION_PENDING_TRANSFER)
    becomes (verdict, then);
  else
    refuse (verdict, "no transfer out of this target waits for it (it is %s): start one first",
            facts->status == REGISTRATION_NONE ? "not registered here"
                                               : registration_status_word (facts->status));
}

/* In the target that it goes to. A transfer out of this very target is somebody else's to answer.
 */
static gboolean
comes_here (const RegistryFacts *facts, RegistryVerdict *verdict)
{
  if (facts->status == REGISTRATION_PENDING_TRANSFER)
    refuse (verdict,
            "account %s, to which it goes, answers the transfer: do it in that account's target, "
            "or say elsewhere where that is none of this ledger's",
            facts->transferred_to);
  else if (facts->status != REGISTRATION_NONE)
    refuse (verdict,
            "it is registered in this target already, as %s: there is no transfer to "
            "answer",
            registration_status_word (facts->status));
  else if (facts->source == NULL)
    refuse (verdict, "no target of this ledger has started a transfer of it to this account and "
                     "region: start one there first");
  return verdict->refusal == NULL;
}

static void
judge_accept (const RegistryRequest *request, const RegistryFacts *facts, RegistryVerdict *verdict)
{
  if (request->elsewhere)
    judge_elsewhere (facts, REGISTRATION_NONE, verdict);
  else if (comes_here (facts, verdict) && is_apart (facts, verdict)
           && (request->status != REGISTRATION_ACTIVE || is_alive (facts, verdict)))
    becomes (verdict,
             request->status == REGISTRATION_ACTIVE ? REGISTRATION_ACTIVE : REGISTRATION_INACTIVE);
}

static void
judge_reject (const RegistryRequest *request, const RegistryFacts *facts, RegistryVerdict *verdict)
{
  if (request->elsewhere)
    judge_elsewhere (facts, REGISTRATION_INACTIVE, verdict);
  else if (comes_here (facts, verdict))
    becomes (verdict, REGISTRATION_NONE);
}

static void
judge_cancel (const RegistryFacts *facts, RegistryVerdict *verdict)
{
  if (facts->status == REGISTRATION_PENDING_TRANSFER)
    becomes (verdict, REGISTRATION_INACTIVE);
  else if (facts->status == REGISTRATION_NONE)
    refuse (verdict, "it is not registered in this target: there is no transfer to cancel");
  else
    refuse (verdict, "it is %s, no transfer of it waits: there is nothing to cancel",
            registration_status_word (facts->status));
}

static gboolean
is_about_transfer (RegistryOperation operation)
{
  return operation == REGISTRY_TRANSFER || operation == REGISTRY_ACCEPT_TRANSFER
         || operation == REGISTRY_REJECT_TRANSFER || operation == REGISTRY_CANCEL_TRANSFER;
}

static void
judge_operation (const RegistryRequest *request, const RegistryFacts *facts,
                 RegistryVerdict *verdict)
{
  switch (request->operation) {
  case REGISTRY_REGISTER:
    judge_register (request, facts, verdict);
    return;
  case REGISTRY_ACTIVATE:
    judge_activate (facts, verdict);
    return;
  case REGISTRY_DEACTIVATE:
    judge_deactivate (facts, verdict);
    return;
  case REGISTRY_REVOKE:
    judge_revoke (facts, verdict);
    return;
  case REGISTRY_TRANSFER:
    judge_transfer (request, facts, verdict);
    return;
  case REGISTRY_ACCEPT_TRANSFER:
    judge_accept (request, facts, verdict);
    return;
  case REGISTRY_REJECT_TRANSFER:
    judge_reject (request, facts, verdict);
    return;
  case REGISTRY_CANCEL_TRANSFER:
    judge_cancel (facts, verdict);
    return;
  case REGISTRY_DELETE:
    judge_delete (facts, verdict);
    return;
  }
}

void
registry_judge (const RegistryRequest *request, const RegistryFacts *facts,
                RegistryVerdict *verdict)
{
  *verdict = (RegistryVerdict){ .status = facts->status };
  if (is_about_transfer (request->operation) && !is_aws (facts))
    refuse (verdict, "only AWS IoT hands certificates from account to account: register it in the "
                     "other target, and delete it here");
  else
    judge_operation (request, facts, verdict);
}
