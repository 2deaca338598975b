/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The parts of issue.py that need C:
 *
 *   requests KIND COUNT FOLDER     makes requests of new keys, N.der and N.pem
 *   line SOCKET LEDGER BATCH REQUESTERS FILE...
 *                                  issues for each request as the daemon does: judge, ledger,
 *                                  signer (a process of its own, at SOCKET), ledger again;
 *                                  so many slots at once
 *   sign CONFIG THREADS BATCH FILE...
 *                                  the signer's work alone, in this process
 *   fill CONFIG LEDGER ENTRIES FILE
 *                                  log and ledger as after so many certificates
 *
 * The last line of the output is "SECONDS CPU-SECONDS COUNT", of the work and not of its
 * preparation; CPU is this process's own.
 */
#include "tests/bench/bench-issue.h"
#include "base/encode.h"
#include "ca/judge/csr.h"
#include "ca/wire/client.h"
#include "db/ledger-key.h"
#include "db/ledger.h"
#include "tests/unit/ca/make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ORDER_MILLISECONDS 30000
#define REGISTERING 64

typedef struct {
  GPtrArray *requests; /* of GBytes */
  const char *batch;
  const char *profile_sha256;
  gint next; /* the request that is taken next */
  /* line */
  Ledger *ledger;
  const char *socket;
  gint64 *devices; /* the ledger's ids, by request */
  /* sign */
  Signer *signer;
} Work;

void
must (gboolean ok, const GError *error)
{
  if (!ok)
    g_error ("%s", error != NULL ? error->message : "failed");
}

