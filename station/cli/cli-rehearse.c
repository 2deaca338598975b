/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle rehearse: an endpoint on which finished devices try their connection, judged as AWS IoT
 * would; docs/rehearsal.md.
 */
#include "station/cli/cli.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/confine.h"
#include "base/text.h"
#include "station/cli/arguments.h"
#include "station/cli/output.h"
#include "station/cli/rehearse-station.h"
#include "station/rehearse/known-files.h"
#include "station/rehearse/listener.h"
#include "station/rehearse/record.h"
#include "station/rehearse/server-chain.h"

#define DEFAULT_ADDRESS "127.0.0.1"
#define DEFAULT_PORT 8883u
#define HTTPS_PORT 443u
#define DEFAULT_SECONDS 60u
#define SECONDS_MOST 3600u

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SSL_CTX, SSL_CTX_free)

/* A rehearsal under way: what it goes by, and what came of it. */
typedef struct {
  Cli *cli;
  char *endpoint;
  KnownFiles *files;
  RehearseStation *station;
  guint port;
  guint seconds;
  guint most; /* verdicts; 0: no end */
  guint verdicts;
  guint refused;
  gboolean deaf; /* nobody reads what we print */
} Stage;

static void
stage_clear (Stage *stage)
{
  g_clear_pointer (&stage->station, rehearse_station_close);
  g_clear_pointer (&stage->files, known_files_free);
  g_free (stage->endpoint);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Stage, stage_clear)

/* ---- what was asked for ---- */

static gboolean
refuse (GError **error, const char *sentence)
{
  g_set_error_literal (error, CLI_ERROR, CLI_USAGE, sentence);
  return FALSE;
}

static gboolean
check_options (const Cli *cli, GError **error)
{
  const CliOptions *options = &cli->options;
  const gboolean own = options->server_certificate != NULL;

  if (own != (options->server_key != NULL))
    return refuse (error, "--server-certificate and --server-key go together.");
  if (own == (options->roots != NULL))
    return refuse (
        error, "A device must know the server's root: --roots FOLDER has a test root made there, "
               "or --server-certificate and --server-key name an own chain.");
  if (own && options->server != NULL)
    return refuse (error, "--server chooses between test chains; your own is what it is.");
  if (options->offline != NULL && cli->n_arguments > 0)
    return refuse (error, "Without a station (--offline) there is no target.");
  return TRUE;
}

static gboolean
read_numbers (Stage *stage, GError **error)
{
  const CliOptions *options = &stage->cli->options;

  stage->port = DEFAULT_PORT;
  stage->seconds = DEFAULT_SECONDS;
  if (!argument_count ("port", options->port, G_MAXUINT16, &stage->port, error)
      || !argument_count ("seconds", options->seconds, SECONDS_MOST, &stage->seconds, error)
      || !argument_count ("count", options->count, G_MAXINT, &stage->most, error))
    return FALSE;
  return stage->seconds > 0 || refuse (error, "--seconds must be 1 or more.");
}

