/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle init: the configuration of a new station. With --demo a whole
 * station in one folder, its test CA made by keycradle-signer; without, a
 * commented skeleton to be filled in. Nothing that is there is overwritten.
 */
#include "station/cli/cli.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "base/files.h"
#include "station/cli/arguments.h"
#include "station/cli/init-texts.h"

#define SLOTS_DEFAULT 4u
#define SLOTS_MOST 128u
#define PRODUCTION_FOLDER "/etc/keycradle"

static gboolean
make_folder (const char *folder, const char *name, int mode, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  if (g_mkdir_with_parents (path, mode) == 0)
    return TRUE;
  g_set_error (error, CLI_ERROR, CLI_FAILED, "%s can't be made: %s.", path, g_strerror (errno));
  return FALSE;
}

static gboolean
write_text (const char *folder, const char *name, const char *text, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return file_replace_durably (path, text, strlen (text), 0644, error);
}

/* ---- the demo station ---- */

typedef struct {
  char *folder; /* absolute */
  char *ports;  /* absolute */
  guint slots;
  gboolean acknowledge; /* a FAIL stays until somebody acknowledges it */
} Demo;

static void
demo_clear (Demo *demo)
{
  g_free (demo->folder);
  g_free (demo->ports);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Demo, demo_clear)

static gboolean
folder_is_empty (const char *folder)
{
  g_autoptr (GDir) directory = g_dir_open (folder, 0, NULL);

  return directory == NULL || g_dir_read_name (directory) == NULL;
}

/* Paths stand in the configuration as they are, and a socket's may not be long. */
static gboolean
path_is_usable (const char *path, GError **error)
{
  gsize most = sizeof ((struct sockaddr_un *)NULL)->sun_path - sizeof "/station.sock";

  if (strpbrk (path, "\r\n") != NULL || !g_utf8_validate (path, -1, NULL)) {
    g_set_error (error, CLI_ERROR, CLI_USAGE,
                 "The folder's name must be UTF-8 text without line ends.");
    return FALSE;
  }
  if (strlen (path) > most) {
    g_set_error (error, CLI_ERROR, CLI_USAGE,
                 "%s is too long a path for a socket: choose a folder of at most %zu bytes.", path,
                 most);
    return FALSE;
  }
  return TRUE;
}

static gboolean
demo_prepare (Demo *demo, const CliOptions *options, GError **error)
{
  demo->slots = SLOTS_DEFAULT;
  demo->acknowledge = options->acknowledge;
  demo->folder = g_canonicalize_filename (options->demo, NULL);
  demo->ports = options->ports != NULL ? g_canonicalize_filename (options->ports, NULL)
                                       : g_build_filename (demo->folder, "ports", NULL);
  if (!argument_count ("slots", options->slots, SLOTS_MOST, &demo->slots, error)
      || !path_is_usable (demo->folder, error) || !path_is_usable (demo->ports, error))
    return FALSE;
  if (demo->slots == 0) {
    g_set_error (error, CLI_ERROR, CLI_USAGE, "A station needs one slot at least.");
    return FALSE;
  }
  if (!options->force && !folder_is_empty (demo->folder)) {
    g_set_error (error, CLI_ERROR, CLI_FAILED,
                 "%s is not empty. Name another folder, or add --force to write into this one.",
                 demo->folder);
    return FALSE;
  }
  return TRUE;
}

/* keycradle-signer makes the test CA: keys are its business. One that is there stays. */
static gboolean
make_demo_ca (const Demo *demo, GError **error)
{
  static char init_demo[] = "init-demo";
  static char folder_option[] = "--folder";
  g_autofree char *folder = g_build_filename (demo->folder, "ca", NULL);
  g_autofree char *certificate = g_build_filename (folder, "ca.pem", NULL);
  int status;

  if (g_file_test (certificate, G_FILE_TEST_EXISTS))
    return TRUE;
  g_autofree char *signer = cli_program ("keycradle-signer", error);
  char *argv[] = { signer, init_demo, folder_option, folder, NULL };
  if (signer == NULL || !cli_run_program (argv, &status, error))
    return FALSE;
  if (status == 0)
    return TRUE;
  g_set_error (error, CLI_ERROR, CLI_FAILED,
               "keycradle-signer could not make the demo CA in %s; it says why above.", folder);
  return FALSE;
}

