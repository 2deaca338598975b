/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The station's own words, as an operator says them. A word that is not in a table is shown as it
 * is: better the daemon's newest word than none.
 */
#include <string.h>

#include "ui-tui/language.h"
#include "ui-tui/view.h"

typedef struct {
  const char *word;
  const char *label;
} Label;

/* What the slot does now. */
static const Label steps[] = {
  { "open", N_ ("Opening port") },
  { "identify", N_ ("Identifying") },
  { "register", N_ ("Registering") },
  { "generate-key", N_ ("Making key") },
  { "read-csr", N_ ("Reading request") },
  { "check-key", N_ ("Checking key") },
  { "sign", N_ ("Signing") },
  { "store", N_ ("Saving") },
  { "install", N_ ("Writing to unit") },
  { "read-back", N_ ("Reading back") },
  { "prove", N_ ("Proving") },
  { "lock", N_ ("Locking unit") },
  { "record", N_ ("Recording") },
  { NULL, NULL },
};

static const Label batch_states[] = {
  { "created", N_ ("NOT STARTED") },
  { "running", N_ ("RUNNING") },
  { "paused", N_ ("PAUSED") },
  { "closed", N_ ("CLOSED") },
  { NULL, NULL },
};

/* What is wrong, in a few words; what to do stands in the operator's text. */
static const Label reasons[] = {
  /* between slot and unit */
  { "unplugged", N_ ("unplugged too early") },
  { "port", N_ ("port can't be used") },
  { "no-answer", N_ ("unit does not answer") },
  { "garbled", N_ ("answer makes no sense") },
  { "flood", N_ ("unit sends without end") },
  { "refused", N_ ("unit refused a step") },
  { "unsupported", N_ ("unit can't do this") },
  { "unknown-device", N_ ("unknown kind of unit") },
  { "identity", N_ ("no valid serial number") },
  { "key-generation", N_ ("unit could not make a key") },
  { "private-key-leaked", N_ ("unit gave away its key") },
  { "read-back", N_ ("read-back differs") },
  { "proof", N_ ("unit failed the proof") },
  { "other-key-kind", N_ ("wrong kind of key") },
  { "wrong-certificate", N_ ("wrong certificate") },
  /* the request and its key */
  { "csr-malformed", N_ ("damaged request") },
  { "csr-trailing-data", N_ ("damaged request") },
  { "csr-signature", N_ ("request not proven") },
  { "signature-algorithm", N_ ("signature not allowed") },
  { "key-algorithm", N_ ("key not allowed") },
  { "rsa-too-small", N_ ("key too weak") },
  { "rsa-too-large", N_ ("key too large") },
  { "rsa-malformed", N_ ("broken key") },
  { "ec-curve", N_ ("key not allowed") },
  { "ec-point", N_ ("broken key") },
  /* the records */
  { "duplicate-key", N_ ("key of another unit") },
  { "duplicate-device", N_ ("serial number used twice") },
  { "busy-device", N_ ("same unit in two slots") },
  { "already-done", N_ ("already done") },
  { "device-voided", N_ ("was taken back") },
  { "batch-state", N_ ("batch was stopped") },
  { "batch-full", N_ ("batch is complete") },
  { "storage", N_ ("station can't save") },
  { "corrupt", N_ ("records damaged") },
  { "not-found", N_ ("not in the records") },
  { "exists", N_ ("exists already") },
  { "invalid", N_ ("not allowed") },
  { "newer-schema", N_ ("records too new") },
  /* the signer */
  { "profile", N_ ("profile differs") },
  { "subject", N_ ("name can't be made") },
  { "validity", N_ ("would outlive its CA") },
  { "clock", N_ ("wrong date or time") },
  { "ca-key", N_ ("signer's key fails") },
  { "ca-certificate", N_ ("signer's certificate fails") },
  { "demo-ca", N_ ("test CA, not for production") },
  { "issuance-log", N_ ("signer can't write") },
  { "signer-unreachable", N_ ("signer does not answer") },
  { "signer-protocol", N_ ("signer not understood") },
  { "signer-internal", N_ ("signer failed") },
  { "signer-chain", N_ ("signer not set up") },
  { "old-signer-log", N_ ("signer's log too old") },
  { "server-roots", N_ ("server certificates missing") },
  { "no-slot", N_ ("port belongs to no slot") },
  { "slot", N_ ("slot can't do this now") },
  { "config", N_ ("configuration wrong") },
  { "internal", N_ ("fault of the station") },
  { NULL, NULL },
};

static const char *
label_of (const Label *labels, const char *word)
{
  for (const Label *line = labels; line->word != NULL; line++)
    if (g_strcmp0 (line->word, word) == 0)
      return _ (line->label);
  return NULL;
}

const char *
step_label (const char *step)
{
  const char *label = label_of (steps, step);

  if (label != NULL)
    return label;
  return step != NULL ? step : "";
}

const char *
tile_state_label (TileState state)
{
  switch (state) {
  case TILE_EMPTY:
    return _ ("EMPTY");
  case TILE_WAITING:
    return _ ("WAITING");
  case TILE_WORKING:
    return _ ("WORKING");
  case TILE_PASS:
    return _ ("PASS");
  case TILE_FAIL:
    return _ ("FAIL");
  case TILE_DISABLED:
    return _ ("DISABLED");
  }
  return "?";
}

const char *
batch_state_label (const char *state)
{
  const char *label = label_of (batch_states, state);

  if (label != NULL)
    return label;
  return state != NULL ? state : "";
}

const char *
reason_label (const char *reason, const char *operator_text)
{
  const char *label = label_of (reasons, reason);

  if (label != NULL)
    return label;
  if (operator_text != NULL && *operator_text != '\0')
    return _ (operator_text);
  return reason != NULL ? reason : "";
}
