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

/* What the slot does now, in at most 10 columns (9 from the tenth step on): with "10/13" behind it
 * that fills a tile of forty on a large terminal. */
static const Label steps[] = {
  { "open", N_ ("Opening") },        { "identify", N_ ("Detecting") },
  { "register", N_ ("Looking up") }, { "generate-key", N_ ("Making key") },
  { "read-csr", N_ ("Request") },    { "check-key", N_ ("Checking") },
  { "sign", N_ ("Signing") },        { "store", N_ ("Saving") },
  { "install", N_ ("Writing") },     { "read-back", N_ ("Verifying") },
  { "prove", N_ ("Proving") },       { "lock", N_ ("Locking") },
  { "record", N_ ("Recording") },    { NULL, NULL },
};

static const Label batch_states[] = {
  { "created", N_ ("NOT STARTED") },
  { "running", N_ ("RUNNING") },
  { "paused", N_ ("PAUSED") },
  { "closed", N_ ("CLOSED") },
  { NULL, NULL },
};

static const Label results[] = {
  { "passed", N_ ("PASS") },
  { "failed", N_ ("FAIL") },
  { "running", N_ ("WORKING") },
  { "interrupted", N_ ("CUT OFF") },
  { NULL, NULL },
};

/* What is wrong, in at most 18 columns, as many as a tile of sixteen has on a small terminal; what
 * to do stands in the operator's text. */
static const Label reasons[] = {
  /* between slot and unit */
  { "unplugged", N_ ("unplugged early") },
  { "port", N_ ("port fails") },
  { "no-answer", N_ ("no answer") },
  { "garbled", N_ ("garbled answer") },
  { "flood", N_ ("sends without end") },
  { "refused", N_ ("unit refuses") },
  { "unsupported", N_ ("can't do this") },
  { "unknown-device", N_ ("unknown unit") },
  { "identity", N_ ("no valid serial") },
  { "key-generation", N_ ("can't make a key") },
  { "private-key-leaked", N_ ("key given away") },
  { "read-back", N_ ("read-back differs") },
  { "proof", N_ ("proof failed") },
  { "attestation", N_ ("not attested") },
  { "device-refused", N_ ("not allowed here") },
  { "ca-not-accepted", N_ ("CA not accepted") },
  { "needs-approval", N_ ("takes two") },
  { "other-key-kind", N_ ("wrong key kind") },
  { "wrong-certificate", N_ ("wrong certificate") },
  /* the request and its key */
  { "csr-malformed", N_ ("damaged request") },
  { "csr-trailing-data", N_ ("damaged request") },
  { "csr-signature", N_ ("request unproven") },
  { "signature-algorithm", N_ ("wrong signature") },
  { "signature-weak", N_ ("weak signature") },
  { "key-algorithm", N_ ("key not allowed") },
  { "rsa-too-small", N_ ("key too weak") },
  { "rsa-too-large", N_ ("key too large") },
  { "rsa-malformed", N_ ("broken key") },
  { "rsa-exponent", N_ ("broken key") },
  { "rsa-small-factor", N_ ("key too weak") },
  { "rsa-perfect-power", N_ ("key too weak") },
  { "rsa-close-primes", N_ ("key too weak") },
  { "rsa-roca", N_ ("key too weak") },
  { "rsa-shared-prime", N_ ("key related") },
  { "ec-curve", N_ ("key not allowed") },
  { "ec-point", N_ ("broken key") },
  { "ec-tiny-key", N_ ("key too weak") },
  { "ec-near-key", N_ ("key related") },
  { "known-key", N_ ("key is known") },
  /* the records */
  { "duplicate-key", N_ ("key used twice") },
  { "duplicate-device", N_ ("serial used twice") },
  { "key-finding", N_ ("unsafe key") },
  { "busy-device", N_ ("unit in two slots") },
  { "already-done", N_ ("already done") },
  { "not-finished", N_ ("was not finished") },
  { "not-listed", N_ ("not on the list") },
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
  { "profile-key", N_ ("key not allowed") },
  { "subject", N_ ("name can't be made") },
  { "validity", N_ ("CA ends too soon") },
  { "clock", N_ ("wrong date or time") },
  { "certificate-rules", N_ ("breaks the rules") },
  { "ca-unknown", N_ ("CA unknown") },
  { "crl", N_ ("no revocation list") },
  { "ticket-missing", N_ ("no ticket") },
  { "ticket-used-up", N_ ("ticket used up") },
  { "ticket-time", N_ ("ticket not valid") },
  { "ticket-foreign", N_ ("other ticket") },
  { "ticket-replayed", N_ ("old ticket") },
  { "ticket-rolled-back", N_ ("other log") },
  { "ticket-invalid", N_ ("no true ticket") },
  { "tpm-count", N_ ("chip count full") },
  { "proof", N_ ("record unproven") },
  { "ca-key", N_ ("signer fails") },
  { "ca-token", N_ ("token missing") },
  { "ca-certificate", N_ ("signer fails") },
  { "demo-ca", N_ ("test CA") },
  { "issuance-log", N_ ("signer can't write") },
  { "signer-unreachable", N_ ("signer silent") },
  { "signer-protocol", N_ ("signer garbled") },
  { "signer-internal", N_ ("signer failed") },
  { "signer-chain", N_ ("signer not set up") },
  { "old-signer-log", N_ ("signer log too old") },
  { "server-roots", N_ ("roots missing") },
  { "no-slot", N_ ("port of no slot") },
  { "slot", N_ ("slot can't do it") },
  { "config", N_ ("wrong setup") },
  { "internal", N_ ("station fault") },
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

static const char *
label_or_word (const Label *labels, const char *word)
{
  const char *label = label_of (labels, word);

  if (label != NULL)
    return label;
  return word != NULL ? word : "";
}

const char *
step_label (const char *step)
{
  return label_or_word (steps, step);
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
  return label_or_word (batch_states, state);
}

const char *
batch_kind_label (const char *kind)
{
  if (g_strcmp0 (kind, "renew") == 0)
    return _ ("RENEWAL");
  return g_strcmp0 (kind, "refresh") == 0 ? _ ("REFRESH") : _ ("BATCH");
}

const char *
batch_kind_words (const char *kind)
{
  if (g_strcmp0 (kind, "renew") == 0)
    return _ ("new certificates for finished units");
  return g_strcmp0 (kind, "refresh") == 0 ? _ ("new roots and endpoint for finished units") : NULL;
}

const char *
result_label (const char *result)
{
  return label_or_word (results, result);
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
