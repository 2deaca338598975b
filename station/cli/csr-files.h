/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Certificate requests from files, folders and standard input, and what is
 * thought of each.
 */
#pragma once

#include "ca/judge/csr.h"
#include "ca/judge/known-keys.h"

typedef struct {
  char *file; /* as shown; "-" for standard input */
  gboolean readable;
  gboolean accepted;
  const char *code; /* "ok", "unreadable", or the CA's word */
  const char *operator_text;
  char *engineer;
  char *identity; /* the same for one file under two names; NULL for standard input */
  CsrKeyType key_type;
  GBytes *number; /* modulus, or X and Y, of the key that signed the request; NULL: none did */
} CsrVerdict;

void csr_verdict_free (CsrVerdict *verdict);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CsrVerdict, csr_verdict_free)

/* The files that `arguments` stand for, sorted within each folder: GPtrArray of char *. A folder
 * gives its *.csr, *.pem and *.der, at any depth; links to folders are not followed. */
GPtrArray *csr_files_find (char **arguments);

/* Reads and judges one file, "-" being standard input. `known` may be NULL. */
CsrVerdict *csr_file_judge (const char *file, const KnownKeys *known);

/* The verdicts as a JSON array with a newline; free with g_free(). */
char *csr_verdicts_json (GPtrArray *verdicts);
