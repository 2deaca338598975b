/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Making a certificate: what the CA says about a device's key. The request gives the key and
 * nothing else; everything else comes from CA, profile and order. No I/O, no state: threads
 * share an IssueTemplate.
 */
#pragma once

#include "ca/issue/authority.h"
#include "ca/judge/csr.h"
#include "ca/profile/profile.h"
#include "ca/profile/subject.h"

/* A profile made ready: extensions that are the same in every certificate are encoded once. */
typedef struct IssueTemplate IssueTemplate;

/* Both must outlive it. */
IssueTemplate *issue_template_new (const Authority *authority, const Profile *profile,
                                   GError **error);
void issue_template_free (IssueTemplate *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (IssueTemplate, issue_template_free)

const Profile *issue_template_profile (const IssueTemplate *plan);
const Authority *issue_template_authority (const IssueTemplate *plan);

/* The certificate (DER) for the judged `csr`, judged, signed and verified. `now` is in seconds
 * since 1970. CA_ERROR_PROFILE_KEY, CA_ERROR_SUBJECT, CA_ERROR_VALIDITY, CA_ERROR_LINT,
 * CA_ERROR_INTERNAL; what the keystore says. */
GBytes *issue_certificate (const IssueTemplate *plan, const Csr *csr, const SubjectValues *subject,
                           gint64 now, GError **error);
