/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See rig.h.
 */
#include "rig.h"

#include <check.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

char *
rig_path (const Rig *rig, const char *name)
{
  return g_build_filename (rig->folder, name, NULL);
}

static void
write_file (const Rig *rig, const char *name, const char *text)
{
  g_autofree char *path = rig_path (rig, name);
  g_autoptr (GError) error = NULL;

  ck_assert_msg (g_file_set_contents (path, text, -1, &error), "%s",
                 error != NULL ? error->message : "");
}

static void
make_ca (const Rig *rig)
{
  g_autofree char *ca = rig_path (rig, "ca");
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) init = g_subprocess_new (
      G_SUBPROCESS_FLAGS_STDOUT_SILENCE, &error, SIGNER_PROGRAM, "init-demo", "--folder", ca, NULL);

  ck_assert_msg (init != NULL && g_subprocess_wait_check (init, NULL, &error), "%s",
                 error != NULL ? error->message : "");
}

static void
write_config (const Rig *rig, const char *more)
{
  const char *folder = rig->folder;
  g_autofree char *profiles = rig_path (rig, "profiles");
  g_autofree char *signer = g_strdup_printf (
      "[signer]\nMode=demo\nSocket=%s\nStateFolder=%s/signer\nProfileFolder=%s/profiles\n"
      "[ca]\nKey=file:%s/ca/ca.key\nCertificate=%s/ca/ca.pem\n"
      "PassphraseFile=%s/ca/ca.passphrase\n",
      rig->socket, folder, folder, folder, folder, folder);
  g_autofree char *profile =
      g_strdup_printf ("[certificate]\nSubject=CN=${serial},O=Example\nValidity=until-ca\n"
                       "KeyUsage=digitalSignature\n[device]\n"
                       "Key=p-256;p-384;rsa-2048\nChain=yes\nServerRoots=none\n%s\n",
                       more != NULL ? more : "");

  ck_assert_int_eq (g_mkdir (profiles, 0755), 0);
  write_file (rig, "signer.conf", signer);
  write_file (rig, "profiles/demo.profile", profile);
}

void
rig_start_signer (Rig *rig)
{
  g_autofree char *state = rig_path (rig, "signer");
  g_autofree char *config = rig_path (rig, "signer.conf");
  g_autoptr (GError) error = NULL;

  g_mkdir (state, 0700);
  rig->signer = signer_child_new (rig->socket, config, &error);
  ck_assert_msg (rig->signer != NULL, "%s", error != NULL ? error->message : "");
}

static void
start_batch (Rig *rig, const char *prefix)
{
  g_autofree char *profiles = rig_path (rig, "profiles");
  g_autoptr (Batch) batch = batch_new ();
  g_autoptr (GError) error = NULL;

  batch->name = g_strdup ("B");
  batch->product = g_strdup ("Gadget");
  batch->profile = g_strdup ("demo");
  if (prefix != NULL) {
    batch->serial_prefix = g_strdup (prefix);
    batch->serial_first = 1;
    batch->serial_last = 99;
    batch->serial_width = 4;
  }
  ck_assert_msg (ledger_create_batch (rig->ledger, batch, "test", &error)
                     && ledger_set_batch_state (rig->ledger, "B", BATCH_RUNNING, "test", &error),
                 "%s", error != NULL ? error->message : "");
  rig->order = order_new (batch, profiles, &error);
  ck_assert_msg (rig->order != NULL, "%s", error != NULL ? error->message : "");
}

Rig *
rig_new (const char *more, const char *prefix)
{
  Rig *rig = g_new0 (Rig, 1);
  g_autofree char *database = NULL;
  g_autoptr (GError) error = NULL;

  rig->folder = g_dir_make_tmp ("keycradle-rig-XXXXXX", NULL);
  rig->socket = rig_path (rig, "signer.sock");
  rig->steps = g_string_new (NULL);
  rig->milliseconds = 20000;
  rig->driver = "smp";
  database = rig_path (rig, "station.db");
  g_setenv ("KEYCRADLE_LIBEXEC", SIGNER_FOLDER, TRUE);
  make_ca (rig);
  write_config (rig, more);
  rig_start_signer (rig);
  rig->ledger = ledger_open (database, &error);
  ck_assert_msg (rig->ledger != NULL, "%s", error != NULL ? error->message : "");
  rig->client = signer_client_new (rig->socket);
  rig->issuer = issuer_new (rig->ledger, rig->socket, TRUE);
  start_batch (rig, prefix);
  return rig;
}

static void
remove_tree (const char *path)
{
  const char *const arguments[] = { "rm", "-rf", path, NULL };

  g_spawn_sync (NULL, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                NULL);
}

void
rig_free (Rig *rig)
{
  signer_client_free (rig->client);
  issuer_free (rig->issuer);
  ledger_close (rig->ledger);
  order_unref (rig->order);
  signer_child_free (rig->signer);
  remove_tree (rig->folder);
  g_string_free (rig->steps, TRUE);
  g_free (rig->socket);
  g_free (rig->folder);
  g_free (rig);
}

void
rig_stop_signer (Rig *rig)
{
  g_clear_pointer (&rig->signer, signer_child_free);
}

void
rig_replace_signer (Rig *rig)
{
  g_autofree char *state = rig_path (rig, "signer");

  signer_child_free (rig->signer);
  remove_tree (state);
  rig_start_signer (rig);
}

GSubprocess *
rig_plug (const Rig *rig, const char *serial, const char *const *settings)
{
  g_autofree char *link = rig_path (rig, "port");
  g_autofree char *state = rig_path (rig, "devices");
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  const char *const first[] = { SIMULATOR, "one", rig->driver, "--serial", serial,
                                "--link",  link,  "--state",   state };
  g_autoptr (GError) error = NULL;
  g_autoptr (GDataInputStream) output = NULL;
  g_autofree char *line = NULL;
  GSubprocess *device;

  for (guint i = 0; i < G_N_ELEMENTS (first); i++)
    g_ptr_array_add (words, (char *)first[i]);
  for (; settings != NULL && *settings != NULL; settings++)
    g_ptr_array_add (words, (char *)*settings);
  g_ptr_array_add (words, NULL);
  device =
      g_subprocess_newv ((const char *const *)words->pdata, G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error);
  ck_assert_msg (device != NULL, "%s", error != NULL ? error->message : "");
  output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (device));
  line = g_data_input_stream_read_line (output, NULL, NULL, &error); /* it is plugged in */
  ck_assert_msg (line != NULL, "the simulator did not start");
  return device;
}

void
rig_unplug (GSubprocess *device)
{
  g_subprocess_send_signal (device, SIGTERM);
  g_subprocess_wait (device, NULL, NULL);
  g_object_unref (device);
}

static void
note_step (const ProvisionState *state, gpointer data)
{
  Rig *rig = data;

  g_string_append_printf (rig->steps, "%s%s", rig->steps->len > 0 ? " " : "",
                          step_word (state->step));
}

gboolean
rig_provision (Rig *rig, GError **error)
{
  g_autofree char *port = rig_path (rig, "port");
  g_autofree char *transcripts = rig_path (rig, "transcripts");
  const ProvisionContext context = { .ledger = rig->ledger,
                                     .issuer = rig->issuer,
                                     .signer = rig->client,
                                     .order = rig->order,
                                     .slot = 1,
                                     .port = port,
                                     .driver = driver_by_name (rig->driver),
                                     .transcript_folder = transcripts,
                                     .deadline = deadline_in (rig->milliseconds),
                                     .progress = note_step,
                                     .data = rig };

  g_string_truncate (rig->steps, 0);
  return provision (&context, error);
}
