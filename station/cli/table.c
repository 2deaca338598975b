/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every verb of keycradle, once. Help, completion and the test that holds
 * keycradle(1) against the program are made from this table.
 */
#include "station/cli/cli.h"

#include <string.h>

const CliVerb cli_verbs[] = {
  { "init", NULL, "", "demo slots ports acknowledge folder force",
    "Write the configuration of a new station, or a whole demo station.", CLI_ROLE_NONE, cli_init },
  { "status", NULL, "", "json", "Show the station on one page.", CLI_ROLE_AUDITOR, cli_status },
  { "doctor", NULL, "", "json", "Check this PC and say what to type where something is wrong.",
    CLI_ROLE_NONE, cli_doctor },
  { "monitor", NULL, "", "json", "Show what happens on the line, as it happens.", CLI_ROLE_AUDITOR,
    cli_monitor },
  { "config", "check", "", "", "Check the configuration; name file and line of a mistake.",
    CLI_ROLE_NONE, cli_config_check },

  { "slot", "list", "", "json no-headings", "List the slots.", CLI_ROLE_AUDITOR, cli_slot_list },
  { "slot", "enable", "SLOT", "", "Let a slot work again.", CLI_ROLE_SUPERVISOR, cli_slot_enable },
  { "slot", "disable", "SLOT", "reason", "Take a slot out of service.", CLI_ROLE_SUPERVISOR,
    cli_slot_disable },
  { "slot", "learn", "SLOT", "seconds", "Bind a slot to the port that is plugged in next.",
    CLI_ROLE_SUPERVISOR, cli_slot_learn },
  { "slot", "identify", "SLOT", "json", "Show which port and device a slot is.", CLI_ROLE_AUDITOR,
    cli_slot_identify },
  { "slot", "start", "SLOT", "", "Run the device in a slot (again).", CLI_ROLE_OPERATOR,
    cli_slot_start },
  { "slot", "acknowledge", "[SLOT]", "", "Say that a FAIL was seen; without SLOT, every FAIL.",
    CLI_ROLE_OPERATOR, cli_slot_acknowledge },
  { "slot", "bind", "SLOT SERIAL", "", "Give the device in a slot the serial that was scanned.",
    CLI_ROLE_OPERATOR, cli_slot_bind },
  { "slot", "swap", "SLOT SLOT", "", "Exchange the ports of two slots.", CLI_ROLE_SUPERVISOR,
    cli_slot_swap },

  { "batch", "create", "NAME",
    "product profile target serial-prefix serial-first serial-last serial-width serial-scan "
    "serial-pattern renew refresh file",
    "Make a batch: product, profile and how many.", CLI_ROLE_SUPERVISOR, cli_batch_create },
  { "batch", "list", "", "json no-headings", "List the batches, newest first.", CLI_ROLE_AUDITOR,
    cli_batch_list },
  { "batch", "show", "BATCH", "json", "Show one batch.", CLI_ROLE_AUDITOR, cli_batch_show },
  { "batch", "start", "BATCH", "", "Let devices into a batch.", CLI_ROLE_OPERATOR,
    cli_batch_start },
  { "batch", "pause", "BATCH", "", "Let no more devices in for now.", CLI_ROLE_SUPERVISOR,
    cli_batch_pause },
  { "batch", "targets", "BATCH [TARGET...]", "status",
    "Register the units of a batch there as they pass.", CLI_ROLE_SUPERVISOR, cli_batch_targets },
  { "batch", "units", "BATCH [SERIAL...]", "file", "Put units on the list of a batch.",
    CLI_ROLE_SUPERVISOR, cli_batch_units },
  { "batch", "close", "BATCH", "", "End a batch for good.", CLI_ROLE_SUPERVISOR, cli_batch_close },

  { "campaign", "list", "[TARGET]", "within what output limit marker json no-headings",
    "List the units of which something ends.", CLI_ROLE_AUDITOR, cli_campaign_list },
  { "campaign", "progress", "BATCH", "state output limit marker json no-headings",
    "Show how far a batch of units that come back is.", CLI_ROLE_AUDITOR, cli_campaign_progress },

  { "device", "list", "", "batch limit json no-headings", "List devices.", CLI_ROLE_AUDITOR,
    cli_device_list },
  { "device", "show", "SERIAL", "json", "Show one device.", CLI_ROLE_AUDITOR, cli_device_show },
  { "device", "attestation", "SERIAL", "json to", "Show where the key of a device was made.",
    CLI_ROLE_AUDITOR, cli_device_attestation },
  { "device", "retry", "SERIAL", "", "Let a device that has passed run once more.",
    CLI_ROLE_SUPERVISOR, cli_device_retry },
  { "device", "void", "SERIAL", "reason", "Void the certificate of a device, with a reason.",
    CLI_ROLE_SUPERVISOR, cli_device_void },
  { "attempt", "list", "", "batch device limit json no-headings", "List attempts, newest first.",
    CLI_ROLE_AUDITOR, cli_attempt_list },
  { "attempt", "show", "ATTEMPT", "json", "Show one attempt with its steps and dialogue.",
    CLI_ROLE_AUDITOR, cli_attempt_show },
  { "cert", "list", "", "batch limit json no-headings", "List certificates.", CLI_ROLE_AUDITOR,
    cli_cert_list },
  { "cert", "show", "SERIAL", "json pem",
    "Show the certificate of a device, or by its number or SHA-256.", CLI_ROLE_AUDITOR,
    cli_cert_show },

  { "target", "add", "NAME", "kind mode account region endpoint policy thing-type thing-group",
    "Name a registry of a cloud.", CLI_ROLE_SUPERVISOR, cli_target_add },
  { "target", "set", "TARGET", "endpoint policy thing-type thing-group",
    "Change what goes along to a target.", CLI_ROLE_SUPERVISOR, cli_target_set },
  { "target", "list", "", "json no-headings", "List the targets.", CLI_ROLE_AUDITOR,
    cli_target_list },
  { "target", "show", "TARGET", "json", "Show one target.", CLI_ROLE_AUDITOR, cli_target_show },

  { "registry", "register", "TARGET [SERIAL...]", "batch file status dry-run json",
    "Register certificates in a target.", CLI_ROLE_OPERATOR, cli_registry_change },
  { "registry", "activate", "TARGET [SERIAL...]", "batch file dry-run json", "Let certificates in.",
    CLI_ROLE_OPERATOR, cli_registry_change },
  { "registry", "deactivate", "TARGET [SERIAL...]", "batch file dry-run json",
    "Keep certificates out for now.", CLI_ROLE_OPERATOR, cli_registry_change },
  { "registry", "revoke", "TARGET [SERIAL...]", "batch file dry-run json",
    "Keep certificates out for good.", CLI_ROLE_SUPERVISOR, cli_registry_change },
  { "registry", "transfer", "TARGET [SERIAL...]", "batch file account message dry-run json",
    "Offer certificates to another account.", CLI_ROLE_SUPERVISOR, cli_registry_change },
  { "registry", "accept-transfer", "TARGET [SERIAL...]", "batch file status elsewhere dry-run json",
    "Take over what another account offers.", CLI_ROLE_SUPERVISOR, cli_registry_change },
  { "registry", "reject-transfer", "TARGET [SERIAL...]", "batch file reason elsewhere dry-run json",
    "Turn down what another account offers.", CLI_ROLE_SUPERVISOR, cli_registry_change },
  { "registry", "cancel-transfer", "TARGET [SERIAL...]", "batch file dry-run json",
    "Take an offer back.", CLI_ROLE_SUPERVISOR, cli_registry_change },
  { "registry", "delete", "TARGET [SERIAL...]", "batch file dry-run json",
    "Take certificates out of a target.", CLI_ROLE_SUPERVISOR, cli_registry_change },
  { "registry", "list", "[TARGET]",
    "ca batch device status ascending limit marker json no-headings",
    "List registrations, newest first.", CLI_ROLE_AUDITOR, cli_registry_list },
  { "registry", "show", "SERIAL", "json", "Show where a device's certificate is registered.",
    CLI_ROLE_AUDITOR, cli_registry_show },
  { "registry", "history", "SERIAL", "limit marker json no-headings",
    "List what was done to a device's registrations, newest first.", CLI_ROLE_AUDITOR,
    cli_registry_history },
  { "registry", "ca register", "TARGET CA", "code verification output inactive auto-registration",
    "Register a CA in a target.", CLI_ROLE_SUPERVISOR, cli_registry_ca_register },
  { "registry", "ca activate", "TARGET CA", "auto-registration",
    "Let certificates of a CA be registered.", CLI_ROLE_SUPERVISOR, cli_registry_ca_activate },
  { "registry", "ca deactivate", "TARGET CA", "auto-registration",
    "Let no more certificates of a CA be registered.", CLI_ROLE_SUPERVISOR,
    cli_registry_ca_deactivate },
  { "registry", "ca delete", "TARGET CA", "", "Take a CA out of a target.", CLI_ROLE_SUPERVISOR,
    cli_registry_ca_delete },
  { "registry", "ca list", "[TARGET]", "json no-headings", "List the CAs in targets.",
    CLI_ROLE_AUDITOR, cli_registry_ca_list },

  { "outbox", "list", "[TARGET]", "state device all limit marker json no-headings",
    "List what the clouds are to be told, newest first.", CLI_ROLE_AUDITOR, cli_outbox_list },
  { "outbox", "retry", "OPERATION...", "reason", "Let operations be tried again.",
    CLI_ROLE_OPERATOR, cli_outbox_retry },
  { "outbox", "park", "OPERATION...", "reason", "Take operations out for now.", CLI_ROLE_OPERATOR,
    cli_outbox_park },
  { "outbox", "drop", "OPERATION...", "reason", "Take operations out for good.",
    CLI_ROLE_SUPERVISOR, cli_outbox_drop },
  { "outbox", "done", "OPERATION...", "batch reason",
    "Say that the cloud took them by another way.", CLI_ROLE_OPERATOR, cli_outbox_done },

  { "key", "findings", "", "limit json no-headings",
    "List keys that give each other away, newest first.", CLI_ROLE_AUDITOR, cli_key_findings },

  { "operator", "add", "NAME", "role language badge-file pin-file",
    "Let somebody sign in with a badge.", CLI_ROLE_SUPERVISOR, cli_operator_add },
  { "operator", "list", "", "json no-headings", "List who may sign in.", CLI_ROLE_AUDITOR,
    cli_operator_list },
  { "operator", "enable", "OPERATOR", "", "Let somebody sign in again.", CLI_ROLE_SUPERVISOR,
    cli_operator_enable },
  { "operator", "disable", "OPERATOR", "", "Let somebody sign in no more.", CLI_ROLE_SUPERVISOR,
    cli_operator_disable },

  { "approval", "list", "", "all limit json no-headings",
    "List what waits for a second supervisor.", CLI_ROLE_AUDITOR, cli_approval_list },
  { "approval", "grant", "REQUEST", "json", "Allow what another supervisor asked for: it is done.",
    CLI_ROLE_SUPERVISOR, cli_approval_grant },
  { "approval", "refuse", "REQUEST", "reason", "Close a request, with a reason.",
    CLI_ROLE_SUPERVISOR, cli_approval_refuse },

  { "clock", "reset", "", "reason",
    "Have the signer go by this PC's clock, though it was set back.", CLI_ROLE_SUPERVISOR,
    cli_clock_reset },

  { "csr", "check", "FILE...", "known-keys json", "Judge certificate requests; needs no station.",
    CLI_ROLE_NONE, cli_csr_check },
  { "driver", "list", "", "json no-headings", "List the device families that are known.",
    CLI_ROLE_AUDITOR, cli_driver_list },
  { "driver", "rules", "", "json", "Print udev rules for what the site's match files name.",
    CLI_ROLE_AUDITOR, cli_driver_rules },
  { "port", "list", "", "json no-headings", "List what is plugged in, and why it is in no slot.",
    CLI_ROLE_AUDITOR, cli_port_list },
  { "profile", "list", "", "json no-headings", "List the certificate profiles.", CLI_ROLE_AUDITOR,
    cli_profile_list },
  { "ca", "status", "", "json", "Show the issuing CA and its signer.", CLI_ROLE_AUDITOR,
    cli_ca_status },
  { "ca", "list", "", "json no-headings", "List the signer's CAs.", CLI_ROLE_AUDITOR, cli_ca_list },
  { "ca", "accept", "FINGERPRINT", "", "Let a CA issue that never issued here.",
    CLI_ROLE_SUPERVISOR, cli_ca_accept },
  { "ca", "crl", "", "ca output", "Have a new revocation list made, and published.",
    CLI_ROLE_SUPERVISOR, cli_ca_crl },
  { "ca", "verification-certificate", "CODE", "ca output",
    "Certify the code with which AWS or Azure verifies the CA.", CLI_ROLE_SUPERVISOR,
    cli_ca_verification_certificate },
  { "ca", "init", "[WORD...]", "", "Make a test CA.", CLI_ROLE_NONE, cli_ca_tool },
  { "ca", "csr", "[WORD...]", "", "Make a CA's key and its request to an offline root.",
    CLI_ROLE_NONE, cli_ca_tool },
  { "ca", "install-chain", "[WORD...]", "", "Take what an offline root sent back.", CLI_ROLE_NONE,
    cli_ca_tool },
  { "ca", "check", "[WORD...]", "", "Look at a CA: its chain, its time, its key.", CLI_ROLE_NONE,
    cli_ca_tool },
  { "ca", "count", "[WORD...]", "", "Make a key whose signatures the TPM counts.", CLI_ROLE_NONE,
    cli_ca_tool },
  { "event", "list", "", "limit json no-headings", "List the audit events, newest first.",
    CLI_ROLE_AUDITOR, cli_event_list },

  { "export", "list", "", "batch limit json no-headings", "List the exports, newest first.",
    CLI_ROLE_AUDITOR, cli_export_list },
  { "export", "statement", "EXPORT", "output", "Save what the station signed about an export.",
    CLI_ROLE_OPERATOR, cli_export_statement },
  { "export", NULL, "FORMAT", "batch output new-only target most-rows check json",
    "Write the manifest of a batch.", CLI_ROLE_OPERATOR, cli_export },
  { "manifest", "verify", "FILE", "station json",
    "Say whether a manifest is what the station exported.", CLI_ROLE_AUDITOR, cli_manifest_verify },

  { "report", "make", "BATCH", "output", "Have the station sign what was issued for a batch.",
    CLI_ROLE_OPERATOR, cli_report_make },
  { "report", "list", "", "batch limit json no-headings", "List the reports, newest first.",
    CLI_ROLE_AUDITOR, cli_report_list },
  { "report", "show", "REPORT", "json", "Show what a report says.", CLI_ROLE_AUDITOR,
    cli_report_show },
  { "report", "save", "REPORT", "output json", "Save a report for the owner.", CLI_ROLE_AUDITOR,
    cli_report_save },

  { "ticket", "load", "FILE", "", "Load the owner's ticket.", CLI_ROLE_SUPERVISOR,
    cli_ticket_load },
  { "ticket", "list", "", "json no-headings", "List the tickets, and what is left of them.",
    CLI_ROLE_AUDITOR, cli_ticket_list },
  { "ticket", "make", "",
    "key passphrase-file certificate number batch profile profile-file count station ca-file "
    "not-before not-after after clock-reset note tpm tpm-from tpm-limit output",
    "Permit so many certificates, as the owner; needs no station.", CLI_ROLE_NONE,
    cli_ticket_make },
  { "ticket", "answer-challenge", "FILE", "key passphrase-file certificate enrolments",
    "Let a TPM begin to count, as the owner; needs no station.", CLI_ROLE_NONE, cli_ticket_answer },
  { "ticket", "show", "FILE", "owner json", "Show a ticket; needs no station.", CLI_ROLE_NONE,
    cli_ticket_show },
  { "audit", "verify", "FOLDER", "owner station kept manifest certificates json",
    "Say whether a collection of evidence holds together; needs no station.", CLI_ROLE_NONE,
    cli_audit_verify },
  { "audit", "reconcile", "FOLDER", "month owner station kept json",
    "Hold a month's signatures, entries and rows together; needs no station.", CLI_ROLE_NONE,
    cli_audit_reconcile },
  { "audit", "checks", "[CHECK...]", "target expiring-days age-days crl json",
    "Run AWS Device Defender's checks over the ledger's certificates.", CLI_ROLE_AUDITOR,
    cli_audit_checks },
  { "audit", "certificates", "", "batch json", "Verify every stored certificate again.",
    CLI_ROLE_AUDITOR, cli_audit_certificates },
  { "audit", "collect", "FOLDER", "json", "Fetch the evidence for an owner, while the line runs.",
    CLI_ROLE_AUDITOR, cli_audit_collect },
  { "audit", "prove", "[SERIAL]", "index batch output to limit json",
    "Have a proof made that a certificate is in the signer's log.", CLI_ROLE_AUDITOR,
    cli_audit_prove },
  { "audit", "check-proof", "FILE [FILE]", "station json",
    "Verify such a proof of a certificate; needs no station.", CLI_ROLE_NONE,
    cli_audit_check_proof },

  { "register", NULL, "TARGET", "once watch courier",
    "Tell a cloud what the registry says: run keycradle-courier.", CLI_ROLE_OPERATOR,
    cli_register },

  { "rehearse", NULL, "[TARGET]",
    "endpoint address port alpn server roots server-certificate server-key offline count seconds "
    "json",
    "Let finished devices try their connection, as AWS IoT would judge it.", CLI_ROLE_AUDITOR,
    cli_rehearse },
  { "card", NULL, "", "output slots language ascii",
    "Print the control barcodes, which do at the screen what keys do.", CLI_ROLE_NONE, cli_card },
  { "sim", NULL, "[WORD...]", "", "Run keycradle-sim, the simulated devices.", CLI_ROLE_NONE,
    cli_sim },
  { "version", NULL, "", "", "Print the version.", CLI_ROLE_NONE, cli_version },
  { "help", NULL, "[WORD...]", "", "Explain a noun or a verb.", CLI_ROLE_NONE, cli_help },
  { NULL, NULL, NULL, NULL, NULL, CLI_ROLE_NONE, NULL },
};

