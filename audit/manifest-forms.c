/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See manifest-forms.h. A key that is not here is refused: what a receiver makes of it nobody
 * knows.
 */
#include "audit/manifest-forms.h"

#define TEXT(name, says)                                                                           \
  {                                                                                                \
    name, JSON_TEXT, FALSE, says, NULL                                                             \
  }
#define PERHAPS(name, says)                                                                        \
  {                                                                                                \
    name, JSON_TEXT, TRUE, says, NULL                                                              \
  }
#define FIXED(name, text)                                                                          \
  {                                                                                                \
    name, JSON_TEXT, FALSE, SAYS_NOTHING, text                                                     \
  }
#define NUMBER(name)                                                                               \
  {                                                                                                \
    name, JSON_NUMBER, FALSE, SAYS_NOTHING, NULL                                                   \
  }
#define END                                                                                        \
  {                                                                                                \
    NULL, JSON_TEXT, FALSE, SAYS_NOTHING, NULL                                                     \
  }

static const JsonMember aws = { "aws",
                                { TEXT ("ThingName", SAYS_NAME), TEXT ("SerialNumber", SAYS_DEVICE),
                                  TEXT ("CertificatePem", SAYS_CERTIFICATE),
                                  TEXT ("CACertificatePem", SAYS_NOTHING), END } };
static const JsonMember aws_no_ca = { "aws-no-ca",
                                      { TEXT ("ThingName", SAYS_NAME),
                                        TEXT ("SerialNumber", SAYS_DEVICE),
                                        TEXT ("CertificatePem", SAYS_CERTIFICATE), END } };
static const JsonMember aws_csr = { "aws-csr",
                                    { TEXT ("ThingName", SAYS_NAME),
                                      TEXT ("SerialNumber", SAYS_DEVICE),
                                      TEXT ("CSR", SAYS_REQUEST), END } };

/* The hub knows the device by its thumbprint, or by its CA. */
static const JsonMember azure_hub = {
  "azure-hub",
  { TEXT ("id", SAYS_NAME), FIXED ("importMode", "create"), FIXED ("status", "enabled"),
    FIXED ("authentication.type", "selfSigned"),
    TEXT ("authentication.x509Thumbprint.primaryThumbprint", SAYS_SHA256), END }
};
static const JsonMember azure_hub_authority = {
  "azure-hub",
  { TEXT ("id", SAYS_NAME), FIXED ("importMode", "create"), FIXED ("status", "enabled"),
    TEXT ("statusReason", SAYS_REASON), FIXED ("authentication.type", "certificateAuthority"), END }
};
static const JsonMember azure_dps = {
  "azure-dps",
  { TEXT ("registrationId", SAYS_LOWER_NAME), TEXT ("deviceId", SAYS_NAME),
    FIXED ("attestation.type", "x509"),
    TEXT ("attestation.x509.clientCertificates.primary.certificate", SAYS_CERTIFICATE),
    FIXED ("provisioningStatus", "enabled"), END }
};

static const JsonMember nrfcloud = { "nrfcloud",
                                     { TEXT ("deviceId", SAYS_NAME), TEXT ("subType", SAYS_NOTHING),
                                       TEXT ("tags", SAYS_NOTHING), TEXT ("fwTypes", SAYS_NOTHING),
                                       TEXT ("certificate", SAYS_CERTIFICATE), END } };
static const JsonMember thingsboard = {
  "thingsboard",
  { TEXT ("NAME", SAYS_DEVICE), TEXT ("TYPE", SAYS_NOTHING), TEXT ("LABEL", SAYS_BATCH),
    TEXT ("X509", SAYS_CERTIFICATE), TEXT ("credentialsId", SAYS_CREDENTIALS_ID), END }
};
static const JsonMember clearblade = { "clearblade",
                                       { TEXT ("id", SAYS_NAME),
                                         TEXT ("credentials.[0].publicKey.format", SAYS_NOTHING),
                                         TEXT ("credentials.[0].publicKey.key", SAYS_CERTIFICATE),
                                         TEXT ("credentials.[0].expirationTime", SAYS_NOTHING),
                                         TEXT ("metadata.serialNumber", SAYS_DEVICE), END } };

static const JsonMember microchip = {
  "microchip",
  { TEXT ("payload", SAYS_NOTHING), TEXT ("protected", SAYS_NOTHING),
    TEXT ("header.uniqueId", SAYS_UNIQUE_ID), TEXT ("signature", SAYS_NOTHING), END }
};
const JsonMember manifest_payload = { "payload",
                                      { NUMBER ("version"),
                                        TEXT ("model", SAYS_NOTHING),
                                        TEXT ("partNumber", SAYS_NOTHING),
                                        TEXT ("manufacturer.organizationName", SAYS_NOTHING),
                                        TEXT ("manufacturer.organizationalUnitName", SAYS_NOTHING),
                                        TEXT ("provisioner.organizationName", SAYS_NOTHING),
                                        TEXT ("provisioner.organizationalUnitName", SAYS_NOTHING),
                                        TEXT ("distributor.organizationName", SAYS_NOTHING),
                                        TEXT ("distributor.organizationalUnitName", SAYS_NOTHING),
                                        TEXT ("groupId", SAYS_BATCH),
                                        TEXT ("provisioningTimestamp", SAYS_NOTHING),
                                        TEXT ("uniqueId", SAYS_UNIQUE_ID),
                                        TEXT ("publicKeySet.keys.[0].kid", SAYS_NOTHING),
                                        FIXED ("publicKeySet.keys.[0].kty", "EC"),
                                        FIXED ("publicKeySet.keys.[0].crv", "P-256"),
                                        TEXT ("publicKeySet.keys.[0].x", SAYS_X),
                                        TEXT ("publicKeySet.keys.[0].y", SAYS_Y),
                                        TEXT ("publicKeySet.keys.[0].x5c.[0]", SAYS_BASE64),
                                        TEXT ("publicKeySet.keys.[0].x5c.[1]", SAYS_NOTHING),
                                        END } };

