/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Two units of one model change places in the middle of an attempt: behind a converter that stays
 * plugged in, so that no port hangs up; by being taken out and put into each other's slots; and two
 * that both say they are the same.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "db/ledger.h"
#include "rig.h"

/* A converter with two units behind it, of which one is connected: `current`. */
typedef struct {
  int station; /* the converter's side of the pty that the station has */
  int units[2];
  gint current; /* atomic; 2: stop */
  char *port;   /* what the station opens */
  GThread *thread;
} Converter;

static void
carry (int from, int into)
{
  char data[512];
  const ssize_t length = read (from, data, sizeof data);

  if (length > 0 && into >= 0)
    ck_assert_int_eq (write (into, data, (size_t)length), length);
}

static gpointer
converter_run (gpointer data)
{
  Converter *converter = data;
  struct pollfd ends[3] = { { .fd = converter->station, .events = POLLIN },
                            { .fd = converter->units[0], .events = POLLIN },
                            { .fd = converter->units[1], .events = POLLIN } };
  gint current = 0;

  while (current < 2) {
    const int ready = poll (ends, 3, 20);

    current = g_atomic_int_get (&converter->current);
    if (ready <= 0 || current == 2)
      continue;
    if (ends[0].revents & POLLIN)
      carry (converter->station, converter->units[current]);
    for (int i = 0; i < 2; i++)
      if (ends[1 + i].revents & POLLIN)
        carry (converter->units[i], i == current ? converter->station : -1);
    if ((ends[0].revents & (POLLIN | POLLHUP)) == POLLHUP)
      g_usleep (1000); /* the station has not opened it */
  }
  return NULL;
}

