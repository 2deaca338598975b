/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See tpm-rig.h.
 */
#include "tpm-rig.h"

#include <check.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

static void G_GNUC_PRINTF (3, 4)
    write_text (const char *folder, const char *name, const char *format, ...)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  ck_assert (g_file_set_contents (path, text, -1, NULL));
}

/* Not by GSubprocess: Check forks, and GLib's threads stay behind. */
void
tpm_rig_run (const TpmRig *rig, const char *script)
{
  const char *argv[] = { "sh", "-ec", script, NULL };
  g_autofree char *socket = g_strdup_printf ("swtpm:path=%s/socket", rig->folder);
  g_auto (GStrv) environment = g_get_environ ();
  g_autofree char *output = NULL;
  g_autofree char *errors = NULL;
  int status = -1;

  environment = g_environ_setenv (environment, "TPM2TOOLS_TCTI", socket, TRUE);
  environment = g_environ_setenv (environment, "TSS2_LOG", "all+NONE", TRUE);
  ck_assert (g_spawn_sync (rig->folder, (char **)argv, environment, G_SPAWN_SEARCH_PATH, NULL, NULL,
                           &output, &errors, &status, NULL));
  ck_assert_msg (status == 0, "%s\n%s%s", script, output, errors);
}

/* Its own CA, so that nothing of the machine's is needed or changed. */
static void
make_state (const TpmRig *rig)
{
  write_text (
      rig->folder, "localca.conf",
      "statedir = %s/ca\nsigningkey = %s/ca/signkey.pem\nissuercert = %s/ca/issuercert.pem\n"
      "certserial = %s/ca/certserial\n",
      rig->folder, rig->folder, rig->folder, rig->folder);
  write_text (rig->folder, "localca.options",
              "--platform-manufacturer keycradle\n--platform-version 1\n--platform-model test\n");
  write_text (rig->folder, "setup.conf",
              "create_certs_tool = swtpm_localca\ncreate_certs_tool_config = %s/localca.conf\n"
              "create_certs_tool_options = %s/localca.options\nactive_pcr_banks = sha256\n",
              rig->folder, rig->folder);
  tpm_rig_run (rig,
               "mkdir state ca; swtpm_setup --tpm2 --tpmstate state --create-ek-cert --overwrite"
               " --config setup.conf");
}

gboolean
tpm_rig_possible (void)
{
  g_autofree char *setup = g_find_program_in_path ("swtpm_setup");
  g_autofree char *tools = g_find_program_in_path ("tpm2_createek");

  return setup != NULL && tools != NULL;
}

TpmRig *
tpm_rig_new (void)
{
  TpmRig *rig = g_new0 (TpmRig, 1);

  rig->folder = g_dir_make_tmp ("keycradle-tpm-XXXXXX", NULL);
  make_state (rig);
  tpm_rig_run (rig, "swtpm socket --tpm2 --tpmstate dir=$PWD/state --daemon --pid file=$PWD/pid"
                    " --server type=unixio,path=$PWD/socket --log file=$PWD/log"
                    " --ctrl type=unixio,path=$PWD/socket.ctrl"
                    " --flags not-need-init,startup-clear");
  return rig;
}

void
tpm_rig_free (TpmRig *rig)
{
  if (rig == NULL)
    return;
  /* It tidies up behind itself: not while we do. */
  tpm_rig_run (rig, "P=$(cat pid); kill $P; while kill -0 $P 2>/dev/null; do sleep 0.01; done; "
                    "rm -rf \"$PWD\"");
  g_free (rig->folder);
  g_free (rig);
}

GBytes *
tpm_rig_read (const TpmRig *rig, const char *name, gsize skip)
{
  g_autofree char *path = g_build_filename (rig->folder, name, NULL);
  g_autofree char *data = NULL;
  gsize length;

  ck_assert_msg (g_file_get_contents (path, &data, &length, NULL), "%s", path);
  ck_assert_uint_gt (length, skip);
  return g_bytes_new (data + skip, length - skip);
}

void
tpm_rig_write (const TpmRig *rig, const char *name, const void *data, gsize length)
{
  g_autofree char *path = g_build_filename (rig->folder, name, NULL);

  ck_assert (g_file_set_contents (path, data, (gssize)length, NULL));
}