static const JsonMember csv = {
  "csv",
  { TEXT ("device", SAYS_DEVICE), TEXT ("batch", SAYS_BATCH), TEXT ("profile", SAYS_NOTHING),
    TEXT ("sha256", SAYS_SHA256), TEXT ("sha1", SAYS_SHA1), TEXT ("spki-sha256", SAYS_KEY_SHA256),
    TEXT ("serial-number", SAYS_SERIAL), TEXT ("not-before", SAYS_NOTHING),
    TEXT ("not-after", SAYS_NOTHING), TEXT ("chip-id", SAYS_NOTHING), TEXT ("model", SAYS_NOTHING),
    TEXT ("pem", SAYS_CERTIFICATE), END }
};
static const JsonMember jsonl = {
  "jsonl",
  { TEXT ("device", SAYS_DEVICE), TEXT ("batch", SAYS_BATCH), TEXT ("profile", SAYS_NOTHING),
    PERHAPS ("chip-id", SAYS_NOTHING), PERHAPS ("model", SAYS_NOTHING),
    TEXT ("subject", SAYS_NOTHING), TEXT ("serial-number", SAYS_SERIAL),
    TEXT ("sha256", SAYS_SHA256), TEXT ("sha1", SAYS_SHA1), TEXT ("spki-sha256", SAYS_KEY_SHA256),
    TEXT ("not-before", SAYS_NOTHING), TEXT ("not-after", SAYS_NOTHING),
    TEXT ("issued-at", SAYS_NOTHING), TEXT ("verified-at", SAYS_NOTHING), NUMBER ("log-index"),
    TEXT ("pem", SAYS_CERTIFICATE), END }
};
static const JsonMember spki = { "spki",
                                 { TEXT ("device", SAYS_DEVICE),
                                   TEXT ("spki-sha256", SAYS_KEY_SHA256),
                                   TEXT ("public-key", SAYS_KEY), END } };

const ManifestCall manifest_calls[] = {
  { 0,
    { "register-certificate",
      { TEXT ("certificatePem", SAYS_CERTIFICATE), TEXT ("caCertificatePem", SAYS_NOTHING),
        FIXED ("status", "ACTIVE"), END } } },
  { 0,
    { "register-certificate-without-ca",
      { TEXT ("certificatePem", SAYS_CERTIFICATE), FIXED ("status", "ACTIVE"), END } } },
  { 1,
    { "create-thing",
      { TEXT ("thingName", SAYS_NAME), PERHAPS ("thingTypeName", SAYS_NOTHING),
        TEXT ("attributePayload.attributes.serialNumber", SAYS_DEVICE), END } } },
  { 2,
    { "attach-thing-principal",
      { TEXT ("thingName", SAYS_NAME), TEXT ("principal", SAYS_ARN), END } } },
  { 3, { "attach-policy", { TEXT ("policyName", SAYS_NOTHING), TEXT ("target", SAYS_ARN), END } } },
  { 4,
    { "add-thing-to-thing-group",
      { TEXT ("thingGroupName", SAYS_NOTHING), TEXT ("thingName", SAYS_NAME), END } } },
  { 5, { NULL, { END } } },
};

static const ManifestForm forms[] = {
  { "aws", FORM_LINES, FALSE, &aws, NULL },
  { "aws-no-ca", FORM_LINES, FALSE, &aws_no_ca, NULL },
  { "aws-csr", FORM_LINES, FALSE, &aws_csr, NULL },
  { "aws-calls", FORM_CALLS, FALSE, NULL, NULL },
  { "azure-hub", FORM_LINES, FALSE, &azure_hub, &azure_hub_authority },
  { "azure-dps", FORM_ENVELOPES, FALSE, &azure_dps, NULL },
  { "nrfcloud", FORM_TABLE, FALSE, &nrfcloud, NULL },
  { "microchip", FORM_ARRAY, FALSE, &microchip, NULL },
  { "thingsboard", FORM_TABLE, TRUE, &thingsboard, NULL },
  { "clearblade", FORM_LINES, FALSE, &clearblade, NULL },
  { "csv", FORM_TABLE, TRUE, &csv, NULL },
  { "jsonl", FORM_LINES, FALSE, &jsonl, NULL },
  { "spki", FORM_LINES, FALSE, &spki, NULL },
};

const ManifestForm *
manifest_form (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    if (g_strcmp0 (forms[i].name, name) == 0)
      return &forms[i];
  return NULL;
}
