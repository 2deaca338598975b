/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whose a log is: its header names the key of its first CA, and each further CA stands in it with
 * an entry of its own before its first certificate.
 */
#pragma once

#include "ca/issue/authority.h"
#include "ca/log/log.h"

/* TRUE where the log knows at least one of `authorities` (of Authority). CA_ERROR_LOG. */
gboolean log_knows_one_of (IssuanceLog *log, GPtrArray *authorities, GError **error);

/* Enters those of `authorities` that the log does not know yet. CA_ERROR_LOG. */
gboolean log_enter_authorities (IssuanceLog *log, GPtrArray *authorities, GError **error);