static double
seconds_of (clockid_t clock)
{
  struct timespec now;

  clock_gettime (clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

GPtrArray *
read_requests (char **paths)
{
  GPtrArray *requests = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  for (; *paths != NULL; paths++) {
    char *data;
    gsize length;
    GError *error = NULL;

    must (g_file_get_contents (*paths, &data, &length, &error), error);
    g_ptr_array_add (requests, g_bytes_new_take (data, length));
  }
  return requests;
}

/* Runs `thread` so often at once, and tells what it took. */
static int
measure (Work *work, guint threads, GThreadFunc thread)
{
  g_autofree GThread **running = g_new (GThread *, threads);
  double wall = seconds_of (CLOCK_MONOTONIC), cpu = seconds_of (CLOCK_PROCESS_CPUTIME_ID);

  for (guint i = 0; i < threads; i++)
    running[i] = g_thread_new ("worker", thread, work);
  for (guint i = 0; i < threads; i++)
    g_thread_join (running[i]);
  printf ("%.6f %.6f %u\n", seconds_of (CLOCK_MONOTONIC) - wall,
          seconds_of (CLOCK_PROCESS_CPUTIME_ID) - cpu, work->requests->len);
  return 0;
}

/* The next request and the serial of its device; FALSE where all are taken. */
static gboolean
take (Work *work, guint *place, GBytes **request, char **device)
{
  *place = (guint)g_atomic_int_add (&work->next, 1);
  if (*place >= work->requests->len)
    return FALSE;
  *request = g_ptr_array_index (work->requests, *place);
  *device = g_strdup_printf ("%s-%u", work->batch, *place);
  return TRUE;
}

/* ---- line ---- */

/* Before the clock runs: an attempt that came to nothing, so that the device is known. */
static void
register_device (Work *work, guint place, const char *serial)
{
  const DeviceFacts facts = { .driver = "bench", .chip_id = serial, .serial = serial };
  GError *error = NULL;
  Device *device;
  gint64 attempt;

  must (ledger_begin_attempt (work->ledger, "1", work->batch, NULL, &attempt, &error), error);
  device = ledger_identify_device (work->ledger, attempt, &facts, &error);
  must (device != NULL, error);
  work->devices[place] = device->id;
  device_free (device);
  must (ledger_end_attempt (work->ledger, attempt, ATTEMPT_INTERRUPTED, "identify", NULL, NULL,
                            NULL, &error),
        error);
}

static gpointer
register_thread (gpointer data)
{
  Work *work = data;
  GBytes *request;
  char *serial;
  guint place;

  while (take (work, &place, &request, &serial)) {
    register_device (work, place, serial);
    g_free (serial);
  }
  return NULL;
}

static void
register_devices (Work *work)
{
  GThread *threads[REGISTERING];

  for (guint i = 0; i < REGISTERING; i++)
    threads[i] = g_thread_new ("register", register_thread, work);
  for (guint i = 0; i < REGISTERING; i++)
    g_thread_join (threads[i]);
  work->next = 0;
}

static void
check_request (Work *work, GBytes *request, gint64 device)
{
  gsize length;
  const guint8 *der = g_bytes_get_data (request, &length);
  g_autoptr (GBytes) spki = NULL;
  GError *error = NULL;
  Csr csr;

  must (csr_judge (der, length, NULL, &csr, NULL, &error), error);
  spki = g_bytes_new (csr.spki.data, csr.spki.length);
  must (ledger_take_key (work->ledger, device, spki, &error), error);
}

static void
issue (Work *work, SignerClient *client, GBytes *request, const char *serial)
{
  const SignRequest order = { .batch = work->batch,
                              .product = "bench",
                              .profile = "sensor",
                              .profile_sha256 = work->profile_sha256,
                              .device = serial,
                              .chip_id = serial,
                              .csr = request };
  GError *error = NULL;
  g_autoptr (IssuanceEntry) entry =
      signer_client_sign (client, &order, deadline_in (ORDER_MILLISECONDS), &error);
  Issuance issuance;

  must (entry != NULL, error);
  issuance = (Issuance){ .log_index = entry->index,
                         .issued_at = entry->signed_at,
                         .batch = work->batch,
                         .profile = "sensor",
                         .device = serial,
                         .der = entry->certificate };
  must (ledger_store_certificate (work->ledger, &issuance, &error), error);
}

static gpointer
line_thread (gpointer data)
{
  Work *work = data;
  g_autoptr (SignerClient) client = signer_client_new (work->socket);
  GBytes *request;
  char *serial;
  guint place;

  while (take (work, &place, &request, &serial)) {
    check_request (work, request, work->devices[place]);
    issue (work, client, request, serial);
    g_free (serial);
  }
  return NULL;
}

static char *
ask_profile (const char *socket)
{
  g_autoptr (SignerClient) client = signer_client_new (socket);
  GError *error = NULL;
  SignerStatus *status = signer_client_status (client, deadline_in (ORDER_MILLISECONDS), &error);
  char *sha256;

  must (status != NULL, error);
  sha256 = g_strndup (strchr (status->profiles[0], ':') + 1, 64);
  signer_status_free (status);
  return sha256;
}

static void
start_batch (Ledger *ledger, const char *name)
{
  g_autoptr (Batch) batch = batch_new ();
  GError *error = NULL;

  batch->name = g_strdup (name);
  batch->product = g_strdup ("bench");
  batch->profile = g_strdup ("sensor");
  must (ledger_create_batch (ledger, batch, "bench", &error), error);
  must (ledger_set_batch_state (ledger, name, BATCH_RUNNING, "bench", &error), error);
}

static int
run_line (char **words)
{
  GError *error = NULL;
  g_autoptr (Ledger) ledger = ledger_open (words[1], &error);
  g_autofree char *profile_sha256 = ask_profile (words[0]);
  g_autoptr (GPtrArray) requests = read_requests (words + 4);
  Work work = { .requests = requests,
                .batch = words[2],
                .profile_sha256 = profile_sha256,
                .ledger = ledger,
                .socket = words[0] };

  must (ledger != NULL, error);
  start_batch (ledger, words[2]);
  work.devices = g_new (gint64, requests->len);
  register_devices (&work);
  measure (&work, (guint)atoi (words[3]), line_thread);
  g_free (work.devices);
  return 0;
}

/* ---- sign ---- */

static gpointer
sign_thread (gpointer data)
{
  Work *work = data;
  GBytes *request;
  char *serial;
  guint place;

  while (take (work, &place, &request, &serial)) {
    SignOrder order = { .batch = work->batch,
                        .product = "bench",
                        .profile = "sensor",
                        .profile_sha256 = work->profile_sha256,
                        .device = serial };
    GError *error = NULL;
    GBytes *entry;
    guint64 index;

    order.csr.data = g_bytes_get_data (request, &order.csr.length);
    entry = signer_sign (work->signer, &order, &index, &error);
    must (entry != NULL, error);
    g_bytes_unref (entry);
    g_free (serial);
  }
  return NULL;
}

Signer *
open_signer (const char *path)
{
  GError *error = NULL;
  g_autoptr (SignerConfig) config = signer_config_load (path, &error);
  Signer *signer;

  must (config != NULL, error);
  signer = signer_open (config, LOG_OPEN_WRITE, &error);
  must (signer != NULL, error);
  return signer;
}

char *
first_digest (Signer *signer)
{
  g_autoptr (Generation) generation = signer_generation (signer);
  g_auto (GStrv) profiles = generation_profiles (generation);

  return g_strndup (strchr (profiles[0], ':') + 1, 64);
}

static int
run_sign (char **words)
{
  g_autoptr (Signer) signer = open_signer (words[0]);
  g_autofree char *profile_sha256 = first_digest (signer);
  g_autoptr (GPtrArray) requests = read_requests (words + 3);
  Work work = {
    .requests = requests, .batch = words[2], .profile_sha256 = profile_sha256, .signer = signer
  };

  return measure (&work, (guint)atoi (words[1]), sign_thread);
}

/* ---- requests ---- */

static int
run_requests (char **words)
{
  const int count = atoi (words[1]);

  for (int i = 0; i < count; i++) {
    g_autoptr (GBytes) request = make_good_request (words[0], "SHA256");
    g_autofree char *der = g_strdup_printf ("%s/%d.der", words[2], i);
    g_autofree char *pem = g_strdup_printf ("%s/%d.pem", words[2], i);
    gsize length;
    const char *data = g_bytes_get_data (request, &length);
    g_autofree char *text = pem_encode ("CERTIFICATE REQUEST", (const guint8 *)data, length);
    GError *error = NULL;

    must (g_file_set_contents (der, data, (gssize)length, &error)
              && g_file_set_contents (pem, text, -1, &error),
          error);
  }
  return 0;
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *word;
    int least;
    int (*run) (char **words);
  } commands[] = {
    { "requests", 3, run_requests },
    { "line", 5, run_line },
    { "sign", 4, run_sign },
    { "fill", 4, run_fill },
  };

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (argc >= 2 + commands[i].least && g_str_equal (argv[1], commands[i].word))
      return commands[i].run (argv + 2);
  fputs ("usage: bench-issue requests|line|sign|fill ...; run by issue.py\n", stderr);
  return 2;
}
