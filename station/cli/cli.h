/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle, the command line: a client of keycradled's API that knows nothing
 * else of the station. One table (table.c) names every verb; parsing, help,
 * completion and the check of the man page are made from it.
 *
 * A verb is a function that gets one Cli and answers with an exit code. Where it
 * sets an error, the error decides the code and main prints the one sentence.
 */
#pragma once

#include <gio/gio.h>

#include "station-api.h"

/* The exit codes of keycradle(1). They never change. */
typedef enum {
  CLI_OK = 0,
  CLI_FAILED = 1,         /* an error that none of the others names */
  CLI_USAGE = 2,          /* the command line itself */
  CLI_NOT_FOUND = 3,      /* no such slot, batch, device, ... */
  CLI_UNREACHABLE = 4,    /* keycradled does not answer */
  CLI_NOT_PERMITTED = 5,  /* the role does not allow it */
  CLI_VERDICT = 6,        /* what was judged is bad: a device, a request, a manifest */
  CLI_CA_UNAVAILABLE = 7, /* the signer or its key is away */
  CLI_PARTIAL = 8,        /* done, but something was left out */
  CLI_WAITS = 9,          /* kept as a request: another supervisor must grant it */
  CLI_TRY_AGAIN = 75,     /* not now; the same command may do later */
} CliExit;

/* Errors of our own: the code is a CliExit. */
#define CLI_ERROR (cli_error_quark ())
GQuark cli_error_quark (void);

/* The exit code that stands for `error`: ours, or the daemon's org.keycradle.Error.*. */
CliExit cli_exit_for_error (const GError *error);

/* What --help, options and the daemon's answers need to know of who may do it. */
typedef enum { CLI_ROLE_NONE, CLI_ROLE_AUDITOR, CLI_ROLE_OPERATOR, CLI_ROLE_SUPERVISOR } CliRole;

/* "no daemon", "auditor", "operator", "supervisor". */
const char *cli_role_word (CliRole role);

/* Every option of every verb; an option means the same wherever it is taken. What was not
 * given is NULL, FALSE or -1. */
typedef struct {
  char *socket;
  char *config;
  gboolean json;
  gboolean no_headings;
  gboolean help;
  gboolean version;
  char *demo;
  gint64 slots;
  char *ports;
  char *folder;
  gboolean force;
  gboolean acknowledge;
  char *reason;
  gint64 seconds;
  char *product;
  char *profile;
  char *target;
  char *serial_prefix;
  gint64 serial_first;
  gint64 serial_last;
  gint64 serial_width;
  gboolean serial_scan;
  char *serial_pattern;
  gboolean renew;
  gboolean refresh;
  char *within;
  char *what;
  char *role;
  char *language;
  char *badge_file;
  char *pin_file;
  char *batch;
  char *device;
  gint64 limit;
  gboolean pem;
  char *output;
  char *to;
  char *ca;
  gboolean new_only;
  gint64 expiring_days;
  gint64 age_days;
  char **crl;
  gboolean check;
  gint64 most_rows;
  gboolean ascii;
  gboolean all;
  char **known_keys;
  char *key;
  char *passphrase_file;
  char *certificate;
  char *owner;
  char *station;
  char *ca_file;
  gint64 number;
  char *profile_file;
  gint64 count;
  char *not_before;
  char *not_after;
  char *after;
  gboolean clock_reset;
  char *note;
  char *tpm;
  gint64 tpm_from;
  gint64 tpm_limit;
  char *enrolments;
  char **kept;
  char **manifest;
  gboolean certificates;
  gint64 index;
  char *kind;
  char *mode;
  char *account;
  char *region;
  char *endpoint;
  char *policy;
  char *thing_type;
  char *thing_group;
  char *file;
  gboolean dry_run;
  char *status;
  char *message;
  gboolean elsewhere;
  char *state;
  gboolean ascending;
  char *marker;
  char *code;
  char *verification;
  gboolean inactive;
  char *auto_registration;
  char *month;
  char *courier;
  gboolean once;
  gboolean watch;
  char *address;
  gint64 port;
  gboolean alpn;
  char *server;
  char *roots;
  char *server_certificate;
  char *server_key;
  char *offline;
} CliOptions;

struct CliVerb;

/* One command under way. */
typedef struct {
  const struct CliVerb *verb;
  CliOptions options;
  char **arguments; /* behind noun and verb, NULL-ended */
  guint n_arguments;
  ApiStation1 *api; /* made by cli_connect() */
  guint impatience; /* milliseconds for connecting and for each answer; 0 for the usual */
} Cli;

typedef CliExit (*CliFunction) (Cli *cli, GError **error);

/* One line of the table. */
typedef struct CliVerb {
  const char *noun;
  const char *verb;      /* NULL where the noun says it all; may be of two words */
  const char *arguments; /* "BATCH", "FILE...", "[SLOT]": also how they are completed */
  const char *options;   /* names, besides the general ones, separated by spaces */
  const char *help;      /* one line */
  CliRole role;
  CliFunction run;
} CliVerb;

