/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The command line into a Cli. One list holds every option: so an option means
 * the same everywhere, and may stand before or behind the noun. Afterwards an
 * option that the verb does not take is refused.
 */
#include "station/cli/cli.h"

#include <stddef.h>
#include <string.h>

#define AT(member) offsetof (CliOptions, member)

const CliOption cli_options[] = {
  { "socket", CLI_OPTION_TEXT, AT (socket), "PATH", "the socket of keycradled", TRUE },
  { "config", CLI_OPTION_TEXT, AT (config), "FILE", "the station's configuration", TRUE },
  { "help", CLI_OPTION_SWITCH, AT (help), NULL, "explain the verb", TRUE },
  { "version", CLI_OPTION_SWITCH, AT (version), NULL, "print the version", TRUE },
  { "json", CLI_OPTION_SWITCH, AT (json), NULL, "print JSON and nothing else", FALSE },
  { "no-headings", CLI_OPTION_SWITCH, AT (no_headings), NULL, "print the table's rows only",
    FALSE },
  { "demo", CLI_OPTION_TEXT, AT (demo), "FOLDER", "make a whole demo station there", FALSE },
  { "slots", CLI_OPTION_COUNT, AT (slots), "N", "how many slots there are", FALSE },
  { "ports", CLI_OPTION_TEXT, AT (ports), "FOLDER",
    "where the demo's ports slot1, slot2 ... are (FOLDER/ports)", FALSE },
  { "folder", CLI_OPTION_TEXT, AT (folder), "FOLDER",
    "where the configuration goes (/etc/keycradle)", FALSE },
  { "force", CLI_OPTION_SWITCH, AT (force), NULL,
    "write into a folder that is not empty; replaces what has the same name", FALSE },
  { "acknowledge", CLI_OPTION_SWITCH, AT (acknowledge), NULL,
    "a FAIL of the demo station stays until somebody acknowledges it", FALSE },
  { "reason", CLI_OPTION_TEXT, AT (reason), "TEXT", "why, for those who come later", FALSE },
  { "seconds", CLI_OPTION_COUNT, AT (seconds), "N", "how long to wait for it (60)", FALSE },
  { "product", CLI_OPTION_TEXT, AT (product), "TEXT", "what is made", FALSE },
  { "profile", CLI_OPTION_TEXT, AT (profile), "PROFILE", "the certificate profile", FALSE },
  { "target", CLI_OPTION_TEXT, AT (target), "N|TARGET",
    "of a batch how many devices (0 for no limit); else the registry that is meant", FALSE },
  { "serial-prefix", CLI_OPTION_TEXT, AT (serial_prefix), "TEXT",
    "give devices serials that begin so", FALSE },
  { "serial-first", CLI_OPTION_COUNT, AT (serial_first), "N", "the first number behind it", FALSE },
  { "serial-last", CLI_OPTION_COUNT, AT (serial_last), "N", "the last number behind it", FALSE },
  { "serial-width", CLI_OPTION_COUNT, AT (serial_width), "N",
    "digits of the number, filled up with zeros", FALSE },
  { "serial-scan", CLI_OPTION_SWITCH, AT (serial_scan), NULL,
    "the serial of each device is scanned at the line", FALSE },
  { "renew", CLI_OPTION_SWITCH, AT (renew), NULL,
    "devices that have passed come back for a new key and certificate", FALSE },
  { "refresh", CLI_OPTION_SWITCH, AT (refresh), NULL,
    "devices that have passed come back for new roots and endpoint alone", FALSE },
  { "within", CLI_OPTION_TEXT, AT (within), "DAYS", "what ends by then: 90d", FALSE },
  { "what", CLI_OPTION_TEXT, AT (what), "WHAT", "certificate, ca or root; else all three", FALSE },
  { "serial-pattern", CLI_OPTION_TEXT, AT (serial_pattern), "REGEX",
    "what a scanned serial must look like, as a whole", FALSE },
  { "role", CLI_OPTION_TEXT, AT (role), "ROLE", "auditor, operator or supervisor", FALSE },
  { "language", CLI_OPTION_TEXT, AT (language), "LANGUAGE", "en, de or zh_CN", FALSE },
  { "badge-file", CLI_OPTION_TEXT, AT (badge_file), "FILE",
    "what the badge says, in a file; - for standard input", FALSE },
  { "pin-file", CLI_OPTION_TEXT, AT (pin_file), "FILE", "the PIN, in a file; - for standard input",
    FALSE },
  { "batch", CLI_OPTION_TEXT, AT (batch), "BATCH", "of this batch only", FALSE },
  { "device", CLI_OPTION_TEXT, AT (device), "SERIAL", "of this device only", FALSE },
  { "limit", CLI_OPTION_COUNT, AT (limit), "N", "at most so many (100); 0 for 10000", FALSE },
  { "pem", CLI_OPTION_SWITCH, AT (pem), NULL, "print the certificate as PEM and nothing else",
    FALSE },
  { "output", CLI_OPTION_TEXT, AT (output), "FILE", "where it goes; - for standard output", FALSE },
  { "to", CLI_OPTION_TEXT, AT (to), "FOLDER", "write what there is as files to that folder",
    FALSE },
  { "new-only", CLI_OPTION_SWITCH, AT (new_only), NULL,
    "only what the batch's last export in this format had not", FALSE },
  { "check", CLI_OPTION_SWITCH, AT (check), NULL,
    "write nothing: say what would be left out, and why", FALSE },
  { "most-rows", CLI_OPTION_COUNT, AT (most_rows), "N",
    "at most so many devices a file: FILE becomes several parts", FALSE },
  { "expiring-days", CLI_OPTION_COUNT, AT (expiring_days), "N",
    "what ends within so many days is told (30)", FALSE },
  { "age-days", CLI_OPTION_COUNT, AT (age_days), "N",
    "what has been active for so many days is told (365); else age is not checked", FALSE },
  { "crl", CLI_OPTION_TEXTS, AT (crl), "FILE",
    "a CA's revocation list, DER or PEM; may be given several times", FALSE },
  { "ca", CLI_OPTION_TEXT, AT (ca), "NAME", "the CA of that name; else the one that issues",
    FALSE },
  { "ascii", CLI_OPTION_SWITCH, AT (ascii), NULL, "the codes in letters alone", FALSE },
  { "once", CLI_OPTION_SWITCH, AT (once), NULL, "tell what is due now, and end", FALSE },
  { "watch", CLI_OPTION_SWITCH, AT (watch), NULL, "go on until it is told to end", FALSE },
  { "courier", CLI_OPTION_TEXT, AT (courier), "FILE",
    "how clouds are reached (courier.conf beside the configuration)", FALSE },
  { "all", CLI_OPTION_SWITCH, AT (all), NULL, "also what was decided", FALSE },
  { "known-keys", CLI_OPTION_TEXTS, AT (known_keys), "FILE",
    "refuse the keys of this list; may be given several times", FALSE },
  { "key", CLI_OPTION_TEXT, AT (key), "FILE", "the owner's private key (PEM)", FALSE },
  { "passphrase-file", CLI_OPTION_TEXT, AT (passphrase_file), "FILE",
    "the key's passphrase, in a file; - for standard input", FALSE },
  { "certificate", CLI_OPTION_TEXT, AT (certificate), "FILE",
    "the owner's certificate (PEM), which the signer has pinned", FALSE },
  { "owner", CLI_OPTION_TEXT, AT (owner), "FILE", "the owner's certificate (PEM): verify with it",
    FALSE },
  { "station", CLI_OPTION_TEXT, AT (station), "FILE", "the station's certificate (PEM)", FALSE },
  { "ca-file", CLI_OPTION_TEXT, AT (ca_file), "FILE", "the CA's certificate (PEM)", FALSE },
  { "number", CLI_OPTION_COUNT, AT (number), "N",
    "the ticket's number, higher than that of every earlier one for the station", FALSE },
  { "profile-file", CLI_OPTION_TEXT, AT (profile_file), "FILE",
    "the profile itself, of which no other version may be used", FALSE },
  { "count", CLI_OPTION_COUNT, AT (count), "N", "how many certificates", FALSE },
  { "not-before", CLI_OPTION_TEXT, AT (not_before), "TIME",
    "from when on (now): a date, a time, or +1d", FALSE },
  { "not-after", CLI_OPTION_TEXT, AT (not_after), "TIME",
    "until when (+30d): a date, a time, or +12h", FALSE },
  { "after", CLI_OPTION_TEXT, AT (after), "FILE",
    "the station's last checkpoint, report or manifest's statement: it must still stand by it",
    FALSE },
  { "clock-reset", CLI_OPTION_SWITCH, AT (clock_reset), NULL,
    "the station may go on with a clock that is behind its log", FALSE },
  { "note", CLI_OPTION_TEXT, AT (note), "TEXT", "for people", FALSE },
  { "tpm", CLI_OPTION_TEXT, AT (tpm), "FILE", "the enrolment of the TPM that counts for this CA",
    FALSE },
  { "tpm-from", CLI_OPTION_COUNT, AT (tpm_from), "N",
    "how many signatures of the TPM the owner knows of: the last report's count", FALSE },
  { "tpm-limit", CLI_OPTION_COUNT, AT (tpm_limit), "N",
    "how many it may make in all, from its first", FALSE },
  { "enrolments", CLI_OPTION_TEXT, AT (enrolments), "DIR",
    "where the owner keeps what was enrolled", FALSE },
  { "kept", CLI_OPTION_TEXTS, AT (kept), "FILE",
    "a checkpoint, report or proof of earlier; may be given several times", FALSE },
  { "manifest", CLI_OPTION_TEXTS, AT (manifest), "FILE",
    "a manifest, its statement beside as FILE.p7s; may be given several times", FALSE },
  { "certificates", CLI_OPTION_SWITCH, AT (certificates), NULL,
    "verify each certificate's signature as well", FALSE },
  { "month", CLI_OPTION_TEXT, AT (month), "MONTH", "what was issued in that month (UTC): 2026-11",
    FALSE },
  { "kind", CLI_OPTION_TEXT, AT (kind), "KIND",
    "which cloud: aws, azure-hub, azure-dps, nrfcloud or other", FALSE },
  { "mode", CLI_OPTION_TEXT, AT (mode), "MODE",
    "what it is given: registered-ca, sni-only, without-ca, csr or self-signed", FALSE },
  { "account", CLI_OPTION_TEXT, AT (account), "ACCOUNT", "the account there: 12 digits with AWS",
    FALSE },
  { "region", CLI_OPTION_TEXT, AT (region), "REGION", "the region there, as eu-west-1", FALSE },
  { "endpoint", CLI_OPTION_TEXT, AT (endpoint), "HOST",
    "the complete host name that devices connect to", FALSE },
  { "policy", CLI_OPTION_TEXT, AT (policy), "NAME", "the policy that certificates get there",
    FALSE },
  { "thing-type", CLI_OPTION_TEXT, AT (thing_type), "NAME", "the type of the things there", FALSE },
  { "thing-group", CLI_OPTION_TEXT, AT (thing_group), "NAME",
    "the group of the things there; with nRF Cloud tags, by |", FALSE },
  { "file", CLI_OPTION_TEXT, AT (file), "FILE",
    "a serial or the SHA-256 of a certificate a line; - for standard input", FALSE },
  { "dry-run", CLI_OPTION_SWITCH, AT (dry_run), NULL,
    "show what it would change, and change nothing", FALSE },
  { "status", CLI_OPTION_TEXT, AT (status), "STATUS",
    "ACTIVE, INACTIVE, REVOKED, PENDING_TRANSFER or PENDING_ACTIVATION", FALSE },
  { "message", CLI_OPTION_TEXT, AT (message), "TEXT", "for those in the other account", FALSE },
  { "elsewhere", CLI_OPTION_SWITCH, AT (elsewhere), NULL,
    "the other account is no target here: record what it did", FALSE },
  { "state", CLI_OPTION_TEXT, AT (state), "STATE",
    "waiting, handed, done, refused, alarm, parked or dropped", FALSE },
  { "ascending", CLI_OPTION_SWITCH, AT (ascending), NULL, "oldest first", FALSE },
  { "marker", CLI_OPTION_TEXT, AT (marker), "MARKER", "go on where an earlier list ended", FALSE },
  { "code", CLI_OPTION_TEXT, AT (code), "CODE",
    "the registration code of the account: the station certifies it", FALSE },
  { "verification", CLI_OPTION_TEXT, AT (verification), "FILE",
    "the CA's certificate over that code (PEM), made before", FALSE },
  { "inactive", CLI_OPTION_SWITCH, AT (inactive), NULL, "INACTIVE for now", FALSE },
  { "auto-registration", CLI_OPTION_TEXT, AT (auto_registration), "WORD",
    "on or off: devices may register by connecting (JITR, JITP)", FALSE },
  { "index", CLI_OPTION_COUNT, AT (index), "N", "this entry of the signer's log, from 0", FALSE },
  { "address", CLI_OPTION_TEXT, AT (address), "IP",
    "where to listen (127.0.0.1); 0.0.0.0 for every address of this PC", FALSE },
  { "port", CLI_OPTION_COUNT, AT (port), "N", "the port (8883); 0 for one that is free", FALSE },
  { "alpn", CLI_OPTION_SWITCH, AT (alpn), NULL, "judge as AWS IoT does at port 443, at any port",
    FALSE },
  { "server", CLI_OPTION_TEXT, AT (server), "CHAIN",
    "the server's chain: rsa, ecdsa or both (both)", FALSE },
  { "roots", CLI_OPTION_TEXT, AT (roots), "FOLDER",
    "where the test roots are, or are made, which devices must know", FALSE },
  { "server-certificate", CLI_OPTION_TEXT, AT (server_certificate), "FILE",
    "the server's own certificate and chain (PEM), in place of a test root's", FALSE },
  { "server-key", CLI_OPTION_TEXT, AT (server_key), "FILE", "its private key (PEM)", FALSE },
  { "offline", CLI_OPTION_TEXT, AT (offline), "PATH",
    "ask no station: certificates in that folder or file are those that are known", FALSE },
  { NULL, CLI_OPTION_SWITCH, 0, NULL, NULL, FALSE },
};

