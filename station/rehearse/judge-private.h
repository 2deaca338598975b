/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of rules share.
 */
#pragma once

#include "station/rehearse/judge.h"

/* TRUE where it has something to say: then `remark` is filled in. */
typedef gboolean (*Rule) (const Terms *terms, const Try *one, Remark *remark);

/* A file's rules and codes, each NULL-ended. */
extern const Rule connection_rules[];
extern const Rule hello_rules[];
extern const Rule certificate_rules[];
extern const Rule request_rules[];

/* Fill in `remark` and return TRUE; a note lets the device in. */
gboolean remark_refuse (Remark *remark, const char *code, const char *change, const char *format,
                        ...) G_GNUC_PRINTF (4, 5);
gboolean remark_note (Remark *remark, const char *code, const char *change, const char *format, ...)
    G_GNUC_PRINTF (4, 5);