/* table.c: all verbs, ended by an entry without noun. */
extern const CliVerb cli_verbs[];

/* The verb that `words` begin with, and how many of them name it; NULL where there is none. */
const CliVerb *cli_verb_find (char **words, guint *n_words);

/* "batch create"; free with g_free(). */
char *cli_verb_name (const CliVerb *verb);

/* How many arguments it takes; `most` is G_MAXUINT for any number. */
void cli_verb_arity (const CliVerb *verb, guint *least, guint *most);

/* TRUE where the verb takes the option called `name`, without dashes. */
gboolean cli_verb_takes (const CliVerb *verb, const char *name);

/* ---- options.c ---- */

typedef enum {
  CLI_OPTION_SWITCH,
  CLI_OPTION_TEXT,
  CLI_OPTION_TEXTS, /* may be given several times */
  CLI_OPTION_COUNT
} CliOptionKind;

/* One option: what parsing, help and completion need of it. */
typedef struct {
  const char *name;
  CliOptionKind kind;
  gsize offset;         /* in CliOptions */
  const char *argument; /* NULL for a switch */
  const char *help;
  gboolean general; /* every verb takes it */
} CliOption;

/* All options, ended by an entry without name. */
extern const CliOption cli_options[];

/* Reads `argv` (options anywhere, "--" ends them) into `cli`; CLI_USAGE. */
gboolean cli_parse (Cli *cli, char **argv, GError **error);

void cli_clear (Cli *cli);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Cli, cli_clear)

/* Parses, runs and reports: all of main(). */
int cli_main (int argc, char **argv);

/* ---- help.c ---- */

/* All verbs, or one verb with its options; free with g_free(). */
char *cli_help_text (void);
char *cli_verb_help_text (const CliVerb *verb);
/* Prints help for `words`: all, one noun, or one verb. */
CliExit cli_print_help (char **words, GError **error);

/* ---- complete.c ---- */

/* Candidates for the last one of `words` (which may be empty), NULL-ended; ":files" stands for
 * file names. `cli` may be NULL: then nothing is asked of the daemon. */
char **cli_complete (Cli *cli, char **words);

/* ---- connection.c ---- */

/* Where the daemon listens: --socket, KEYCRADLE_SOCKET, the configuration's, the default.
 * Free with g_free(). */
char *cli_socket_path (const Cli *cli);

/* The configuration file: --config, KEYCRADLE_CONFIG, the default. */
const char *cli_config_path (const Cli *cli);

/* cli->api is there when this returns TRUE; CLI_UNREACHABLE with what to type. */
gboolean cli_connect (Cli *cli, GError **error);

/* For calls that may take as long as they need. */
void cli_wait_forever (Cli *cli);

/* ---- process.c ---- */

/* The path of one of our own programs: KEYCRADLE_LIBEXEC first, then where they are
 * installed, then PATH. NULL with CLI_FAILED. Free with g_free(). */
char *cli_program (const char *name, GError **error);

/* Runs it to its end with our own standard streams; its exit status in `status`. */
gboolean cli_run_program (char **argv, int *status, GError **error);

/* Becomes words[0], a path; the words end with NULL. Only a failure returns. */
CliExit cli_become (GPtrArray *words, GError **error);

/* Becomes the program of that name, with `verb` (NULL: none) and the command's own arguments. */
CliExit cli_hand_over (Cli *cli, const char *name, const char *verb, GError **error);

/* ---- the verbs ---- */