const char *
cli_role_word (CliRole role)
{
  switch (role) {
  case CLI_ROLE_NONE:
    return "no daemon";
  case CLI_ROLE_AUDITOR:
    return "auditor";
  case CLI_ROLE_OPERATOR:
    return "operator";
  case CLI_ROLE_SUPERVISOR:
    return "supervisor";
  }
  g_assert_not_reached ();
}

/* How many of `words` are the verb, which may be of two; 0 where they are another. */
static guint
count_verb_words (const char *verb, char **words)
{
  g_auto (GStrv) parts = g_strsplit (verb, " ", -1);
  guint count = 0;

  for (; parts[count] != NULL; count++)
    if (words[count] == NULL || !g_str_equal (parts[count], words[count]))
      return 0;
  return count;
}

const CliVerb *
cli_verb_find (char **words, guint *n_words)
{
  if (words[0] == NULL)
    return NULL;

  for (const CliVerb *verb = cli_verbs; verb->noun != NULL; verb++) {
    const guint count = !g_str_equal (verb->noun, words[0]) || verb->verb == NULL
                            ? 0
                            : count_verb_words (verb->verb, words + 1);
    if (!g_str_equal (verb->noun, words[0]) || (verb->verb != NULL && count == 0))
      continue;
    *n_words = 1 + count;
    return verb;
  }
  return NULL;
}

char *
cli_verb_name (const CliVerb *verb)
{
  return verb->verb == NULL ? g_strdup (verb->noun)
                            : g_strdup_printf ("%s %s", verb->noun, verb->verb);
}

void
cli_verb_arity (const CliVerb *verb, guint *least, guint *most)
{
  g_auto (GStrv) words = g_strsplit (verb->arguments, " ", -1);

  *least = *most = 0;
  for (char **word = words; *word != NULL && **word != '\0'; word++) {
    if (**word != '[')
      (*least)++;
    *most = strstr (*word, "...") != NULL ? G_MAXUINT : *most + 1;
  }
}

gboolean
cli_verb_takes (const CliVerb *verb, const char *name)
{
  g_auto (GStrv) names = g_strsplit (verb->options, " ", -1);

  return g_strv_contains ((const char *const *)names, name);
}
