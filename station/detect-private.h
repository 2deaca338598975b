/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of detection share: detect.c (who is in which slot), detect-timing.c (when a
 * device has been there for long enough), detect-survey.c (all that is plugged in).
 */
#pragma once

#include <gudev/gudev.h>

#include "station/cards.h"
#include "station/detect-look.h"
#include "station/detect.h"
#include "station/ports.h"

/* The device in a slot that is known by its place. */
typedef struct {
  char *path; /* in sysfs */
  char *place;
  guint number;  /* on the bus: tells it from the next device at this path */
  char *address; /* NULL where it was refused */
  char *reason;  /* NULL where it was not */
} Claim;

struct Detector {
  const Config *config;
  DetectorCallbacks callbacks;
  gpointer data;
  Ports *ports;
  GUdevClient *udev;
  AllowList *allowed;
  GHashTable *claims;     /* slot number → Claim */
  GHashTable *plans;      /* path → Plan */
  GHashTable *departures; /* place → Departures */
  guint learning;         /* the slot that is being learned, or 0 */
  Cards *cards;           /* NULL: nobody waits for cards, or they can't be seen */
  GHashTable *filled;     /* card readers with a card in: name → where it is */
  char *cards_problem;    /* NULL: none */
};

void detect_timing_new (Detector *detector);
void detect_timing_free (Detector *detector);

/* A device left `place`: the next one there must stay for longer. */
void detect_note_departure (Detector *detector, const char *place);

/* `device` at `path` is looked at once it has been quiet there for a moment. */
void detect_plan (Detector *detector, const char *path, const SeenDevice *device);

/* It is gone. */
void detect_forget (Detector *detector, const char *path);

/* Judges what is at `path` now and puts it into its slots. FALSE where a part of it is still to
 * come; never so where not `patient`. */
gboolean detect_settle (Detector *detector, const char *path, gboolean patient);

/* The paths of all devices that udev knows, each once. */
GPtrArray *detect_all_paths (Detector *detector);

/* What slot `slot` wants of a device at `place`; FALSE where it is not there. */
gboolean detect_wish (const Detector *detector, const SlotConfig *slot, const char *place,
                      SlotWish *wish);

/* Something happened to the device at `path`, or to a part of it. */
void detect_look_again (Detector *detector, const char *path);

/* detect-cards.c */
void detect_cards_new (Detector *detector);
void detect_cards_free (Detector *detector);

/* Watches card readers from now on, where a slot may want to know of cards. */
void detect_cards_start (Detector *detector);

/* The readers that `device` is and that have a card in are ways to it. */
void detect_cards_add_ways (const Detector *detector, SeenDevice *device);

/* Reports the card that is in the slot's reader already. */
void detect_cards_offer (Detector *detector, const SlotConfig *slot);
