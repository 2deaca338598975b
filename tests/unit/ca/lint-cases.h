/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rules over a certificate, each with a case that must fail by it and its near twin that must
 * pass. They are written in a notation for DER: TT{...} is a value with tag TT, hex and 'text' are
 * bytes, $i $k $a $s are what CA and key give: issuer, key, and their identifiers.
 */
#pragma once

#include "ca/profile/profile.h"

#define CUSTOM "[certificate]\nSubject=CN=x\nValidity=1d\n"
#define TIMES(from, to) "30{" from to "}"
#define FROM "17{'200101000000Z'}"
#define TO "17{'491231235959Z'}"

/* A profile and the parts that fit it. */
typedef struct {
  const char *profile;
  ProfileKind kind; /* the kind it is held against, for what no profile file can ask */
  const char *subject;
  const char *extensions;
} Base;

typedef enum {
  VERSION,
  SERIAL,
  ALGORITHM,
  ISSUER,
  VALIDITY,
  SUBJECT,
  KEY,
  EXTENSIONS,
  N_PARTS,
} Part;

/* Of a rule: what must fail by it, and its near twin. */
typedef struct {
  const char *rule;
  const Base *base;
  Part part;
  const char *wrong;
  const char *right;
  const Base *right_base; /* NULL: the same */
} LintCase;

/* A serial that is made of the key and `dates`; `rule` is NULL where all fits. */
typedef struct {
  const char *rule;
  const char *times;
  const char *dates;
} CompressedCase;

extern const Base lint_custom;
extern const Base lint_matter;
extern const Base lint_compressed;
extern const Base lint_enciphers; /* keyEncipherment, which an EC key can't */
extern const Base lint_agrees;    /* keyAgreement, which an RSA key can't */

extern const LintCase lint_cases[];
extern const guint n_lint_cases;
extern const CompressedCase compressed_cases[];
extern const guint n_compressed_cases;