static int
open_raw (const char *path)
{
  const int fd = open (path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  struct termios settings;

  ck_assert_int_ge (fd, 0);
  ck_assert_int_eq (tcgetattr (fd, &settings), 0);
  cfmakeraw (&settings);
  ck_assert_int_eq (tcsetattr (fd, TCSANOW, &settings), 0);
  return fd;
}

/* Plugs the device `serial` in and returns the real path of its port. */
static char *
plug (Rig *rig, const char *serial, const char *const *settings, GSubprocess **device)
{
  g_autofree char *link = rig_path (rig, "port");
  char *port, *real;

  *device = rig_plug (rig, serial, settings);
  real = realpath (link, NULL);
  ck_assert_ptr_nonnull (real);
  port = g_strdup (real);
  free (real);
  return port;
}

static void
converter_open (Converter *converter, const char *first, const char *second)
{
  converter->station = posix_openpt (O_RDWR | O_NOCTTY | O_CLOEXEC);
  ck_assert_int_eq (grantpt (converter->station), 0);
  ck_assert_int_eq (unlockpt (converter->station), 0);
  converter->port = g_strdup (ptsname (converter->station));
  converter->units[0] = open_raw (first);
  converter->units[1] = open_raw (second);
  converter->current = 0;
  converter->thread = g_thread_new ("converter", converter_run, converter);
}

static void
converter_close (Converter *converter)
{
  g_atomic_int_set (&converter->current, 2);
  g_thread_join (converter->thread);
  close (converter->station);
  close (converter->units[0]);
  close (converter->units[1]);
  g_free (converter->port);
}

/* ---- an attempt in which something happens ---- */

typedef struct {
  Rig *rig;
  guint slot;
  const char *port;
  Step when;
  void (*happens) (gpointer data);
  gpointer data;
  Step last;
} Attempted;

static void
handle_progress (const ProvisionState *state, gpointer data)
{
  Attempted *attempted = data;
  void (*happens) (gpointer) = attempted->happens;

  attempted->last = state->step;
  if (happens == NULL || state->step != attempted->when)
    return;
  attempted->happens = NULL;
  happens (attempted->data);
}

static gboolean
attempt (Attempted *attempted, GError **error)
{
  Rig *rig = attempted->rig;
  g_autofree char *transcripts = rig_path (rig, "transcripts");
  g_autoptr (SignerClient) signer = signer_client_new (rig->socket);
  const ProvisionContext context = { .ledger = rig->ledger,
                                     .issuer = rig->issuer,
                                     .signer = signer,
                                     .order = rig->order,
                                     .slot = attempted->slot,
                                     .port = attempted->port,
                                     .driver = driver_by_name ("smp"),
                                     .transcript_folder = transcripts,
                                     .deadline = deadline_in (20000),
                                     .progress = handle_progress,
                                     .data = attempted };

  return provision (&context, error);
}

static gboolean
holds_certificate (const Rig *rig, const char *serial)
{
  g_autofree char *name = g_strdup_printf ("devices/%s.cert.der", serial);
  g_autofree char *path = rig_path (rig, name);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
swap_units (gpointer data)
{
  g_atomic_int_set (&((Converter *)data)->current, 1);
}

/* Both behind a converter; with `when`, the second one answers from that step on. */
static gboolean
attempt_behind_converter (Rig *rig, Step when, gboolean swaps, Step *last, GError **error)
{
  GSubprocess *one, *other;
  g_autofree char *first = plug (rig, "TWIN-1", NULL, &one);
  g_autofree char *second = plug (rig, "TWIN-2", NULL, &other);
  Converter converter;
  Attempted attempted = { .rig = rig, .slot = 1, .when = when, .data = &converter };
  gboolean passed;

  converter_open (&converter, first, second);
  attempted.port = converter.port;
  attempted.happens = swaps ? swap_units : NULL;
  passed = attempt (&attempted, error);
  *last = attempted.last;
  converter_close (&converter);
  rig_unplug (one);
  rig_unplug (other);
  return passed;
}

START_TEST (a_unit_behind_a_converter_passes)
{
  g_autoptr (Rig) rig = rig_new (NULL, NULL);
  g_autoptr (GError) error = NULL;
  Step last;

  ck_assert_msg (attempt_behind_converter (rig, STEP_OPEN, FALSE, &last, &error), "%s",
                 error != NULL ? error->message : "");
  ck_assert (holds_certificate (rig, "TWIN-1"));
  ck_assert (!holds_certificate (rig, "TWIN-2"));
}
END_TEST

static const Step before_writing[] = { STEP_SIGN, STEP_STORE };

START_TEST (a_unit_that_was_swapped_before_the_writing_gets_nothing)
{
  g_autoptr (Rig) rig = rig_new (NULL, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (Certificate) issued = NULL;
  Step last;

  ck_assert (!attempt_behind_converter (rig, before_writing[_i], TRUE, &last, &error));
  ck_assert_msg (g_error_matches (error, DRIVER_ERROR, DRIVER_ERROR_IDENTITY), "%s",
                 error->message);
  ck_assert_ptr_nonnull (strstr (error->message, "another device answers"));
  ck_assert_int_eq (last, STEP_INSTALL);
  ck_assert (!holds_certificate (rig, "TWIN-1"));
  ck_assert (!holds_certificate (rig, "TWIN-2"));
  issued = ledger_certificate (rig->ledger, "TWIN-1", NULL);
  ck_assert_str_eq (issued->state, "issued");
}
END_TEST

/* ---- slots ---- */

static void
pass_in_slot (Rig *rig, guint slot, const char *port)
{
  Attempted attempted = { .rig = rig, .slot = slot, .port = port };
  g_autoptr (GError) error = NULL;

  ck_assert_msg (attempt (&attempted, &error), "%s", error != NULL ? error->message : "");
}

static void
cut_in_slot (Rig *rig, guint slot, const char *port)
{
  Attempted attempted = { .rig = rig, .slot = slot, .port = port };
  g_autoptr (GError) error = NULL;

  ck_assert (!attempt (&attempted, &error));
  ck_assert_msg (g_error_matches (error, DRIVER_ERROR, DRIVER_ERROR_UNPLUGGED), "%s",
                 error->message);
}

/* Both were pulled with their certificates stored, not written, and put back the wrong way round:
 * each gets its own. */
START_TEST (units_that_come_back_in_each_others_slots_get_their_own)
{
  static const char *const pulled[] = { "--fault", "unplug-in=700", NULL };
  static const char *const serials[] = { "CROSS-1", "CROSS-2" };
  g_autoptr (Rig) rig = rig_new (NULL, NULL);

  for (guint i = 0; i < 2; i++) {
    GSubprocess *device;
    g_autofree char *port = plug (rig, serials[i], pulled, &device);

    cut_in_slot (rig, 1 + i, port);
    rig_unplug (device);
  }
  for (guint i = 0; i < 2; i++) {
    GSubprocess *device;
    g_autoptr (Certificate) before = ledger_certificate (rig->ledger, serials[i], NULL);
    g_autofree char *port = plug (rig, serials[i], NULL, &device);
    g_autoptr (Certificate) after = NULL;

    pass_in_slot (rig, 2 - i, port);
    after = ledger_certificate (rig->ledger, serials[i], NULL);
    ck_assert_str_eq (after->sha256, before->sha256);
    ck_assert_str_eq (after->state, "verified");
    rig_unplug (device);
  }
}
END_TEST

/* ---- one name, two units ---- */

typedef struct {
  Rig *rig;
  const char *port;
  GError *error;
} Second;

static void
try_in_slot_2 (gpointer data)
{
  Second *second = data;
  Attempted attempted = { .rig = second->rig, .slot = 2, .port = second->port };

  ck_assert (!attempt (&attempted, &second->error));
}

/* While the first one is at work, and after it has passed: of another chip, and of none that could
 * be told from it. */
START_TEST (the_same_serial_twice_is_one_unit)
{
  static const char *const other_chip[] = { "--chip", "OTHERCHIP", NULL };
  g_autoptr (Rig) rig = rig_new (NULL, NULL);
  GSubprocess *one, *other;
  g_autofree char *first = plug (rig, "SAME-1", NULL, &one);
  g_autofree char *second = plug (rig, "SAME-1", _i == 0 ? NULL : other_chip, &other);
  Second later = { .rig = rig, .port = second };
  Attempted attempted = { .rig = rig,
                          .slot = 1,
                          .port = first,
                          .when = STEP_SIGN,
                          .happens = try_in_slot_2,
                          .data = &later };
  g_autoptr (GError) error = NULL;

  ck_assert_msg (attempt (&attempted, &error), "%s", error != NULL ? error->message : "");
  ck_assert_msg (
      g_error_matches (later.error, LEDGER_ERROR,
                       _i == 0 ? LEDGER_ERROR_BUSY_DEVICE : LEDGER_ERROR_DUPLICATE_DEVICE),
      "%s", later.error->message);
  g_clear_error (&later.error);
  rig_unplug (one);
  rig_unplug (other);
}
END_TEST

int
main (void)
{
  Suite *suite = suite_create ("station-swap");
  TCase *cases = tcase_create ("all");
  SRunner *runner = srunner_create (suite);
  int failed;

  tcase_set_timeout (cases, 60);
  tcase_add_test (cases, a_unit_behind_a_converter_passes);
  tcase_add_loop_test (cases, a_unit_that_was_swapped_before_the_writing_gets_nothing, 0,
                       G_N_ELEMENTS (before_writing));
  tcase_add_test (cases, units_that_come_back_in_each_others_slots_get_their_own);
  tcase_add_loop_test (cases, the_same_serial_twice_is_one_unit, 0, 2);
  suite_add_tcase (suite, cases);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
