/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the signed texts (docs/evidence.md) have in common: groups and keys as base/keyfile.h reads
 * them, each value in exactly one form. Errors are CA_ERROR_PROOF and name the text, line and key.
 */
#pragma once

#include "base/keyfile.h"
#include "ca/error.h"

#define PROOF_HASH 32

/* Reads `text`, which `name` ("ticket") stands for in errors. The first of `groups` must be there,
 * with Version=1. */
Keyfile *proof_text_read (const char *name, const char *text, const KeyfileGroup *groups,
                          GError **error);

/* Sets `error` to what is wrong with a value, and returns FALSE. */
gboolean proof_text_refuse (const Keyfile *text, const char *group, const char *key, GError **error,
                            const char *format, ...) G_GNUC_PRINTF (5, 6);

/* All of these want the key to be there. */
gboolean proof_text_number (const Keyfile *text, const char *group, const char *key, guint64 least,
                            guint64 most, guint64 *value, GError **error);
gboolean proof_text_count (const Keyfile *text, const char *group, const char *key, guint least,
                           guint most, guint *value, GError **error);
/* Seconds since 1970, of "2026-11-20T08:00:00Z". */
gboolean proof_text_time (const Keyfile *text, const char *group, const char *key, gint64 *seconds,
                          GError **error);
gboolean proof_text_hash (const Keyfile *text, const char *group, const char *key,
                          guint8 hash[PROOF_HASH], GError **error);
/* Lower-case hex of that many bytes. Free with g_free(). */
char *proof_text_hex (const Keyfile *text, const char *group, const char *key, gsize bytes,
                      GError **error);
/* A name as devices, batches and profiles have them (serial_is_valid()). Free with g_free(). */
char *proof_text_name (const Keyfile *text, const char *group, const char *key, GError **error);

/* Free text, its escapes undone: up to `most` bytes. *value is NULL where the key is absent. */
gboolean proof_text_note (const Keyfile *text, const char *group, const char *key, gsize most,
                          char **value, GError **error);
/* "yes" or "no"; absent is no. */
gboolean proof_text_flag (const Keyfile *text, const char *group, const char *key, gboolean *value,
                          GError **error);

gboolean proof_text_has (const Keyfile *text, const char *group, const char *key);
gboolean proof_text_has_group (const Keyfile *text, const char *group);

/* For writing: begin with proof_text_new(), end with g_key_file_to_data(). */
GKeyFile *proof_text_new (const char *group);
void proof_text_set_time (GKeyFile *text, const char *group, const char *key, gint64 seconds);
void proof_text_set_hash (GKeyFile *text, const char *group, const char *key,
                          const guint8 hash[PROOF_HASH]);
void proof_text_set_flag (GKeyFile *text, const char *group, const char *key, gboolean value);

/* "2026-11-20T08:00:00Z". Free with g_free(). */
char *proof_time (gint64 seconds);
