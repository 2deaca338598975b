/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See roles.h.
 */
#include "station/roles.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#define LOOKUP_SPACE 16384 /* bytes for one entry of the user or group database */
#define MOST_GROUPS 256

static const struct {
  const char *method;
  Role least;
} methods[] = {
  { "GetStatus", ROLE_AUDITOR },
  { "ListSlots", ROLE_AUDITOR },
  { "ListDrivers", ROLE_AUDITOR },
  { "ListProfiles", ROLE_AUDITOR },
  { "ListBatches", ROLE_AUDITOR },
  { "GetBatch", ROLE_AUDITOR },
  { "ListDevices", ROLE_AUDITOR },
  { "GetDevice", ROLE_AUDITOR },
  { "ListAttempts", ROLE_AUDITOR },
  { "GetAttempt", ROLE_AUDITOR },
  { "ListCertificates", ROLE_AUDITOR },
  { "GetCertificate", ROLE_AUDITOR },
  { "GetAttestation", ROLE_AUDITOR },
  { "MakeCrl", ROLE_SUPERVISOR },
  { "CertifyCode", ROLE_SUPERVISOR },
  { "GetCaStatus", ROLE_AUDITOR },
  { "LoadTicket", ROLE_SUPERVISOR },
  { "ListTickets", ROLE_AUDITOR },
  { "MakeReport", ROLE_OPERATOR },
  { "ListReports", ROLE_AUDITOR },
  { "GetReport", ROLE_AUDITOR },
  { "GetExportStatement", ROLE_AUDITOR },
  { "ListEvents", ROLE_AUDITOR },
  { "ListKeyFindings", ROLE_AUDITOR },
  { "VerifyManifest", ROLE_AUDITOR },
  { "CollectEvidence", ROLE_AUDITOR },
  { "Prove", ROLE_AUDITOR },
  { "RunChecks", ROLE_AUDITOR },
  { "VerifyCertificates", ROLE_AUDITOR },
  { "StartSlot", ROLE_OPERATOR },
  { "ListOperators", ROLE_AUDITOR },
  { "ListExports", ROLE_AUDITOR },
  { "ListFormats", ROLE_AUDITOR },
  { "LimitRole", ROLE_AUDITOR },
  { "Listen", ROLE_AUDITOR },
  { "Deauthorize", ROLE_AUDITOR },
  { "SignIn", ROLE_OPERATOR },
  { "SignOut", ROLE_OPERATOR },
  { "Authorize", ROLE_OPERATOR },
  { "AcknowledgeSlot", ROLE_OPERATOR },
  { "BindSerial", ROLE_OPERATOR },
  { "AddOperator", ROLE_SUPERVISOR },
  { "SetOperatorEnabled", ROLE_SUPERVISOR },
  { "SwapSlots", ROLE_SUPERVISOR },
  { "VoidDevice", ROLE_SUPERVISOR },
  { "SetBatchState", ROLE_SUPERVISOR },
  { "Export", ROLE_OPERATOR },
  { "ConfirmExport", ROLE_OPERATOR },
  { "CancelLearn", ROLE_OPERATOR },
  { "SetSlotEnabled", ROLE_SUPERVISOR },
  { "LearnSlot", ROLE_SUPERVISOR },
  { "ListPorts", ROLE_AUDITOR },
  { "GetUdevRules", ROLE_AUDITOR },
  { "CreateBatch", ROLE_SUPERVISOR },
  { "AddBatchUnits", ROLE_SUPERVISOR },
  { "ListBatchUnits", ROLE_AUDITOR },
  { "ListEnding", ROLE_AUDITOR },
  { "RetryDevice", ROLE_SUPERVISOR },
  { "AcceptCa", ROLE_SUPERVISOR },
  { "ResetClock", ROLE_SUPERVISOR },
  { "ListApprovals", ROLE_AUDITOR },
  { "GrantApproval", ROLE_SUPERVISOR },
  { "RefuseApproval", ROLE_SUPERVISOR },
  { "AddTarget", ROLE_SUPERVISOR },
  { "SetTarget", ROLE_SUPERVISOR },
  { "ListTargets", ROLE_AUDITOR },
  { "SetBatchTargets", ROLE_SUPERVISOR },
  { "RegisterAuthority", ROLE_SUPERVISOR },
  { "SetAuthorityStatus", ROLE_SUPERVISOR },
  { "ListAuthorities", ROLE_AUDITOR },
  { "ChangeRegistry", ROLE_SUPERVISOR },
  { "ListRegistrations", ROLE_AUDITOR },
  { "ListOperations", ROLE_AUDITOR },
  { "TakeOperations", ROLE_AUDITOR },
  { "AnswerOperations", ROLE_OPERATOR },
  { "ConfirmBatch", ROLE_OPERATOR },
  { "SetOperationState", ROLE_SUPERVISOR },
};

