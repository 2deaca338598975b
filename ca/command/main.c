/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle-signer: the one process that holds the CA's key. It has no network, no serial
 * port, no database and no terminal of its own: frames come in on a Unix socket, entries go
 * to the issuance log, certificates go out. Read signer.c first.
 */
#include "base/confine.h"
#include "ca/command/command.h"
#include "ca/command/demo.h"
#include "ca/command/key-make.h"
#include "ca/harden.h"
#include "ca/signer/listen.h"
#include "ca/signer/sandbox.h"
#include "ca/signer/server.h"
#include "ca/signer/signer-evidence.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define EXIT_USAGE 2

static const char usage[] = "usage: keycradle-signer --config FILE [--child]\n"
                            "       keycradle-signer --check --config FILE\n"
                            "       keycradle-signer init-demo --folder DIR [--key KIND]\n";

static const char options_help[] =
    "\n"
    "  --config FILE  serve with this signer.conf\n"
    "  --check        load everything, say OK or what is wrong, and exit\n"
    "  --child        end when the parent process ends\n"
    "  init-demo      make a test CA, which production mode refuses: ca init\n"
    "  ca             a CA's key, request and chain: see keycradle-signer(8); KIND is one of\n"
    "                 " KEY_KINDS "\n"
    "  --version      print the version\n"
    "  --help         print this\n";

typedef struct {
  char *config;
  char *folder;
  char *key;
  gboolean check;
  gboolean child;
  gboolean version;
  gboolean help;
  char **words;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->config);
  g_free (options->folder);
  g_free (options->key);
  g_strfreev (options->words);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* The journal where stderr is connected to it, else lines on stderr. */
static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  g_autofree char *line = NULL;

  if (level & (G_LOG_LEVEL_DEBUG | G_LOG_LEVEL_INFO))
    return G_LOG_WRITER_HANDLED;
  if (g_log_writer_is_journald (STDERR_FILENO)
      && g_log_writer_journald (level, fields, n_fields, data) == G_LOG_WRITER_HANDLED)
    return G_LOG_WRITER_HANDLED;
  line = g_log_writer_format_fields (level, fields, n_fields, FALSE);
  fprintf (stderr, "%s\n", line);
  return G_LOG_WRITER_HANDLED;
}

static int
fail (const GError *problem)
{
  fprintf (stderr, "keycradle-signer: %s\n", problem->message);
  return EXIT_FAILURE;
}

static int
fail_usage (void)
{
  fprintf (stderr, "%s%s%s", usage, command_usage, options_help);
  return EXIT_USAGE;
}

static int
run_init_demo (const Options *options)
{
  g_autoptr (GError) problem = NULL;
  const char *key = options->key != NULL ? options->key : "p-256";

  if (options->folder == NULL)
    return fail_usage ();
  if (!demo_create (options->folder, key, &problem))
    return fail (problem);
  printf ("made a test CA in %s (%s); production mode refuses it\n", options->folder, key);
  return EXIT_SUCCESS;
}

