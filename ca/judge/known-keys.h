/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lists of keys that others know: published test keys, keys of the Debian disaster, leaked ones.
 * They are files that the owner of the line brings; three forms are known, and told apart by their
 * content:
 *   - openssl-blacklist's text (the last 20 hex digits of SHA-1 over "Modulus=HEX\n"), lines with #
 *     are comments
 *   - badkeys' binary list (sorted records of 15 bytes SHA-256 over the number and 1 byte list id)
 *   - lines of 64 hex digits: SHA-256 of a SubjectPublicKeyInfo; what follows the digits is a name
 * Errors are CA_ERROR_KNOWN_KEY with file and line. Read-only once loaded, so threads share it.
 */
#pragma once

#include <glib.h>

#include "ca/judge/csr.h"

/* `paths` is NULL-ended; no paths give an empty list. */
KnownKeys *known_keys_load (const char *const *paths, GError **error);
void known_keys_free (KnownKeys *known);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KnownKeys, known_keys_free)

/* Keys on all lists together. */
gsize known_keys_size (const KnownKeys *known);

/* FALSE with CA_ERROR_KNOWN_KEY, and the list named, where `csr`'s key is on one; `known` may be
 * NULL. */
gboolean known_keys_check (const KnownKeys *known, const Csr *csr, GError **error);

/* The same with the lists in openssl-blacklist's form alone: the keys of CVE-2008-0166. */
gboolean known_keys_check_debian (const KnownKeys *known, const Csr *csr, GError **error);
