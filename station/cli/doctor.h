/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle doctor: each check looks at one thing, says OK, WARN or FAIL, and
 * what to type. Checks never change anything, and none needs the daemon but
 * those that ask it.
 */
#pragma once

#include "station/cli/cli.h"

typedef enum { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL } DoctorLevel;

/* "OK", "WARN", "FAIL". */
const char *doctor_level_word (DoctorLevel level);

typedef struct {
  DoctorLevel level;
  const char *check; /* stable word: "config", "slot-port", ... */
  char *text;        /* one sentence */
  char *advice;      /* what to type, or NULL */
} Finding;

void finding_free (Finding *finding);

typedef struct {
  Cli *cli;
  GKeyFile *config;    /* empty where it can't be read */
  GPtrArray *findings; /* of Finding */
} Doctor;

/* Adds a finding; takes `text` and `advice` (which may be NULL). */
void doctor_find (Doctor *doctor, DoctorLevel level, const char *check, char *text, char *advice);

/* A value of the configuration, or `fallback`; free with g_free(). */
char *doctor_setting (const Doctor *doctor, const char *group, const char *key,
                      const char *fallback);

/* TRUE where the configuration says Mode=demo. */
gboolean doctor_is_demo (const Doctor *doctor);

/* doctor-station.c */
void doctor_check_config (Doctor *doctor);
void doctor_check_daemon (Doctor *doctor);
void doctor_check_profiles (Doctor *doctor);

/* doctor-ports.c */
void doctor_check_slots (Doctor *doctor);
void doctor_check_port_thieves (Doctor *doctor);

/* doctor-cards.c */
void doctor_check_cards (Doctor *doctor);

/* TRUE where the slot's Port= names a card reader. */
gboolean doctor_is_card_slot (const Doctor *doctor, const char *group);

/* doctor-devices.c; needs doctor_check_daemon() to have connected. */
void doctor_check_devices (Doctor *doctor);

/* The same for the port records (aa{sv}) of the API. */
void doctor_judge_ports (Doctor *doctor, GVariant *ports);

/* doctor-system.c */
void doctor_check_udev_rule (Doctor *doctor);
void doctor_check_groups (Doctor *doctor);
void doctor_check_disk (Doctor *doctor);
void doctor_check_clock (Doctor *doctor);

/* ---- who holds a port ---- */

typedef struct {
  GPid pid;
  char *name; /* of the process, safe to show */
} PortHolder;

void port_holder_free (PortHolder *holder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PortHolder, port_holder_free)

/* The first process that has `device` (a real path) open, as /proc tells; NULL where nobody has,
 * or nobody whom we may look into. */
PortHolder *port_holder_find (const char *device);

/* What to type so that it lets go. Free with g_free(). */
char *port_holder_advice (const PortHolder *holder);

/* The process called `name`, or 0. */
GPid process_find (const char *name);
