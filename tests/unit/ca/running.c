/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See running.h.
 */
#include "tests/unit/ca/running.h"

#include "base/encode.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

Running *
running_new (const char *path)
{
  Running *running = g_new0 (Running, 1);
  g_autofree char *socket = NULL;

  running->program = g_canonicalize_filename (path, NULL);
  running->folder = folder_make ();
  folder_fill (running->folder, "p-256");
  socket = g_build_filename (running->folder, "signer.sock", NULL);
  running->client = signer_client_new (socket);
  return running;
}

void
running_free (Running *running)
{
  if (running->pid > 0)
    running_stop (running, SIGKILL);
  signer_client_free (running->client);
  g_free (running->program);
  folder_remove (running->folder);
  g_free (running);
}

void
running_configure (Running *running, const char *text)
{
  g_autofree char *path = g_build_filename (running->folder, "signer.conf", NULL);
  g_autofree char *before = NULL;
  g_autofree char *whole = NULL;

  ck_assert (g_file_get_contents (path, &before, NULL, NULL));
  whole = g_strconcat (before, text, NULL);
  ck_assert (g_file_set_contents (path, whole, -1, NULL));
}

void
running_start (Running *running)
{
  g_autofree char *config = g_build_filename (running->folder, "signer.conf", NULL);
  const char *const arguments[] = { running->program, "--config", config, "--child", NULL };

  ck_assert (g_spawn_async (NULL, (char **)arguments, NULL,
                            G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
                            &running->pid, NULL));
}

void
running_stop (Running *running, int number)
{
  int status;

  kill (running->pid, number);
  ck_assert_int_eq (waitpid (running->pid, &status, 0), running->pid);
  running->pid = 0;
  if (number == SIGTERM)
    ck_assert (WIFEXITED (status) && WEXITSTATUS (status) == 0);
}

/* Only for starts that fail: one that does not would serve for ever. */
static void
expect_no_start (Running *running)
{
  int status = 0;

  running_start (running);
  for (guint i = 0; i < PATIENCE / 10; i++) {
    if (waitpid (running->pid, &status, WNOHANG) == running->pid) {
      running->pid = 0;
      ck_assert (WIFEXITED (status) && WEXITSTATUS (status) == 1);
      return;
    }
    g_usleep (10000);
  }
  ck_abort_msg ("the signer started");
}

void
running_expect_check (Running *running, const char *says)
{
  g_autofree char *said = NULL;
  const int status =
      run (running->folder, &said, running->program, "--check", "--config", "signer.conf", NULL);

  if (says == NULL) {
    ck_assert_msg (status == 0, "%s", said);
    return;
  }
  ck_assert_msg (status != 0 && strstr (said, says) != NULL, "wanted '%s', said: %s", says, said);
  expect_no_start (running);
}

void
running_sign (Running *running, const char *batch, const char *device)
{
  g_autofree char *path = g_build_filename (running->folder, "profiles.d/sensor.profile", NULL);
  g_autofree char *text = NULL;
  g_autofree char *digest = NULL;
  g_autoptr (GBytes) request = make_good_request ("P-256", "SHA256");
  g_autoptr (GError) problem = NULL;
  g_autoptr (IssuanceEntry) entry = NULL;
  gsize length;

  ck_assert (g_file_get_contents (path, &text, &length, NULL));
  digest = sha256_hex ((const guint8 *)text, length);
  const SignRequest order = { .batch = batch,
                              .product = "sensor",
                              .profile = "sensor",
                              .profile_sha256 = digest,
                              .device = device,
                              .csr = request };
  entry = signer_client_sign (running->client, &order, deadline_in (PATIENCE), &problem);
  ck_assert_msg (entry != NULL, "%s", problem != NULL ? problem->message : "");
}

char *
running_path (const Running *running, const char *name)
{
  return g_build_filename (running->folder, "state", name, NULL);
}

char *
running_read (const Running *running, const char *name, gsize *length)
{
  g_autofree char *path = running_path (running, name);
  char *text = NULL;

  ck_assert_msg (g_file_get_contents (path, &text, length, NULL), "%s", path);
  return text;
}

void
running_write (const Running *running, const char *name, const void *data, gsize length)
{
  g_autofree char *path = running_path (running, name);

  ck_assert (g_file_set_contents_full (path, data, (gssize)length, G_FILE_SET_CONTENTS_CONSISTENT,
                                       0600, NULL));
}

X509 *
running_station (const Running *running)
{
  g_autofree char *path = running_path (running, "station.pem");
  FILE *file = fopen (path, "r");
  X509 *certificate = file != NULL ? PEM_read_X509 (file, NULL, NULL, NULL) : NULL;

  ck_assert_ptr_nonnull (certificate);
  fclose (file);
  return certificate;
}

IssuanceLog *
running_log (const Running *running)
{
  static const guint8 nobody[LOG_HASH];
  g_autofree char *path = running_path (running, "issuance.log");
  IssuanceLog *log = issuance_log_open (path, nobody, LOG_OPEN_CHECK, NULL);

  ck_assert_ptr_nonnull (log);
  return log;
}
