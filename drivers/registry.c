/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * All drivers, and the telling apart of dialects.
 */
#include "drivers/driver.h"

#include "drivers/driver-list.h"
#include "drivers/match.h"

/* driver-list.h is made from the list in meson.build: each driver's name and its match file. */
#define DECLARE(name, matches) extern const Driver name##_driver;
#define POINT_TO(name, matches) &name##_driver,
#define MATCHES_OF(name, matches) matches,

DRIVERS (DECLARE)

static const Driver *const drivers[] = { DRIVERS (POINT_TO) NULL };
static const char *const match_files[] = { DRIVERS (MATCHES_OF) NULL };

/* A device that has just got power may need a while before it answers anybody: every round of
 * questions waits twice as long for an answer as the one before, from here to there. */
#define FIRST_PATIENCE 250 /* milliseconds */
#define LAST_PATIENCE 2000

/* A device that answers every question at once, but never as its dialect would, is not asked
 * for ever. One that boots has fewer lines than this that look like an answer. */
#define ROUNDS_MAX 64

const Driver *const *
driver_list (void)
{
  return drivers;
}

const Driver *
driver_by_name (const char *name)
{
  for (guint i = 0; drivers[i] != NULL; i++)
    if (g_strcmp0 (name, drivers[i]->name) == 0)
      return drivers[i];
  return NULL;
}

static gpointer
parse_all (gpointer nothing)
{
  GPtrArray **parsed = g_new0 (GPtrArray *, G_N_ELEMENTS (drivers));

  for (guint i = 0; drivers[i] != NULL; i++) {
    g_autoptr (GError) error = NULL;

    parsed[i] = matches_parse (match_files[i], drivers[i]->name, &error);
    if (parsed[i] == NULL)
      g_error ("the match file of driver %s", error->message);
  }
  return parsed;
}

const GPtrArray *
driver_matches (const Driver *driver)
{
  static GOnce once = G_ONCE_INIT;
  GPtrArray **parsed = g_once (&once, parse_all, NULL);

  for (guint i = 0; drivers[i] != NULL; i++)
    if (drivers[i] == driver)
      return parsed[i];
  return NULL;
}

static gboolean
ask (const Driver *driver, Transport *transport, guint patience, Deadline deadline,
     gboolean *speaks, GError **error)
{
  Deadline own = deadline_sooner (deadline, deadline_in (patience));

  *speaks = FALSE;
  transport_discard_input (transport);
  return driver->probe (transport, speaks, own, error);
}

/* One round: the driver that is understood, or NULL; an error is for a port that died. */
static const Driver *
ask_round (Transport *transport, const GPtrArray *among, guint patience, Deadline deadline,
           GError **error)
{
  for (guint i = 0; drivers[i] != NULL && !deadline_passed (deadline); i++) {
    gboolean speaks;

    if (among != NULL ? !g_ptr_array_find ((GPtrArray *)among, drivers[i], NULL)
                      : (drivers[i]->channels & transport_channel (transport)) == 0)
      continue;
    if (!ask (drivers[i], transport, patience, deadline, &speaks, error))
      return NULL;
    if (speaks)
      return drivers[i];
  }
  return NULL;
}

gboolean
driver_ask (const Driver *driver, Transport *transport, gboolean *speaks, Deadline deadline,
            GError **error)
{
  return ask (driver, transport, FIRST_PATIENCE, deadline, speaks, error);
}

const Driver *
driver_probe (Transport *transport, const Driver *only, Deadline deadline, GError **error)
{
  g_autoptr (GPtrArray) among = NULL;

  if (only != NULL) {
    among = g_ptr_array_new ();
    g_ptr_array_add (among, (gpointer)only);
  }
  return driver_probe_among (transport, among, deadline, error);
}

const Driver *
driver_probe_among (Transport *transport, const GPtrArray *among, Deadline deadline, GError **error)
{
  guint patience = FIRST_PATIENCE;

  for (guint round = 0; round < ROUNDS_MAX && !deadline_passed (deadline); round++) {
    GError *died = NULL;
    const Driver *driver = ask_round (transport, among, patience, deadline, &died);

    if (died != NULL) {
      g_propagate_error (error, died);
      return NULL;
    }
    if (driver != NULL)
      return driver;
    patience = MIN (patience * 2, LAST_PATIENCE);
  }
  if (transport_has_heard (transport))
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_UNKNOWN,
                         "the device answers, but in no dialect that is known here");
  else
    g_set_error_literal (error, DRIVER_ERROR, DRIVER_ERROR_NO_ANSWER, "the device stays silent");
  return NULL;
}