static gboolean
write_demo_files (const Demo *demo, GError **error)
{
  g_autofree char *station =
      init_demo_station_text (demo->folder, demo->ports, demo->slots, demo->acknowledge);
  g_autofree char *signer = init_demo_signer_text (demo->folder);
  g_autofree char *screen = init_demo_screen_text (demo->folder);

  return write_text (demo->folder, "keycradle.conf", station, error)
         && write_text (demo->folder, "signer.conf", signer, error)
         && write_text (demo->folder, "screen.conf", screen, error)
         && write_text (demo->folder, "profiles.d/aws-iot.profile", init_demo_profile_text (),
                        error);
}

static gboolean
make_demo (const Demo *demo, GError **error)
{
  return make_folder (demo->folder, "", 0755, error)
         && make_folder (demo->folder, "state", 0750, error)
         && make_folder (demo->folder, "signer-state", 0700, error)
         && make_folder (demo->folder, "profiles.d", 0755, error)
         && make_folder (demo->folder, "manifests", 0755, error)
         && make_folder (demo->ports, "", 0755, error) && make_demo_ca (demo, error)
         && write_demo_files (demo, error);
}

static CliExit
init_demo (Cli *cli, GError **error)
{
  g_auto (Demo) demo = { NULL, NULL, 0, FALSE };
  g_autofree char *signer = cli_program ("keycradle-signer", error); /* before anything is made */

  if (signer == NULL)
    return CLI_FAILED;
  if (!demo_prepare (&demo, &cli->options, error) || !make_demo (&demo, error))
    return CLI_FAILED;
  printf ("A demo station with %u slots is in %s; its CA is for tests only.\n"
          "Next:\n"
          "  export KEYCRADLE_CONFIG=%s/keycradle.conf\n"
          "  keycradled --config $KEYCRADLE_CONFIG &\n"
          "  keycradle batch create DEMO-1 --product demo --profile aws-iot --target 16\n"
          "  keycradle batch start DEMO-1\n"
          "  keycradle sim one smp --serial SN0001 --link %s/slot1 &\n"
          "  keycradle-tui\n",
          demo.slots, demo.folder, demo.folder, demo.ports);
  return CLI_OK;
}

/* ---- the production skeleton ---- */

/* What is there stays as it is, and is said to. */
static gboolean
write_unless_there (const char *folder, const char *name, const char *text, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  if (g_file_test (path, G_FILE_TEST_EXISTS)) {
    printf ("%s is there already and stays as it is.\n", path);
    return TRUE;
  }
  if (!write_text (folder, name, text, error))
    return FALSE;
  printf ("%s is written.\n", path);
  return TRUE;
}

static CliExit
init_production (Cli *cli, GError **error)
{
  g_autofree char *folder = g_canonicalize_filename (
      cli->options.folder == NULL ? PRODUCTION_FOLDER : cli->options.folder, NULL);

  if (!path_is_usable (folder, error))
    return CLI_USAGE;
  g_autofree char *station = init_station_text (folder);
  g_autofree char *signer = init_signer_text (folder);
  if (!make_folder (folder, "profiles.d", 0755, error)
      || !write_unless_there (folder, "keycradle.conf", station, error)
      || !write_unless_there (folder, "signer.conf", signer, error)
      || !write_unless_there (folder, "profiles.d/aws-iot.profile", init_profile_text (), error))
    return CLI_FAILED;
  printf ("Next:\n"
          "  1. Put the CA certificate with its chain to %s/ca.pem and the encrypted key to\n"
          "     %s/ca.key; keycradle-signer(8) tells how, and how it gets the passphrase.\n"
          "  2. Name your slots in %s/keycradle.conf, then type\n"
          "     keycradle config check --config %s/keycradle.conf\n"
          "  3. systemctl enable --now keycradle-signer.socket keycradled\n"
          "  4. Let two people be supervisors (keycradle operator add, or their group), and have\n"
          "     both accept the CA: keycradle ca accept, then keycradle approval grant\n"
          "  5. keycradle doctor\n",
          folder, folder, folder, folder);
  return CLI_OK;
}

CliExit
cli_init (Cli *cli, GError **error)
{
  const CliOptions *options = &cli->options;

  if (options->demo != NULL && options->folder != NULL) {
    g_set_error (error, CLI_ERROR, CLI_USAGE,
                 "--demo and --folder don't go together: --demo names its folder itself.");
    return CLI_USAGE;
  }
  if (options->demo == NULL
      && (options->slots >= 0 || options->ports != NULL || options->force || options->acknowledge))
  {
    g_set_error (error, CLI_ERROR, CLI_USAGE,
                 "--slots, --ports, --acknowledge and --force are for a demo station: add --demo "
                 "FOLDER.");
    return CLI_USAGE;
  }
  return options->demo != NULL ? init_demo (cli, error) : init_production (cli, error);
}
