/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See clouds.h.
 */
#include "courier/clouds.h"

#include <string.h>

#include "courier/aws.h"
#include "courier/azure.h"
#include "courier/error.h"
#include "courier/nrfcloud.h"

#define SIGNATURE_SECONDS 3600

static char *
host_of_aws (const CloudTarget *target, const Credentials *credentials, GError **error)
{
  return aws_host (target);
}

static gboolean
sign_for_aws (Request *request, const CloudTarget *target, const Credentials *credentials,
              const char *host, gint64 now, GError **error)
{
  const SigningScope scope = {
    .host = host, .region = target->region, .service = AWS_IOT_SERVICE, .at = now
  };

  sigv4_sign (request, &credentials->aws, &scope);
  return TRUE;
}

/* The connection string names the host; it must be that of the target. */
static char *
host_of_azure (const CloudTarget *target, const Credentials *credentials, GError **error)
{
  const char *host = credentials->host_name;
  const gsize length = strlen (target->account);

  if (g_ascii_strncasecmp (host, target->account, length) == 0 && host[length] == '.'
      && g_regex_match_simple ("^[A-Za-z0-9.-]+$", host, 0, 0))
    return g_strdup (host);
  g_set_error (error, COURIER_ERROR, COURIER_FAILED,
               "The credentials are of another service: their connection string has another "
               "HostName than %s.",
               target->account);
  return NULL;
}

static gboolean
sign_for_azure (Request *request, const CloudTarget *target, const Credentials *credentials,
                const char *host, gint64 now, GError **error)
{
  g_autofree char *signature = azure_signature (host, credentials->key_name,
                                                credentials->shared_key, now + SIGNATURE_SECONDS);

  if (signature == NULL) {
    g_set_error (error, COURIER_ERROR, COURIER_FAILED,
                 "The SharedAccessKey of the connection string is no base64.");
    return FALSE;
  }
  request_add_header (request, "Authorization", signature);
  return TRUE;
}

static char *
host_of_nrfcloud (const CloudTarget *target, const Credentials *credentials, GError **error)
{
  return g_strdup (NRFCLOUD_HOST);
}

static gboolean
sign_for_nrfcloud (Request *request, const CloudTarget *target, const Credentials *credentials,
                   const char *host, gint64 now, GError **error)
{
  g_autofree char *value = g_strconcat ("Bearer ", credentials->api_key, NULL);

  request_add_header (request, "Authorization", value);
  explicit_bzero (value, strlen (value));
  return TRUE;
}

static const Cloud clouds[] = {
  { "aws", 1, aws_course_new, host_of_aws, sign_for_aws },
  { "azure-hub", AZURE_HUB_MOST, azure_hub_course_new, host_of_azure, sign_for_azure },
  { "azure-dps", AZURE_DPS_MOST, azure_dps_course_new, host_of_azure, sign_for_azure },
  { "nrfcloud", NRFCLOUD_MOST, nrfcloud_course_new, host_of_nrfcloud, sign_for_nrfcloud },
};

const Cloud *
cloud_find (const char *kind)
{
  for (guint i = 0; i < G_N_ELEMENTS (clouds); i++)
    if (g_str_equal (clouds[i].kind, kind))
      return &clouds[i];
  return NULL;
}
