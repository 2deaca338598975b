/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * bench-log SIGNER MAKE-LOG [ENTRIES]: the signer on an empty log and on a long one, side by side:
 * from exec to its first answer, after a clean stop and after kill -9 (with as many entries behind
 * the index as there can be), and its memory; then what the proof of an entry costs in a short log
 * and in a long one, in SHA-256s of 64 bytes. Lines `bench NAME VALUE UNIT`.
 */
#include "ca/log/log-private.h"
#include "ca/wire/client.h"
#include "tests/unit/ca/make-entry.h"
#include "tests/unit/ca/make.h"

#include <errno.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 5
#define SHORT 1000
#define LONG 1000000
#define PROOFS 2000
#define PATIENCE 600000

typedef struct {
  char *folder;
  char *socket;
  GPid pid;
  double ready[ROUNDS]; /* milliseconds */
  guint64 resident;     /* KiB, of the process's own and of files that it has mapped */
  guint64 resident_file;
} Station;

static const char *program;

static double
milliseconds (void)
{
  return (double)g_get_monotonic_time () / 1000;
}

static int
compare_doubles (const void *a, const void *b)
{
  const double one = *(const double *)a, other = *(const double *)b;

  return one < other ? -1 : one > other;
}

static double
median (double *values, guint count)
{
  qsort (values, count, sizeof *values, compare_doubles);
  return values[count / 2];
}

static void
station_make (Station *station)
{
  station->folder = folder_make ();
  folder_fill (station->folder, "p-256");
  station->socket = g_build_filename (station->folder, "signer.sock", NULL);
}

/* ---- the signer ---- */

static gboolean
listens (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  gboolean connected;

  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  connected = connect (fd, (struct sockaddr *)&address, sizeof address) == 0;
  close (fd);
  return connected;
}

static SignerStatus *
ask_status (const Station *station)
{
  g_autoptr (SignerClient) client = signer_client_new (station->socket);
  GError *problem = NULL;
  SignerStatus *status = signer_client_status (client, deadline_in (PATIENCE), &problem);

  if (status == NULL)
    g_error ("%s", problem->message);
  return status;
}

/* Milliseconds from exec to the first answer. */
static double
start (Station *station, guint64 entries)
{
  g_autofree char *config = g_build_filename (station->folder, "signer.conf", NULL);
  const char *const words[] = { program, "--config", config, NULL };
  g_autoptr (SignerStatus) status = NULL;
  double begin;

  unlink (station->socket);
  begin = milliseconds ();
  if (!g_spawn_async (NULL, (char **)words, NULL,
                      G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
                      &station->pid, NULL))
    g_error ("%s can't be started", program);
  while (!listens (station->socket))
    g_usleep (200);
  status = ask_status (station);
  begin = milliseconds () - begin;
  if (status->log_size != entries)
    g_error ("%" G_GUINT64_FORMAT " entries", status->log_size);
  return begin;
}

static void
stop (Station *station, int number)
{
  int status;

  kill (station->pid, number);
  if (waitpid (station->pid, &status, 0) != station->pid)
    g_error ("waitpid: %s", g_strerror (errno));
}

static void
wait_verified (const Station *station)
{
  for (;;) {
    g_autoptr (SignerStatus) status = ask_status (station);

    if (status->problems[0] != NULL)
      g_error ("%s", status->problems[0]);
    if (status->log_verified == status->log_size)
      return;
    g_usleep (20000);
  }
}

static guint64
field (const char *text, const char *name)
{
  const char *found = strstr (text, name);

  return found != NULL ? g_ascii_strtoull (found + strlen (name), NULL, 10) : 0;
}

static void
look_at_memory (Station *station)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/status", station->pid);
  g_autofree char *text = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    g_error ("%s", path);
  station->resident = field (text, "VmRSS:\t");
  station->resident_file = field (text, "RssFile:\t");
}

/* ---- starts ---- */

static void
measure_verifying (const Station *station)
{
  const double begin = milliseconds ();

  wait_verified (station);
  printf ("bench log-verified-behind %.0f ms\n", milliseconds () - begin);
}

static void
print_ratio (const char *name, Station *empty, Station *full)
{
  const double one = median (empty->ready, ROUNDS), other = median (full->ready, ROUNDS);

  printf ("bench log-%s-empty %.1f ms\n", name, one);
  printf ("bench log-%s-long %.1f ms\n", name, other);
  printf ("bench log-%s-ratio %.2f times\n", name, other / one);
}

static void
measure_clean (Station *empty, Station *full, guint64 entries)
{
  for (guint i = 0; i < ROUNDS; i++) {
    empty->ready[i] = start (empty, 0);
    look_at_memory (empty);
    stop (empty, SIGTERM);
    full->ready[i] = start (full, entries);
    if (i == ROUNDS - 1)
      measure_verifying (full);
    look_at_memory (full);
    stop (full, SIGTERM);
  }
  print_ratio ("ready", empty, full);
  printf ("bench log-memory-empty %" G_GUINT64_FORMAT " KiB\n", empty->resident);
  printf ("bench log-memory-long %" G_GUINT64_FORMAT " KiB\n", full->resident);
  printf ("bench log-memory-own-empty %" G_GUINT64_FORMAT " KiB\n",
          empty->resident - empty->resident_file);
  printf ("bench log-memory-own-long %" G_GUINT64_FORMAT " KiB\n",
          full->resident - full->resident_file);
}

