/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See command.h. Nothing here runs while the station works: each verb ends when it has done its
 * thing, and leaves files that are whole.
 */
#include "ca/command/command.h"

#include "ca/command/authority-install.h"
#include "ca/command/authority-request.h"
#include "ca/command/count.h"
#include "ca/command/demo.h"
#include "ca/command/key-make.h"
#include "ca/harden.h"
#include "ca/signer/listen.h"
#include "ca/signer/signer.h"

#include <stdio.h>
#include <stdlib.h>

#define EXIT_USAGE 2
#define DEFAULT_KIND "p-256"

const char command_usage[] =
    "       keycradle-signer ca init --folder DIR [--key KIND]\n"
    "       keycradle-signer ca csr --folder DIR --subject \"CN=...,O=...\" [--key KIND]\n"
    "                        [--key-uri URI] [--passphrase-file FILE]\n"
    "       keycradle-signer ca install-chain --folder DIR --chain FILE.pem [--replace]\n"
    "       keycradle-signer ca check --config FILE\n"
    "       keycradle-signer ca check --folder DIR [--key-uri URI] [--passphrase-file FILE]\n"
    "       keycradle-signer ca count create --owner FILE.pem --enrolment FILE [--key KIND]\n"
    "                        [--handle 0x81000001] [--count 0x01800100] [--tcti CONF]\n"
    "       keycradle-signer ca count enroll --owner FILE.pem --enrolment FILE [--limit N]\n"
    "                        [--answer FILE] [--tcti CONF]\n";

typedef struct {
  char *folder;
  char *subject;
  char *key;
  char *key_uri;
  char *passphrase_file;
  char *chain;
  char *config;
  char *owner;
  char *enrolment;
  char *handle;
  char *count;
  char *limit;
  char *answer;
  char *tcti;
  gboolean replace;
  gboolean help;
  char **words;
} CommandOptions;

static void
command_options_clear (CommandOptions *options)
{
  g_free (options->folder);
  g_free (options->subject);
  g_free (options->key);
  g_free (options->key_uri);
  g_free (options->passphrase_file);
  g_free (options->chain);
  g_free (options->config);
  g_free (options->owner);
  g_free (options->enrolment);
  g_free (options->handle);
  g_free (options->count);
  g_free (options->limit);
  g_free (options->answer);
  g_free (options->tcti);
  g_strfreev (options->words);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CommandOptions, command_options_clear)

static int
fail (const GError *problem)
{
  fprintf (stderr, "keycradle-signer: %s\n", problem->message);
  return EXIT_FAILURE;
}

static int
fail_usage (const char *problem)
{
  fprintf (stderr, "keycradle-signer: %s\nusage:\n%s", problem, command_usage);
  return EXIT_USAGE;
}

static int
run_init (const CommandOptions *options)
{
  const char *key = options->key != NULL ? options->key : DEFAULT_KIND;
  g_autoptr (GError) problem = NULL;

  if (options->folder == NULL)
    return fail_usage ("ca init needs --folder");
  if (!demo_create (options->folder, key, &problem))
    return fail (problem);
  printf ("made a test CA in %s (%s); production mode refuses it\n", options->folder, key);
  return EXIT_SUCCESS;
}

/* ---- ca csr ---- */

static const char how_to_sign[] =
    "\n"
    "Where the offline root is (compare the fingerprint there, through another channel):\n"
    "\n"
    "  openssl req -in ca.csr -noout -pubkey | openssl pkey -pubin -outform DER | openssl dgst "
    "-sha256\n"
    "  printf '%s\\n' 'basicConstraints=critical,CA:TRUE,pathlen:0' \\\n"
    "      'keyUsage=critical,keyCertSign,cRLSign' 'subjectKeyIdentifier=hash' \\\n"
    "      'authorityKeyIdentifier=keyid:always' > ca.ext\n"
    "  openssl x509 -req -in ca.csr -CA root.pem -CAkey root.key -CAcreateserial -sha256 \\\n"
    "      -days 1825 -extfile ca.ext -out ca-signed.pem\n"
    "  cat ca-signed.pem root.pem > chain.pem\n"
    "\n"
    "Back here:\n"
    "\n";

static int
run_csr (const CommandOptions *options)
{
  const AuthorityRequest wanted = { .folder = options->folder,
                                    .subject = options->subject,
                                    .key = options->key != NULL ? options->key : DEFAULT_KIND,
                                    .key_uri = options->key_uri,
                                    .passphrase_file = options->passphrase_file };
  g_autoptr (GError) problem = NULL;
  g_autofree char *fingerprint = NULL;

  if (options->folder == NULL || options->subject == NULL)
    return fail_usage ("ca csr needs --folder and --subject");
  if (options->key != NULL && options->key_uri != NULL)
    return fail_usage ("ca csr takes either --key (a new one) or --key-uri (one that is there)");
  fingerprint = authority_request (&wanted, &problem);
  if (fingerprint == NULL)
    return fail (problem);
  printf ("made %s/" CA_REQUEST_FILE "\n", options->folder);
  printf ("SHA-256 of the public key: %s\n%s", fingerprint, how_to_sign);
  printf ("  keycradle-signer ca install-chain --folder %s --chain chain.pem\n", options->folder);
  return EXIT_SUCCESS;
}