/* Calls that ask for less when one of their arguments says a certain word. */
static const struct {
  const char *method;
  gsize argument;
  const char *word;
  Role least;
} lighter[] = {
  { "SetBatchState", 1, "running", ROLE_OPERATOR },
  { "ChangeRegistry", 0, "register", ROLE_OPERATOR },
  { "ChangeRegistry", 0, "activate", ROLE_OPERATOR },
  { "ChangeRegistry", 0, "deactivate", ROLE_OPERATOR },
  { "SetOperationState", 1, "waiting", ROLE_OPERATOR },
  { "SetOperationState", 1, "parked", ROLE_OPERATOR },
  { "SetOperationState", 1, "done", ROLE_OPERATOR },
};

const char *
role_word (Role role)
{
  switch (role) {
  case ROLE_NONE:
    return "nobody";
  case ROLE_AUDITOR:
    return "auditor";
  case ROLE_OPERATOR:
    return "operator";
  case ROLE_SUPERVISOR:
    return "supervisor";
  }
  return "nobody";
}

const char *
role_group (const Config *config, Role role)
{
  switch (role) {
  case ROLE_NONE:
    return NULL;
  case ROLE_AUDITOR:
    return config->auditor_group;
  case ROLE_OPERATOR:
    return config->operator_group;
  case ROLE_SUPERVISOR:
    return config->supervisor_group;
  }
  return NULL;
}

static gboolean
group_number (const char *name, gid_t *number)
{
  char space[LOOKUP_SPACE];
  struct group entry, *found = NULL;

  if (getgrnam_r (name, &entry, space, sizeof space, &found) != 0 || found == NULL)
    return FALSE;
  *number = found->gr_gid;
  return TRUE;
}

char **
role_members (const Config *config, Role role)
{
  char space[LOOKUP_SPACE];
  struct group entry, *found = NULL;

  if (getgrnam_r (role_group (config, role), &entry, space, sizeof space, &found) != 0
      || found == NULL)
    return g_new0 (char *, 1);
  return g_strdupv (found->gr_mem);
}

/* The groups of the user as the group database has them now. */
static int
groups_of (uid_t uid, gid_t gid, gid_t groups[MOST_GROUPS])
{
  char space[LOOKUP_SPACE];
  struct passwd entry, *found = NULL;
  int count = MOST_GROUPS;

  groups[0] = gid;
  if (getpwuid_r (uid, &entry, space, sizeof space, &found) != 0 || found == NULL)
    return 1;
  if (getgrouplist (found->pw_name, gid, groups, &count) < 0)
    return MOST_GROUPS;
  return count;
}

Role
role_of_peer (const Config *config, uid_t uid, gid_t gid)
{
  gid_t groups[MOST_GROUPS];
  int count;

  if (uid == 0 || uid == getuid ())
    return ROLE_SUPERVISOR;
  count = groups_of (uid, gid, groups);
  for (Role role = ROLE_SUPERVISOR; role > ROLE_NONE; role--) {
    gid_t wanted;

    if (!group_number (role_group (config, role), &wanted))
      continue;
    for (int i = 0; i < count; i++)
      if (groups[i] == wanted)
        return role;
  }
  return ROLE_NONE;
}

static gboolean
argument_is (GVariant *parameters, gsize place, const char *word)
{
  g_autoptr (GVariant) argument = NULL;

  if (place >= g_variant_n_children (parameters))
    return FALSE;
  argument = g_variant_get_child_value (parameters, place);
  return g_variant_is_of_type (argument, G_VARIANT_TYPE_STRING)
         && g_str_equal (g_variant_get_string (argument, NULL), word);
}

gboolean
role_call_revokes (GVariant *parameters)
{
  g_autoptr (GVariant) options = NULL;
  const char *status = NULL;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(ssa{sv}h)")))
    return FALSE;
  options = g_variant_get_child_value (parameters, 2);
  return g_variant_lookup (options, "status", "&s", &status) && g_str_equal (status, "REVOKED");
}

Role
role_for_call (const char *method, GVariant *parameters)
{
  if (g_str_equal (method, "ChangeRegistry") && role_call_revokes (parameters))
    return ROLE_SUPERVISOR;
  for (guint i = 0; i < G_N_ELEMENTS (lighter); i++)
    if (g_str_equal (lighter[i].method, method)
        && argument_is (parameters, lighter[i].argument, lighter[i].word))
      return lighter[i].least;
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    if (g_str_equal (methods[i].method, method))
      return methods[i].least;
  return ROLE_SUPERVISOR;
}

gboolean
role_knows_method (const char *method)
{
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    if (g_str_equal (methods[i].method, method))
      return TRUE;
  return FALSE;
}

char *
peer_name (uid_t uid)
{
  char space[LOOKUP_SPACE];
  struct passwd entry, *found = NULL;

  if (getpwuid_r (uid, &entry, space, sizeof space, &found) == 0 && found != NULL)
    return g_strdup (found->pw_name);
  return g_strdup_printf ("uid %u", uid);
}