/* What a signer leaves that was killed just before it carried the newest entries into the index. */
static void
append_behind_index (const Station *station, guint64 from)
{
  g_autoptr (EntryMaker) maker = entry_maker_new (station->folder, FALSE);
  g_autofree char *path = g_build_filename (station->folder, "state", "issuance.log", NULL);
  g_autoptr (GByteArray) frames = g_byte_array_new ();
  FILE *out = fopen (path, "a");

  for (guint64 i = from; i < from + LOG_STEP - 1; i++) {
    LogEntry entry;

    entry_make (maker, i, &entry);
    entry.signed_at = g_get_real_time ();
    entry_frame (&entry, frames);
  }
  if (out == NULL || fwrite (frames->data, 1, frames->len, out) != frames->len || fclose (out) != 0)
    g_error ("%s: %s", path, g_strerror (errno));
}

static void
measure_killed (Station *empty, Station *full, guint64 entries)
{
  append_behind_index (full, entries);
  for (guint i = 0; i < ROUNDS; i++) {
    empty->ready[i] = start (empty, 0);
    stop (empty, SIGKILL);
    full->ready[i] = start (full, entries + LOG_STEP - 1);
    wait_verified (full);
    stop (full, SIGKILL);
  }
  print_ratio ("killed", empty, full);
}

/* ---- proofs ---- */

static double
hash_microseconds (void)
{
  guint8 block[64] = { 0 };
  double begin = milliseconds ();
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  unsigned length;

  for (guint i = 0; i < 200000; i++)
    if (!EVP_DigestInit_ex (context, i == 0 ? EVP_sha256 () : NULL, NULL)
        || !EVP_DigestUpdate (context, block, sizeof block)
        || !EVP_DigestFinal_ex (context, block, &length))
      g_error ("SHA-256");
  EVP_MD_CTX_free (context);
  return (milliseconds () - begin) * 1000 / 200000;
}

static double
proof_microseconds (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "state", "issuance.log", NULL);
  const guint8 origin[LOG_HASH] = { 0 };
  GError *problem = NULL;
  g_autoptr (IssuanceLog) log = issuance_log_open (path, origin, LOG_OPEN_WRITE, &problem);
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  guint64 size;
  double begin;

  if (log == NULL || !issuance_log_wait_verified (log, &problem))
    g_error ("%s", problem->message);
  size = issuance_log_size (log);
  begin = milliseconds ();
  for (guint i = 0; i < PROOFS; i++) {
    const guint64 index = (guint64)g_rand_int_range (random, 0, (gint32)size);
    g_autoptr (GByteArray) proof = issuance_log_inclusion (log, index, size, &problem);

    if (proof == NULL)
      g_error ("%s", problem->message);
  }
  return (milliseconds () - begin) * 1000 / PROOFS;
}

static void
measure_proofs (const char *make_log, const Station *few, const Station *full)
{
  const double hash = hash_microseconds ();
  const double in_short = proof_microseconds (few->folder);
  const double in_long = proof_microseconds (full->folder);

  printf ("bench log-hash %.3f us\n", hash);
  printf ("bench log-proof-short %.1f us\n", in_short);
  printf ("bench log-proof-long %.1f us\n", in_long);
  printf ("bench log-proof-short-hashes %.0f hashes\n", in_short / hash);
  printf ("bench log-proof-long-hashes %.0f hashes\n", in_long / hash);
}

static void
make_entries (const char *make_log, const Station *station, guint64 count)
{
  g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, count);

  if (run (station->folder, NULL, make_log, station->folder, number, NULL) != 0)
    g_error ("%s", make_log);
}

int
main (int argc, char **argv)
{
  Station empty = { 0 }, few = { 0 }, full = { 0 };
  g_autofree char *make_log = NULL;
  guint64 entries;

  if (argc < 3) {
    fprintf (stderr, "usage: bench-log SIGNER MAKE-LOG [ENTRIES]\n");
    return 2;
  }
  program = g_canonicalize_filename (argv[1], NULL);
  make_log = g_canonicalize_filename (argv[2], NULL);
  entries = argc > 3 ? g_ascii_strtoull (argv[3], NULL, 10) : LONG;
  station_make (&empty);
  station_make (&few);
  station_make (&full);
  make_entries (make_log, &few, SHORT);
  make_entries (make_log, &full, entries);
  printf ("bench log-index-made %.1f ms\n", start (&full, entries)); /* once, when there is none */
  stop (&full, SIGTERM);
  measure_clean (&empty, &full, entries);
  measure_killed (&empty, &full, entries);
  measure_proofs (make_log, &few, &full);
  folder_remove (empty.folder);
  folder_remove (few.folder);
  folder_remove (full.folder);
  return 0;
}