/* A host name, as a certificate may carry it and a device sends it. */
static gboolean
endpoint_is_name (const char *name)
{
  const gsize length = strlen (name);

  return length > 0 && length <= 253 && !g_hostname_is_ip_address (name)
         && strspn (name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-")
                == length
         && name[0] != '.' && name[0] != '-' && name[length - 1] != '.';
}

static gboolean
choose_endpoint (Stage *stage, GError **error)
{
  const char *given = stage->cli->options.endpoint;
  const char *targets = stage->station != NULL ? rehearse_station_endpoint (stage->station) : "";

  stage->endpoint = g_strdup (given != NULL ? given : targets);
  if (*stage->endpoint == '\0')
    return refuse (error, "Which endpoint do the devices connect to? --endpoint NAME says it.");
  if (!endpoint_is_name (stage->endpoint))
    return refuse (error, "--endpoint is the complete host name that devices connect to, without a "
                          "port: a1b2c3-ats.iot.eu-west-1.amazonaws.com.");
  return TRUE;
}

static gboolean
open_registry (Stage *stage, GError **error)
{
  const Cli *cli = stage->cli;

  if (cli->options.offline != NULL) {
    stage->files = known_files_load (cli->options.offline, error);
    return stage->files != NULL;
  }
  if (cli->n_arguments > 0 && !argument_text (cli->arguments[0], error))
    return FALSE;
  stage->station =
      rehearse_station_open (stage->cli, cli->n_arguments > 0 ? cli->arguments[0] : NULL, error);
  return stage->station != NULL;
}

/* ---- the server's chains ---- */

static gboolean
make_chain (Stage *stage, SSL_CTX *context, ServerKind kind, gboolean *has, GError **error)
{
  *has = TRUE;
  return server_chain_make (context, kind, stage->endpoint, stage->cli->options.roots, error);
}

static gboolean
set_chains (Stage *stage, SSL_CTX *context, Terms *terms, GError **error)
{
  const CliOptions *options = &stage->cli->options;
  const char *server = options->server != NULL ? options->server : "both";
  const gboolean both = g_str_equal (server, "both");
  ServerKind kind;

  if (options->server_certificate != NULL) {
    if (!server_chain_load (context, options->server_certificate, options->server_key, &kind,
                            error))
      return FALSE;
    terms->has_rsa = kind == SERVER_RSA;
    terms->has_ecdsa = kind == SERVER_ECDSA;
    return TRUE;
  }
  if (!both && !g_str_equal (server, "rsa") && !g_str_equal (server, "ecdsa"))
    return refuse (error, "--server is rsa, ecdsa or both.");
  if ((both || g_str_equal (server, "rsa"))
      && !make_chain (stage, context, SERVER_RSA, &terms->has_rsa, error))
    return FALSE;
  return g_str_equal (server, "rsa")
         || make_chain (stage, context, SERVER_ECDSA, &terms->has_ecdsa, error);
}

/* ---- telling ---- */

static void
tell_start (const Stage *stage, const char *address, guint port, const Terms *terms)
{
  const char *chains = terms->has_rsa ? (terms->has_ecdsa ? "RSA and ECDSA chains" : "an RSA chain")
                                      : "an ECDSA chain";

  if (stage->cli->options.json) {
    g_autoptr (GVariant) record = g_variant_ref_sink (g_variant_new_parsed (
        "{'listening': <true>, 'address': <%s>, 'port': <%u>, 'endpoint': <%s>}", address, port,
        stage->endpoint));
    g_autofree char *json = json_text (record, FALSE);
    fputs (json, stdout);
  }
  else {
    printf ("Listening at %s port %u as %s, with %s", address, port, stage->endpoint, chains);
    if (terms->roots != NULL) {
      g_autofree char *roots = g_filename_display_name (terms->roots);
      printf ("; devices must know the roots in %s", roots);
    }
    fputs (".\n", stdout);
  }
  if (stage->files != NULL && !stage->cli->options.json)
    printf ("%u devices and %u CAs are known.\n", known_files_devices (stage->files),
            known_files_authorities (stage->files));
  fflush (stdout);
}

static gboolean
tell (Verdict *verdict, gpointer data)
{
  Stage *stage = data;
  g_autoptr (Verdict) own = verdict;
  g_autoptr (GVariant) record = g_variant_ref_sink (verdict_record (own));
  g_autofree char *text = stage->cli->options.json ? json_text (record, FALSE) : verdict_text (own);

  fputs (text, stdout);
  stage->deaf = fflush (stdout) != 0;
  stage->verdicts++;
  stage->refused += remarks_admit (own->remarks) ? 0 : 1;
  return !stage->deaf && (stage->most == 0 || stage->verdicts < stage->most);
}

/* ---- running ---- */

static CliExit
perform (Stage *stage, GError **error)
{
  const CliOptions *options = &stage->cli->options;
  const char *address = options->address != NULL ? options->address : DEFAULT_ADDRESS;
  g_autoptr (SSL_CTX) context = session_context (error);
  g_autoptr (Listener) listener = NULL;
  Terms terms = { .endpoint = stage->endpoint,
                  .target = stage->cli->n_arguments > 0 ? stage->cli->arguments[0] : NULL,
                  .roots = options->roots,
                  .port_443 = options->alpn || stage->port == HTTPS_PORT,
                  .seconds = stage->seconds };
  Rehearsal rehearsal = { .context = context, .terms = &terms };

  if (context == NULL || !set_chains (stage, context, &terms, error))
    return CLI_FAILED;
  rehearsal.registry = stage->files != NULL ? known_files_registry (stage->files)
                                            : rehearse_station_registry (stage->station);
  listener = listener_open (&rehearsal, address, (guint16)stage->port, error);
  if (listener == NULL)
    return CLI_FAILED;
  tell_start (stage, address, listener_port (listener), &terms);
  listener_run (listener, stage->seconds, tell, stage);
  return stage->refused == 0 ? CLI_OK : CLI_VERDICT;
}

CliExit
cli_rehearse (Cli *cli, GError **error)
{
  g_auto (Stage) stage = { .cli = cli };

  if (!check_options (cli, error) || !read_numbers (&stage, error))
    return CLI_FAILED;
  /* devices that go away, and readers of our output, are errors of a write and no more */
  signal (SIGPIPE, SIG_IGN);
  if (!confine_process (error) || !open_registry (&stage, error)
      || !choose_endpoint (&stage, error))
    return CLI_FAILED;
  return perform (&stage, error);
}