/* NULL, FALSE or -1 everywhere: nothing was given. */
static void
clear_options (CliOptions *options)
{
  for (const CliOption *option = cli_options; option->name != NULL; option++)
    if (option->kind == CLI_OPTION_COUNT)
      G_STRUCT_MEMBER (gint64, options, option->offset) = -1;
}

static gboolean
option_is_set (const CliOptions *options, const CliOption *option)
{
  switch (option->kind) {
  case CLI_OPTION_SWITCH:
    return G_STRUCT_MEMBER (gboolean, options, option->offset);
  case CLI_OPTION_TEXT:
    return G_STRUCT_MEMBER (char *, options, option->offset) != NULL;
  case CLI_OPTION_TEXTS:
    return G_STRUCT_MEMBER (char **, options, option->offset) != NULL;
  case CLI_OPTION_COUNT:
    return G_STRUCT_MEMBER (gint64, options, option->offset) != -1;
  }
  g_assert_not_reached ();
}

static GOptionEntry
option_entry (CliOptions *options, const CliOption *option)
{
  static const GOptionArg kinds[] = {
    [CLI_OPTION_SWITCH] = G_OPTION_ARG_NONE,
    [CLI_OPTION_TEXT] = G_OPTION_ARG_FILENAME, /* the bytes as they are */
    [CLI_OPTION_TEXTS] = G_OPTION_ARG_FILENAME_ARRAY,
    [CLI_OPTION_COUNT] = G_OPTION_ARG_INT64,
  };

  return (GOptionEntry){ .long_name = option->name,
                         .short_name = g_str_equal (option->name, "help") ? 'h' : 0,
                         .arg = kinds[option->kind],
                         .arg_data = G_STRUCT_MEMBER_P (options, option->offset),
                         .description = option->help,
                         .arg_description = option->argument };
}