/* ---- ca install-chain ---- */

static void
print_authority (const Authority *authority)
{
  g_autoptr (GDateTime) end = g_date_time_new_from_unix_utc (authority->not_after);
  g_autofree char *text = end != NULL ? g_date_time_format (end, "%Y-%m-%d") : NULL;
  g_auto (GStrv) warnings = authority_warnings (authority);

  printf ("%s: %s, %s, until %s, %u certificates in the chain\n", authority->name,
          authority->subject_text, authority->key_text, text != NULL ? text : "?",
          authority->chain->len);
  for (char **line = warnings; *line != NULL; line++)
    printf ("warning: %s\n", *line);
}

/* A CA's name is the last part of its folder's, without "ca-" in front: ca-2026 is [ca 2026]. */
static char *
name_for (const char *folder)
{
  g_autofree char *base = g_path_get_basename (folder);

  return g_strdup (g_str_has_prefix (base, "ca-") ? base + 3 : base);
}

static void
print_configuration (const char *folder)
{
  g_autofree char *whole = g_canonicalize_filename (folder, NULL);
  g_autofree char *name = name_for (whole);
  g_autofree char *key = g_build_filename (whole, CA_KEY_FILE, NULL);
  const gboolean is_file = g_file_test (key, G_FILE_TEST_EXISTS);

  printf ("\nFor signer.conf:\n\n[ca %s]\nKey=%s%s\nCertificate=%s/" CA_CERTIFICATE_FILE "\n", name,
          is_file ? "file:" : "", is_file ? key : "THE-URI-OF-CA-CSR", whole);
  printf ("PassphraseCredential=ca-%s\n", name);
  printf ("\nIts credential, then the CA that issues, then the signer anew:\n\n"
          "  systemd-creds encrypt --name=ca-%s - /etc/keycradle/ca-%s.cred\n"
          "  systemctl edit keycradle-signer"
          "    # [Service] LoadCredentialEncrypted=ca-%s:/etc/keycradle/ca-%s.cred\n"
          "  in signer.conf, [signer]: Issuing=%s\n"
          "  systemctl restart keycradle-signer\n",
          name, name, name, name, name);
}

static int
run_install (const CommandOptions *options)
{
  const AuthorityInstall wanted = { .folder = options->folder,
                                    .chain = options->chain,
                                    .replace = options->replace };
  g_autoptr (GError) problem = NULL;
  g_autoptr (Authority) authority = NULL;

  if (options->folder == NULL || options->chain == NULL)
    return fail_usage ("ca install-chain needs --folder and --chain");
  authority = authority_install (&wanted, &problem);
  if (authority == NULL)
    return fail (problem);
  printf ("made %s/" CA_CERTIFICATE_FILE "\n", options->folder);
  print_authority (authority);
  print_configuration (options->folder);
  return EXIT_SUCCESS;
}

/* ---- ca check ---- */

static int
check_config (const CommandOptions *options)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (SignerConfig) config = signer_config_load (options->config, &problem);
  g_autoptr (Signer) signer = NULL;
  g_autoptr (Generation) generation = NULL;
  ListenPeers peers;

  if (config == NULL || (signer = signer_open (config, LOG_OPEN_CHECK, &problem)) == NULL
      || !listen_peers (config->allowed_user, &peers, &problem))
    return fail (problem);
  generation = signer_generation (signer);
  for (guint i = 0; i < generation->authorities->len; i++)
    print_authority (g_ptr_array_index (generation->authorities, i));
  printf ("OK: %" G_GUINT64_FORMAT " entries in the issuance log\n",
          issuance_log_size (signer_log (signer)));
  return EXIT_SUCCESS;
}

/* The key is opened only where the command line says how. */
static gboolean
check_key (const CommandOptions *options, Authority *authority, GError **error)
{
  const PassphraseSource passphrase = { .file = options->passphrase_file, .fd = -1 };
  g_autofree char *folder = g_canonicalize_filename (options->folder, NULL);
  g_autofree char *own = g_strconcat ("file:", folder, "/" CA_KEY_FILE, NULL);
  const char *uri = options->key_uri != NULL ? options->key_uri : own;

  if (options->key_uri == NULL && options->passphrase_file == NULL) {
    puts ("the key was not looked at: give --passphrase-file, or --key-uri");
    return TRUE;
  }
  return authority_unlock (authority, uri, &passphrase, error);
}

static int
check_folder (const CommandOptions *options)
{
  g_autofree char *path = g_build_filename (options->folder, CA_CERTIFICATE_FILE, NULL);
  g_autofree char *name = name_for (options->folder);
  g_autoptr (GError) problem = NULL;
  g_autoptr (Authority) authority = authority_load (name, path, NULL, &problem);

  if (authority == NULL || !authority_check_times (authority, &problem)
      || !check_key (options, authority, &problem))
    return fail (problem);
  print_authority (authority);
  puts ("OK");
  return EXIT_SUCCESS;
}