CliExit cli_init (Cli *cli, GError **error);
CliExit cli_status (Cli *cli, GError **error);
CliExit cli_doctor (Cli *cli, GError **error);
CliExit cli_monitor (Cli *cli, GError **error);
CliExit cli_config_check (Cli *cli, GError **error);
CliExit cli_slot_list (Cli *cli, GError **error);
CliExit cli_slot_enable (Cli *cli, GError **error);
CliExit cli_slot_disable (Cli *cli, GError **error);
CliExit cli_slot_learn (Cli *cli, GError **error);
CliExit cli_slot_identify (Cli *cli, GError **error);
CliExit cli_slot_start (Cli *cli, GError **error);
CliExit cli_slot_acknowledge (Cli *cli, GError **error);
CliExit cli_slot_bind (Cli *cli, GError **error);
CliExit cli_slot_swap (Cli *cli, GError **error);
CliExit cli_batch_create (Cli *cli, GError **error);
CliExit cli_batch_list (Cli *cli, GError **error);
CliExit cli_batch_show (Cli *cli, GError **error);
CliExit cli_batch_start (Cli *cli, GError **error);
CliExit cli_batch_pause (Cli *cli, GError **error);
CliExit cli_batch_close (Cli *cli, GError **error);
CliExit cli_batch_units (Cli *cli, GError **error);
/* Puts what --file or the words behind the batch name on its list; says how many. */
gboolean cli_add_batch_units (Cli *cli, const char *batch, GError **error);
CliExit cli_campaign_list (Cli *cli, GError **error);
CliExit cli_campaign_progress (Cli *cli, GError **error);
CliExit cli_batch_targets (Cli *cli, GError **error);
CliExit cli_target_add (Cli *cli, GError **error);
CliExit cli_target_set (Cli *cli, GError **error);
CliExit cli_target_list (Cli *cli, GError **error);
CliExit cli_target_show (Cli *cli, GError **error);
CliExit cli_registry_change (Cli *cli, GError **error);
CliExit cli_registry_list (Cli *cli, GError **error);
CliExit cli_registry_show (Cli *cli, GError **error);
CliExit cli_registry_history (Cli *cli, GError **error);
CliExit cli_registry_ca_register (Cli *cli, GError **error);
CliExit cli_registry_ca_activate (Cli *cli, GError **error);
CliExit cli_registry_ca_deactivate (Cli *cli, GError **error);
CliExit cli_registry_ca_delete (Cli *cli, GError **error);
CliExit cli_registry_ca_list (Cli *cli, GError **error);
CliExit cli_outbox_list (Cli *cli, GError **error);
CliExit cli_outbox_retry (Cli *cli, GError **error);
CliExit cli_outbox_park (Cli *cli, GError **error);
CliExit cli_outbox_drop (Cli *cli, GError **error);
CliExit cli_outbox_done (Cli *cli, GError **error);
CliExit cli_device_list (Cli *cli, GError **error);
CliExit cli_device_show (Cli *cli, GError **error);
CliExit cli_device_attestation (Cli *cli, GError **error);
CliExit cli_device_retry (Cli *cli, GError **error);
CliExit cli_device_void (Cli *cli, GError **error);
CliExit cli_attempt_list (Cli *cli, GError **error);
CliExit cli_attempt_show (Cli *cli, GError **error);
CliExit cli_cert_list (Cli *cli, GError **error);
CliExit cli_cert_show (Cli *cli, GError **error);
CliExit cli_operator_add (Cli *cli, GError **error);
CliExit cli_operator_list (Cli *cli, GError **error);
CliExit cli_operator_enable (Cli *cli, GError **error);
CliExit cli_operator_disable (Cli *cli, GError **error);
CliExit cli_approval_list (Cli *cli, GError **error);
CliExit cli_approval_grant (Cli *cli, GError **error);
CliExit cli_approval_refuse (Cli *cli, GError **error);
CliExit cli_clock_reset (Cli *cli, GError **error);
CliExit cli_csr_check (Cli *cli, GError **error);
CliExit cli_driver_list (Cli *cli, GError **error);
CliExit cli_driver_rules (Cli *cli, GError **error);
CliExit cli_port_list (Cli *cli, GError **error);
CliExit cli_profile_list (Cli *cli, GError **error);
CliExit cli_ca_list (Cli *cli, GError **error);
CliExit cli_ca_status (Cli *cli, GError **error);
CliExit cli_ca_accept (Cli *cli, GError **error);
CliExit cli_ca_crl (Cli *cli, GError **error);
CliExit cli_ca_verification_certificate (Cli *cli, GError **error);
CliExit cli_ca_tool (Cli *cli, GError **error);
CliExit cli_event_list (Cli *cli, GError **error);
CliExit cli_key_findings (Cli *cli, GError **error);
CliExit cli_export (Cli *cli, GError **error);
CliExit cli_export_list (Cli *cli, GError **error);
CliExit cli_export_statement (Cli *cli, GError **error);
CliExit cli_manifest_verify (Cli *cli, GError **error);
CliExit cli_ticket_answer (Cli *cli, GError **error);
CliExit cli_report_make (Cli *cli, GError **error);
CliExit cli_report_list (Cli *cli, GError **error);
CliExit cli_report_show (Cli *cli, GError **error);
CliExit cli_report_save (Cli *cli, GError **error);
CliExit cli_ticket_make (Cli *cli, GError **error);
CliExit cli_ticket_show (Cli *cli, GError **error);
CliExit cli_audit_verify (Cli *cli, GError **error);
CliExit cli_audit_checks (Cli *cli, GError **error);
CliExit cli_audit_certificates (Cli *cli, GError **error);
CliExit cli_ticket_load (Cli *cli, GError **error);
CliExit cli_ticket_list (Cli *cli, GError **error);
CliExit cli_audit_reconcile (Cli *cli, GError **error);
CliExit cli_audit_collect (Cli *cli, GError **error);
CliExit cli_audit_prove (Cli *cli, GError **error);
CliExit cli_audit_check_proof (Cli *cli, GError **error);
CliExit cli_register (Cli *cli, GError **error);
CliExit cli_rehearse (Cli *cli, GError **error);
CliExit cli_card (Cli *cli, GError **error);
CliExit cli_sim (Cli *cli, GError **error);
CliExit cli_version (Cli *cli, GError **error);
CliExit cli_help (Cli *cli, GError **error);
