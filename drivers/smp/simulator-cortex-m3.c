/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A device with a processor of its own: the reference firmware on a Cortex-M3
 * that QEMU emulates. This side only carries bytes between its UART and the pty.
 *
 * The board has no source of randomness and no serial number, so both are put
 * into its RAM before it starts; the firmware wipes the seed when it has used it.
 * QEMU runs from the device's making to its end, so what the firmware keeps in
 * RAM survives an unplug, as flash would. It does not survive this process.
 */
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <openssl/rand.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/encode.h"
#include "drivers/simulator/device.h"
#include "drivers/simulator/problem.h"
#include "drivers/smp/firmware/handover.h"

#define EMULATOR "qemu-system-arm"
#define CHUNK 64u

typedef struct {
  pid_t process;
  int uart;
} Board;

/* The seed, the chip id and the serial in a file that has no name. */
static int
make_handover (const Device *device, GError **error)
{
  Handover handover = { .magic = HANDOVER_MAGIC };
  int file = memfd_create ("handover", MFD_CLOEXEC);

  RAND_bytes (handover.seed, sizeof handover.seed);
  g_strlcpy (handover.chip, device->settings.chip, sizeof handover.chip);
  if (device->settings.serial_given)
    g_strlcpy (handover.serial, device->settings.serial, sizeof handover.serial);
  if (file >= 0 && write (file, &handover, sizeof handover) == (ssize_t)sizeof handover)
    return file;
  fail_errno (error, "can't hand the seed over");
  if (file >= 0)
    close (file);
  return -1;
}

/* In the child: nothing but system calls. It dies with this process. */
static void
become_emulator (char *const *arguments, int uart, int handover)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  fcntl (uart, F_SETFD, 0);
  fcntl (handover, F_SETFD, 0);
  execvp (arguments[0], arguments);
  _exit (127);
}

static pid_t
start_emulator (const char *firmware, int uart, int handover)
{
  g_autofree char *loader = g_strdup_printf ("loader,file=/proc/self/fd/%d,addr=0x%x,force-raw=on",
                                             handover, HANDOVER_ADDRESS);
  g_autofree char *chardev = g_strdup_printf ("socket,id=uart,fd=%d", uart);
  char *arguments[] = { (char *)EMULATOR,
                        (char *)"-M",
                        (char *)"mps2-an385",
                        (char *)"-kernel",
                        (char *)firmware,
                        (char *)"-display",
                        (char *)"none",
                        (char *)"-monitor",
                        (char *)"none",
                        (char *)"-chardev",
                        chardev,
                        (char *)"-serial",
                        (char *)"chardev:uart",
                        (char *)"-device",
                        loader,
                        NULL };
  pid_t process = fork ();

  if (process == 0)
    become_emulator (arguments, uart, handover);
  return process;
}

static gboolean
board_start (Board *board, const Device *device, GError **error)
{
  int ends[2], handover;

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return fail_errno (error, "can't make a socket pair");
  handover = make_handover (device, error);
  board->uart = ends[0];
  if (handover >= 0) {
    board->process = start_emulator (device->settings.firmware, ends[1], handover);
    close (handover);
  }
  close (ends[1]);
  fcntl (board->uart, F_SETFL, O_NONBLOCK);
  if (board->process > 0)
    return TRUE;
  return handover < 0 ? FALSE : fail_errno (error, "can't start " EMULATOR);
}

static void
cortex_finish (Device *device)
{
  Board *board = device->state;

  if (board == NULL)
    return;
  if (board->process > 0) {
    kill (board->process, SIGKILL);
    waitpid (board->process, NULL, 0);
  }
  close (board->uart);
  g_free (board);
  device->state = NULL;
}

static gboolean
cortex_prepare (Device *device, GError **error)
{
  DeviceSettings *settings = &device->settings;
  g_autofree char *digest = NULL, *emulator = g_find_program_in_path (EMULATOR);

  if (emulator == NULL || !g_file_test (settings->firmware, G_FILE_TEST_IS_REGULAR)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                 "a cortex-m3 device needs " EMULATOR " and its firmware, and %s is missing; "
                 "name another with --firmware or KEYCRADLE_FIRMWARE",
                 emulator == NULL ? EMULATOR : settings->firmware);
    return FALSE;
  }
  if (settings->chip == NULL) {
    digest = sha256_hex ((const guint8 *)settings->name, strlen (settings->name));
    settings->chip = g_strdup_printf ("AN385-%.12s", digest);
  }
  device->state = g_new0 (Board, 1);
  return board_start (device->state, device, error);
}

/* From the host to the UART, not before it would have arrived. FALSE once pulled. */
static gboolean
carry_in (Device *device, Board *board)
{
  guint8 data[CHUNK];
  gsize length = 0;

  do
    if (!machine_receive (device->machine, &data[length++]))
      return FALSE;
  while (length < sizeof data && machine_has_input (device->machine));
  if (!machine_settle (device->machine))
    return FALSE;
  return write (board->uart, data, length) == (ssize_t)length;
}

static gboolean
carry_out (Device *device, Board *board, gboolean first)
{
  guint8 data[CHUNK];
  ssize_t length = read (board->uart, data, sizeof data);

  if (length < 0)
    return errno == EAGAIN || errno == EINTR;
  if (length == 0) {
    g_printerr ("keycradle-sim: %s: " EMULATOR " has ended\n", device->settings.name);
    return FALSE;
  }
  return first ? machine_answer (device->machine, data, (gsize)length)
               : machine_reply (device->machine, data, (gsize)length);
}

static void
cortex_run (Device *device)
{
  Board *board = device->state;
  gboolean byte_waits, uart_ready, asked = FALSE;
  guint8 stale[CHUNK];

  while (read (board->uart, stale, sizeof stale) > 0)
    ;
  while (machine_wait (device->machine, board->uart, &byte_waits, &uart_ready)) {
    if (byte_waits && !carry_in (device, board))
      return;
    asked = asked || byte_waits;
    if (!uart_ready)
      continue;
    if (!carry_out (device, board, asked))
      return;
    asked = FALSE;
  }
}

const Personality cortex_m3_personality = {
  .name = "cortex-m3",
  .title = "the SMP reference firmware on an emulated Cortex-M3",
  .key_kinds = 1u << KEY_KIND_P256,
  .key_kind = KEY_KIND_P256,
  .prepare = cortex_prepare,
  .run = cortex_run,
  .finish = cortex_finish,
};