/* Takes the options out of `argv`; what remains goes to `words`. */
static gboolean
parse_options (CliOptions *options, char **argv, char ***words, GError **error)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GArray) entries = g_array_new (TRUE, TRUE, sizeof (GOptionEntry));
  g_auto (GStrv) copy = g_strdupv (argv);
  GOptionEntry remaining = { .long_name = G_OPTION_REMAINING,
                             .arg = G_OPTION_ARG_FILENAME_ARRAY,
                             .arg_data = words };

  clear_options (options);
  for (const CliOption *option = cli_options; option->name != NULL; option++) {
    GOptionEntry entry = option_entry (options, option);
    g_array_append_val (entries, entry);
  }
  g_array_append_val (entries, remaining);
  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_add_main_entries (context, (GOptionEntry *)(gpointer)entries->data, NULL);

  g_autoptr (GError) wrong = NULL;
  if (!g_option_context_parse_strv (context, &copy, &wrong)) {
    g_set_error (error, CLI_ERROR, CLI_USAGE, "%s. 'keycradle help' lists what there is.",
                 wrong->message);
    return FALSE;
  }
  return TRUE;
}

/* An option that this verb does not take, or a number below zero. */
static gboolean
check_options (const Cli *cli, GError **error)
{
  g_autofree char *name = cli_verb_name (cli->verb);

  for (const CliOption *option = cli_options; option->name != NULL; option++) {
    if (!option_is_set (&cli->options, option))
      continue;
    if (!option->general && !cli_verb_takes (cli->verb, option->name)) {
      g_set_error (error, CLI_ERROR, CLI_USAGE,
                   "'keycradle %s' takes no --%s. 'keycradle help %s' tells what it takes.", name,
                   option->name, name);
      return FALSE;
    }
    if (option->kind == CLI_OPTION_COUNT
        && G_STRUCT_MEMBER (gint64, &cli->options, option->offset) < 0) {
      g_set_error (error, CLI_ERROR, CLI_USAGE, "--%s must not be negative.", option->name);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
check_arguments (const Cli *cli, GError **error)
{
  g_autofree char *name = cli_verb_name (cli->verb);
  guint least, most;

  cli_verb_arity (cli->verb, &least, &most);
  if (cli->n_arguments >= least && cli->n_arguments <= most)
    return TRUE;

  g_set_error (error, CLI_ERROR, CLI_USAGE, "%s: type 'keycradle %s%s%s'.",
               cli->n_arguments < least ? "Something is missing" : "That is one word too many",
               name, *cli->verb->arguments == '\0' ? "" : " ", cli->verb->arguments);
  return FALSE;
}

/* "batch needs a verb: create, list, ..." or "there is no 'foo'". */
static void
set_unknown_verb (char **words, GError **error)
{
  g_autoptr (GString) verbs = g_string_new (NULL);

  for (const CliVerb *verb = cli_verbs; verb->noun != NULL; verb++)
    if (g_str_equal (verb->noun, words[0]))
      g_string_append_printf (verbs, "%s%s", verbs->len == 0 ? "" : ", ", verb->verb);

  if (verbs->len == 0)
    g_set_error (error, CLI_ERROR, CLI_USAGE,
                 "There is no '%s'. 'keycradle help' lists what there is.", words[0]);
  else
    g_set_error (error, CLI_ERROR, CLI_USAGE, "'keycradle %s' goes on with one of: %s.", words[0],
                 verbs->str);
}

static gboolean
find_verb (Cli *cli, char **words, GError **error)
{
  static char help[] = "help";
  static char *help_words[] = { help, NULL };
  guint n_words = 0;

  /* --help with nothing, or with a noun only, is help too */
  cli->verb = cli_verb_find (words, &n_words);
  if (cli->verb == NULL && cli->options.help) {
    cli->verb = cli_verb_find (help_words, &n_words);
    n_words = 0;
  }
  if (cli->verb == NULL) {
    set_unknown_verb (words, error);
    return FALSE;
  }
  cli->arguments = g_strdupv (words + n_words);
  cli->n_arguments = g_strv_length (cli->arguments);
  return TRUE;
}

gboolean
cli_parse (Cli *cli, char **argv, GError **error)
{
  static char help[] = "help";
  static char version[] = "version";
  g_auto (GStrv) words = NULL;

  if (!parse_options (&cli->options, argv, &words, error))
    return FALSE;
  if (words == NULL && !cli->options.help && !cli->options.version) {
    g_set_error (error, CLI_ERROR, CLI_USAGE, "What to do? 'keycradle help' lists what there is.");
    return FALSE;
  }
  if (words == NULL || cli->options.version) {
    g_strfreev (words);
    words = g_strdupv ((char *[]){ cli->options.version ? version : help, NULL });
  }
  if (!find_verb (cli, words, error))
    return FALSE;
  return cli->options.help || (check_options (cli, error) && check_arguments (cli, error));
}

void
cli_clear (Cli *cli)
{
  for (const CliOption *option = cli_options; option->name != NULL; option++) {
    if (option->kind == CLI_OPTION_TEXT)
      g_clear_pointer (&G_STRUCT_MEMBER (char *, &cli->options, option->offset), g_free);
    if (option->kind == CLI_OPTION_TEXTS)
      g_clear_pointer (&G_STRUCT_MEMBER (char **, &cli->options, option->offset), g_strfreev);
  }
  g_clear_pointer (&cli->arguments, g_strfreev);
  g_clear_object (&cli->api);
}
