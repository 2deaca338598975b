/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The station's view of the signer, shared by all slots. Before anything new is signed, the
 * ledger must hold whatever the signer has logged: the log is the write-ahead of the ledger. That
 * is made sure at the start and again after each loss of the signer, by whichever slot comes first;
 * the others wait for it. Any thread may call.
 */
#pragma once

#include "ca/wire/client.h"
#include "db/ledger.h"
#include "station/acceptance.h"

typedef struct Issuer Issuer;

/* `ledger` is borrowed. With `demo` a demo CA is accepted, else refused. */
Issuer *issuer_new (Ledger *ledger, const char *signer_socket, gboolean demo);
void issuer_free (Issuer *issuer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Issuer, issuer_free)

const char *issuer_socket (Issuer *issuer);

/* Which CAs may issue here; lives as long as the issuer. */
Acceptance *issuer_acceptance (Issuer *issuer);

/* Catches up with the signer's log where that has not been done since the signer was last lost.
 * TRUE where signing may go on. CA_ERROR, LEDGER_ERROR or STATION_ERROR_OLD_SIGNER_LOG. */
gboolean issuer_ready (Issuer *issuer, SignerClient *client, Deadline deadline, GError **error);

/* Takes over what stands in the signer's log and no order's answer brings. Orders go on meanwhile.
 * As issuer_ready(). */
gboolean issuer_follow (Issuer *issuer, SignerClient *client, Deadline deadline, GError **error);

/* Tells what became of a request (NULL: it was answered); CA_ERROR_UNREACHABLE calls for catching
 * up again. */
void issuer_heard (Issuer *issuer, const GError *error);

/* An order was answered with the entry `index`: what stands before it in the signer's log is missed
 * where it does not come soon. */
void issuer_heard_entry (Issuer *issuer, guint64 index);

/* `news` is called, in any thread, when the signer's log has an entry `index` that the ledger may
 * lack, and those before it; G_MAXUINT64 where nobody knows which. It must return at once. NULL
 * ends that. */
void issuer_watch (Issuer *issuer, void (*news) (guint64 index, gpointer data), gpointer data);

/* What the signer says of itself, NULL where it does not answer. What is wrong with it (a demo CA,
 * a log that is older than the ledger) stands in the way of signing from then on. Free with
 * signer_status_free(). */
SignerStatus *issuer_status (Issuer *issuer, SignerClient *client, Deadline deadline,
                             GError **error);

/* Keeps the chains of the CAs that the signer told of. */
gboolean issuer_take_status (Issuer *issuer, const SignerStatus *status, GError **error);

/* The chain of the CA that signed `certificate`, as devices get it: that CA first, the root left
 * out. The signer is asked only where the CA is not known yet. Unref with g_ptr_array_unref().
 * STATION_ERROR_OTHER_SIGNER where no known CA signed it, STATION_ERROR_CA_NOT_ACCEPTED. */
GPtrArray *issuer_chain_of (Issuer *issuer, SignerClient *client, GBytes *certificate,
                            Deadline deadline, GError **error);

/* The issuing CA's certificate as last heard of; NULL where the signer never answered. */
GBytes *issuer_ca_certificate (Issuer *issuer);

/* What stands in the way of signing, as one line, or NULL. Free with g_free(). */
char *issuer_problem (Issuer *issuer);
