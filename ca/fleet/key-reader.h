/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The caller's keys, read in order, and what is in one.
 */
#pragma once

#include <gmp.h>

#include "ca/fleet/fleet.h"

/* Keys that are read at once where nothing else asks for a number. */
#define READ_KEYS 4096

typedef struct {
  FleetSource source;
  gpointer data;
  gint stopped; /* atomic */
} KeyReader;

typedef void (*KeyVisit) (const FleetKey *key, gpointer data);

/* TRUE with G_FILE_ERROR_INTR once fleet_stop() was called. */
gboolean key_reader_is_stopped (KeyReader *reader, GError **error);

/* As FleetSource; an order that does not ascend is an error. */
GPtrArray *key_reader_read (KeyReader *reader, guint64 after, guint most, GError **error);

/* Only keys up to `last`. */
GPtrArray *key_reader_read_up_to (KeyReader *reader, guint64 after, guint64 last, GError **error);

/* Shows `visit` all keys above `after` up to `last`. */
gboolean key_reader_visit (KeyReader *reader, guint64 after, guint64 last, KeyVisit visit,
                           gpointer data, GError **error);

/* What tells a key from others: the modulus, or X. */
Span fleet_key_number (const FleetKey *key);

/* A modulus as GMP holds it; `number` is initialised by the caller. FALSE for EC keys, and for 0
 * and 1, which no judge lets through: 0 would make every product 0 and share everybody's primes. */
gboolean fleet_key_modulus (const FleetKey *key, mpz_t number);

/* Appends a new mpz_t * to `moduli`, where the key has a modulus. */
gboolean fleet_key_append_modulus (const FleetKey *key, GPtrArray *moduli);

/* For fleet_key_append_modulus(): frees its numbers. */
GPtrArray *moduli_new (void);

/* `product` becomes that of all moduli of `keys`. */
void fleet_keys_product (GPtrArray *keys, mpz_t product);
