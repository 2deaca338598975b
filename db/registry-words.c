/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The registry's words, and what a request may say of itself.
 */
#include <string.h>

#include "db/ledger.h"
#include "db/registry-rules.h"

#define LONGEST_MESSAGE 128 /* characters; TransferMessage and RejectReason, AWS IoT API */

/* ---- words ---- */

const char *
registry_operation_word (RegistryOperation operation)
{
  switch (operation) {
  case REGISTRY_REGISTER:
    return "register";
  case REGISTRY_ACTIVATE:
    return "activate";
  case REGISTRY_DEACTIVATE:
    return "deactivate";
  case REGISTRY_REVOKE:
    return "revoke";
  case REGISTRY_TRANSFER:
    return "transfer";
  case REGISTRY_ACCEPT_TRANSFER:
    return "accept-transfer";
  case REGISTRY_REJECT_TRANSFER:
    return "reject-transfer";
  case REGISTRY_CANCEL_TRANSFER:
    return "cancel-transfer";
  case REGISTRY_DELETE:
    return "delete";
  }
  return "unknown";
}

const char *
registration_status_word (RegistrationStatus status)
{
  switch (status) {
  case REGISTRATION_NONE:
    return "none";
  case REGISTRATION_ACTIVE:
    return "ACTIVE";
  case REGISTRATION_INACTIVE:
    return "INACTIVE";
  case REGISTRATION_REVOKED:
    return "REVOKED";
  case REGISTRATION_PENDING_TRANSFER:
    return "PENDING_TRANSFER";
  case REGISTRATION_PENDING_ACTIVATION:
    return "PENDING_ACTIVATION";
  }
  return "unknown";
}

const char *
target_mode_word (TargetMode mode)
{
  switch (mode) {
  case TARGET_REGISTERED_CA:
    return "registered-ca";
  case TARGET_SNI_ONLY:
    return "sni-only";
  case TARGET_WITHOUT_CA:
    return "without-ca";
  case TARGET_CSR:
    return "csr";
  case TARGET_SELF_SIGNED:
    return "self-signed";
  }
  return "unknown";
}

gboolean
registry_operation_from_word (const char *word, RegistryOperation *operation)
{
  for (int i = 0; i < N_REGISTRY_OPERATIONS; i++)
    if (g_strcmp0 (word, registry_operation_word ((RegistryOperation)i)) == 0) {
      *operation = (RegistryOperation)i;
      return TRUE;
    }
  return FALSE;
}

gboolean
registration_status_from_word (const char *word, RegistrationStatus *status)
{
  for (int i = 0; i < N_REGISTRATION_STATUSES; i++)
    if (g_strcmp0 (word, registration_status_word ((RegistrationStatus)i)) == 0) {
      *status = (RegistrationStatus)i;
      return TRUE;
    }
  return FALSE;
}

gboolean
target_mode_from_word (const char *word, TargetMode *mode)
{
  for (int i = 0; i < N_TARGET_MODES; i++)
    if (g_strcmp0 (word, target_mode_word ((TargetMode)i)) == 0) {
      *mode = (TargetMode)i;
      return TRUE;
    }
  return FALSE;
}

/* ---- the request ---- */

static gboolean
invalid (GError **error, const char *sentence)
{
  g_set_error_literal (error, LEDGER_ERROR, LEDGER_ERROR_INVALID, sentence);
  return FALSE;
}

static gboolean
is_account (const char *text)
{
  return text != NULL && strlen (text) == 12 && strspn (text, "0123456789") == 12;
}

static gboolean
check_status (const RegistryRequest *request, GError **error)
{
  const RegistrationStatus status = request->status;

  if (request->operation == REGISTRY_REGISTER)
    return status == REGISTRATION_ACTIVE || status == REGISTRATION_INACTIVE
           || status == REGISTRATION_REVOKED
           || invalid (error,
                       "a certificate is registered as ACTIVE, INACTIVE or REVOKED: say which");
  if (request->operation == REGISTRY_ACCEPT_TRANSFER)
    return status == REGISTRATION_NONE || status == REGISTRATION_ACTIVE
           || status == REGISTRATION_INACTIVE
           || invalid (error, "a transfer is accepted as ACTIVE or INACTIVE: say which");
  return status == REGISTRATION_NONE
         || invalid (error, "a status goes with register and accept-transfer only: leave it out");
}

static gboolean
check_account (const RegistryRequest *request, GError **error)
{
  if (request->operation == REGISTRY_TRANSFER)
    return is_account (request->account)
           || invalid (error, "say the AWS account that the certificate goes to: 12 digits");
  return request->account == NULL
         || invalid (error, "an account goes with transfer only: leave it out");
}

static gboolean
check_message (const RegistryRequest *request, GError **error)
{
  if (request->message == NULL)
    return TRUE;
  if (request->operation != REGISTRY_TRANSFER && request->operation != REGISTRY_REJECT_TRANSFER)
    return invalid (error, "a message goes with transfer and reject-transfer only: leave it out");
  if (!g_utf8_validate (request->message, -1, NULL))
    return invalid (error, "the message is no UTF-8: write it anew");
  return g_utf8_strlen (request->message, -1) <= LONGEST_MESSAGE
         || invalid (error, "the message is longer than 128 characters: shorten it");
}

gboolean
registry_request_check (const RegistryRequest *request, GError **error)
{
  if (!check_status (request, error) || !check_account (request, error)
      || !check_message (request, error))
    return FALSE;
  return !request->elsewhere || request->operation == REGISTRY_ACCEPT_TRANSFER
         || request->operation == REGISTRY_REJECT_TRANSFER
         || invalid (error,
                     "elsewhere goes with accept-transfer and reject-transfer only: leave it out");
}
