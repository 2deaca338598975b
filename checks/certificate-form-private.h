/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What certificate-form.c and certificate-extensions.c share.
 */
#pragma once

#include "checks/certificate-form.h"

/* All of `list`; CA_ERROR_LINT or the reader's. */
gboolean certificate_extensions_read (DerReader *list, ParsedCertificate *form, GError **error);
