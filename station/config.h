/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * keycradle.conf: what the station is called, where it keeps things, which slots it has.
 * Strict: whatever is unknown or contradictory is an error that names file and line.
 * What `slot learn` found out and which slots are out of service stands in slots.conf beside the
 * ledger and wins over it.
 */
#pragma once

#include <glib.h>

#include "base/keyfile.h"

#define SLOT_NUMBER_MAX 128u

/* A choice that the driver makes where the configuration is silent. */
typedef enum { RTSCTS_BY_DRIVER, RTSCTS_OFF, RTSCTS_ON } RtsCtsChoice;

/* One of port and id_path is set; neither where the slot is still to be learned. */
typedef struct {
  guint number;  /* 1 to SLOT_NUMBER_MAX */
  char *port;    /* absolute path of a tty, pty or link; or an address with a scheme, see
                    transport_open() */
  char *id_path; /* its place, or udev's ID_PATH of a tty there; see place.h */
  char *driver;  /* or NULL: probed */
  guint baud;    /* or 0: the driver's */
  RtsCtsChoice rtscts;
  gboolean enabled;
  char *disabled_reason; /* or NULL */
} SlotConfig;

void slot_config_free (SlotConfig *slot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SlotConfig, slot_config_free)

typedef struct {
  char *path;
  char *name;
  gboolean demo;
  char *state_folder;
  char *socket;
  char *profile_folder;
  char *match_folder; /* the site's match files, or NULL */
  char *crl_folder;   /* where revocation lists are published, or NULL */
  char **known_keys;  /* full paths of lists of keys that others know; may be empty */
  char *operator_group;
  char *supervisor_group;
  char *auditor_group;
  guint dual_control; /* bits of Control: what needs two people */
  guint attempt_seconds;
  gboolean acknowledge_failures; /* a FAIL stays until somebody acknowledges it */
  char *signer_socket;
  char *signer_config;        /* or NULL: the signer is a service of its own */
  GPtrArray *slots;           /* of SlotConfig, by number */
  GPtrArray *driver_settings; /* [driver NAME]: of KeyfileSetting, checked */
} Config;

void config_free (Config *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Config, config_free)

/* Reads and checks `path`. G_KEY_FILE_ERROR or G_FILE_ERROR; the message names file and line. */
Config *config_load (const char *path, GError **error);

/* Applies slots.conf from the state folder, where there is one. */
gboolean config_load_learned (Config *config, GError **error);

/* Binds slot `number` to `id_path`, in memory and durably in slots.conf. STATION_ERROR_CONFIG where
 * there is no such slot or another one has that path. */
gboolean config_may_learn (const Config *config, guint number, const char *id_path, GError **error);
gboolean config_learn (Config *config, guint number, const char *id_path, GError **error);

/* Two slots exchange their id_paths, in memory and durably in slots.conf: where both have one, else
 * STATION_ERROR_CONFIG. */
gboolean config_may_swap (const Config *config, guint number, guint other_number, GError **error);
gboolean config_swap (Config *config, guint number, guint other_number, GError **error);

/* Keeps in slots.conf that slot `number`, which must exist, is in or out of service, so that a
 * restart does not bring a broken slot back. */
gboolean config_keep_enabled (Config *config, guint number, gboolean enabled, const char *reason,
                              GError **error);

/* The slot called `number`, or NULL. */
SlotConfig *config_slot (const Config *config, guint number);