static gboolean
check_keys (const Generation *generation, GError **error)
{
  for (guint i = 0; i < generation->authorities->len; i++) {
    const Authority *authority = g_ptr_array_index (generation->authorities, i);
    g_autofree char *problem = keystore_problem (authority->keystore);

    if (problem != NULL) {
      g_set_error (error, CA_ERROR, CA_ERROR_CA_KEY, "[ca %s] can't sign: %s", authority->name,
                   problem);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
check_station (Signer *signer, GError **error)
{
  g_autofree char *problem = signer_station_problem (signer);

  return problem == NULL || ca_refuse (error, CA_ERROR_CA_KEY, "%s", problem);
}

/* Of a CA whose TPM counts; nothing for another one. */
static gboolean
describe_count (const Authority *authority, char **text, GError **error)
{
  KeystoreCount count;

  *text = g_strdup ("");
  if (!keystore_counts (authority->keystore))
    return TRUE;
  if (!keystore_count (authority->keystore, &count, error))
    return FALSE;
  g_free (*text);
  *text = g_strdup_printf (", which counted %u of %u signatures", count.count, count.limit);
  return TRUE;
}

static int
run_check (const SignerConfig *config)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (Signer) signer = signer_open (config, LOG_OPEN_CHECK, &problem);
  g_autoptr (Generation) generation = NULL;
  g_autofree char *count = NULL;
  ListenPeers peers;

  if (signer == NULL || !listen_peers (config->allowed_user, &peers, &problem))
    return fail (problem);
  generation = signer_generation (signer);
  if (!check_keys (generation, &problem) || !check_station (signer, &problem)
      || !describe_count (generation->issuing, &count, &problem))
    return fail (problem);
  printf ("OK: %s, %s, key in %s%s, %" G_GUINT64_FORMAT " entries in the issuance log",
          generation->issuing->subject_text, generation->issuing->key_text,
          keystore_scheme (generation->issuing->keystore), count,
          issuance_log_size (signer_log (signer)));
  if (config->known_keys[0] != NULL)
    printf (", %" G_GSIZE_FORMAT " known keys", known_keys_size (generation->known_keys));
  printf ("\n");
  return EXIT_SUCCESS;
}

/* Before any thread is made, so that all have them blocked and signalfd gets them. */
static void
block_signals (void)
{
  sigset_t signals;

  sigemptyset (&signals);
  sigaddset (&signals, SIGTERM);
  sigaddset (&signals, SIGINT);
  sigaddset (&signals, SIGHUP);
  pthread_sigmask (SIG_BLOCK, &signals, NULL);
}

/* Modules of tokens write to sockets: one whose other end has gone is their error, not our end. */
static void
ignore_broken_pipes (void)
{
  signal (SIGPIPE, SIG_IGN);
}

static void
say_ready (Signer *signer)
{
  g_autoptr (Generation) generation = signer_generation (signer);

  g_message ("ready: %s, %" G_GUINT64_FORMAT " entries in the issuance log",
             generation->issuing->subject_text, issuance_log_size (signer_log (signer)));
}

static int
run_server (const char *path, const SignerConfig *config)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (Signer) signer = NULL;
  g_autoptr (Server) server = NULL;

  block_signals ();
  if (!confine_drop_capabilities (&problem)
      || (signer = signer_open (config, LOG_OPEN_WRITE, &problem)) == NULL
      || (server = server_open (path, config, signer, &problem)) == NULL
      || !sandbox_enter (&problem))
    return fail (problem);
  sd_notify (0, "READY=1");
  say_ready (signer);
  if (!server_run (server, &problem))
    return fail (problem);
  sd_notify (0, "STOPPING=1");
  g_message ("stopped");
  return EXIT_SUCCESS;
}

static int
run_with_config (const Options *options)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (SignerConfig) config = NULL;

  if (options->config == NULL)
    return fail_usage ();
  if (!harden_process (&problem) || (options->child && !harden_follow_parent (&problem))
      || (config = signer_config_load (options->config, &problem)) == NULL)
    return fail (problem);
  return options->check ? run_check (config) : run_server (options->config, config);
}

static gboolean
parse (Options *options, int *argc, char ***argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "config", 0, 0, G_OPTION_ARG_FILENAME, &options->config, NULL, NULL },
    { "check", 0, 0, G_OPTION_ARG_NONE, &options->check, NULL, NULL },
    { "child", 0, 0, G_OPTION_ARG_NONE, &options->child, NULL, NULL },
    { "folder", 0, 0, G_OPTION_ARG_FILENAME, &options->folder, NULL, NULL },
    { "key", 0, 0, G_OPTION_ARG_STRING, &options->key, NULL, NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &options->version, NULL, NULL },
    { "help", 'h', 0, G_OPTION_ARG_NONE, &options->help, NULL, NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->words, NULL, NULL },
    { 0 },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_add_main_entries (context, entries, NULL);
  return g_option_context_parse (context, argc, argv, error);
}

int
main (int argc, char **argv)
{
  g_auto (Options) options = { 0 };
  g_autoptr (GError) problem = NULL;

  ignore_broken_pipes ();
  g_log_set_writer_func (write_log, NULL, NULL);
  if (argc > 1 && g_str_equal (argv[1], "ca"))
    return command_run (argc - 1, argv + 1);
  if (!parse (&options, &argc, &argv, &problem)) {
    fprintf (stderr, "keycradle-signer: %s\n", problem->message);
    return fail_usage ();
  }
  if (options.version) {
    puts ("keycradle-signer " KEYCRADLE_VERSION);
    return EXIT_SUCCESS;
  }
  if (options.help) {
    printf ("%s%s%s", usage, command_usage, options_help);
    return EXIT_SUCCESS;
  }
  if (options.words == NULL)
    return run_with_config (&options);
  if (g_str_equal (options.words[0], "init-demo") && options.words[1] == NULL)
    return run_init_demo (&options);
  return fail_usage ();
}