static int
run_check (const CommandOptions *options)
{
  if ((options->config != NULL) == (options->folder != NULL))
    return fail_usage ("ca check needs either --config or --folder");
  return options->config != NULL ? check_config (options) : check_folder (options);
}

/* ---- ca count ---- */

static const char *
given_or (const char *given, const char *usual)
{
  return given != NULL ? given : usual;
}

static int
create_count (const CountCommand *wanted)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *uri = count_create (wanted, &problem);

  if (uri == NULL)
    return fail (problem);
  printf ("made a key that counts, and %s for its owner\n\nKey=%s\n", wanted->enrolment, uri);
  return EXIT_SUCCESS;
}

static int
enrol_count (const CountCommand *wanted)
{
  g_autoptr (GError) problem = NULL;

  fprintf (stderr, "The owner answers this with `keycradle ticket answer-challenge`; the answer is "
                   "good for as long as this waits:\n\n");
  if (!count_enrol (wanted, &problem))
    return fail (problem);
  fprintf (stderr, "\nThe TPM counts from here on: 0 of %s signatures.\n", wanted->limit);
  return EXIT_SUCCESS;
}

static int
run_count (const CommandOptions *options)
{
  const CountCommand wanted = { .owner = options->owner,
                                .enrolment = options->enrolment,
                                .key = given_or (options->key, DEFAULT_KIND),
                                .handle = given_or (options->handle, COUNT_USUAL_HANDLE),
                                .index = given_or (options->count, COUNT_USUAL_INDEX),
                                .tcti = options->tcti,
                                .limit = given_or (options->limit, COUNT_USUAL_LIMIT),
                                .answer = options->answer };
  const char *act = options->words[1] != NULL ? options->words[1] : "";

  if (options->owner == NULL || options->enrolment == NULL)
    return fail_usage ("ca count needs --owner and --enrolment");
  if (g_str_equal (act, "create"))
    return create_count (&wanted);
  return g_str_equal (act, "enroll") ? enrol_count (&wanted)
                                     : fail_usage ("ca count knows create and enroll");
}

/* ---- */

static gboolean
parse (CommandOptions *options, int *argc, char ***argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "folder", 0, 0, G_OPTION_ARG_FILENAME, &options->folder, NULL, NULL },
    { "subject", 0, 0, G_OPTION_ARG_STRING, &options->subject, NULL, NULL },
    { "key", 0, 0, G_OPTION_ARG_STRING, &options->key, NULL, NULL },
    { "key-uri", 0, 0, G_OPTION_ARG_STRING, &options->key_uri, NULL, NULL },
    { "passphrase-file", 0, 0, G_OPTION_ARG_FILENAME, &options->passphrase_file, NULL, NULL },
    { "chain", 0, 0, G_OPTION_ARG_FILENAME, &options->chain, NULL, NULL },
    { "config", 0, 0, G_OPTION_ARG_FILENAME, &options->config, NULL, NULL },
    { "owner", 0, 0, G_OPTION_ARG_FILENAME, &options->owner, NULL, NULL },
    { "enrolment", 0, 0, G_OPTION_ARG_FILENAME, &options->enrolment, NULL, NULL },
    { "handle", 0, 0, G_OPTION_ARG_STRING, &options->handle, NULL, NULL },
    { "count", 0, 0, G_OPTION_ARG_STRING, &options->count, NULL, NULL },
    { "limit", 0, 0, G_OPTION_ARG_STRING, &options->limit, NULL, NULL },
    { "answer", 0, 0, G_OPTION_ARG_FILENAME, &options->answer, NULL, NULL },
    { "tcti", 0, 0, G_OPTION_ARG_STRING, &options->tcti, NULL, NULL },
    { "replace", 0, 0, G_OPTION_ARG_NONE, &options->replace, NULL, NULL },
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
command_run (int argc, char **argv)
{
  static const struct {
    const char *verb;
    int (*run) (const CommandOptions *options);
  } verbs[] = { { "init", run_init },
                { "csr", run_csr },
                { "install-chain", run_install },
                { "check", run_check },
                { "count", run_count } };
  g_auto (CommandOptions) options = { 0 };
  g_autoptr (GError) problem = NULL;

  if (!parse (&options, &argc, &argv, &problem))
    return fail_usage (problem->message);
  if (options.help) {
    printf ("usage:\n%s", command_usage);
    return EXIT_SUCCESS;
  }
  if (options.words == NULL
      || (options.words[1] != NULL && !g_str_equal (options.words[0], "count")))
    return fail_usage ("ca needs one verb: init, csr, install-chain, check or count");
  if (!harden_process (&problem))
    return fail (problem);
  for (guint i = 0; i < G_N_ELEMENTS (verbs); i++)
    if (g_str_equal (verbs[i].verb, options.words[0]))
      return verbs[i].run (&options);
  return fail_usage ("ca knows init, csr, install-chain, check and count");
}
