/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One table row a reason: see error.h.
 */
#include "ca/error.h"

#include "base/text.h"

typedef struct {
  const char *word;
  const char *operator_text;
} Reason;

static const Reason reasons[] = {
  [CA_ERROR_CSR_MALFORMED] = { "csr-malformed",
                               N_ ("The device sent a damaged request. Try once more, "
                                   "then put it aside.") },
  [CA_ERROR_CSR_TRAILING_DATA] = { "csr-trailing-data",
                                   N_ ("The device sent more than a request. Put "
                                       "it aside for engineering.") },
  [CA_ERROR_CSR_SIGNATURE] = { "csr-signature",
                               N_ ("The device could not prove that it has its key. "
                                   "Try once more, then put it aside.") },
  [CA_ERROR_SIGNATURE_ALGORITHM] = { "signature-algorithm", N_ ("The device signs in a way that is "
                                                                "not allowed. Put it aside "
                                                                "for engineering.") },
  [CA_ERROR_SIGNATURE_WEAK] = { "signature-weak", N_ ("The device signs in a way that is no longer "
                                                      "safe. Put it aside for engineering.") },
  [CA_ERROR_KEY_ALGORITHM] = { "key-algorithm", N_ ("The device made a kind of key that is not "
                                                    "allowed. Put it aside for engineering.") },
  [CA_ERROR_RSA_TOO_SMALL] = { "rsa-too-small",
                               N_ ("The device made a key that is too weak. Put it "
                                   "aside for engineering.") },
  [CA_ERROR_RSA_TOO_LARGE] = { "rsa-too-large",
                               N_ ("The device made a key that is too large. Put it "
                                   "aside for engineering.") },
  [CA_ERROR_RSA_MALFORMED] = { "rsa-malformed",
                               N_ ("The device made a broken key. Put it aside for engineering.") },
  [CA_ERROR_RSA_EXPONENT] = { "rsa-exponent",
                              N_ ("The device made a broken key. Put it aside for engineering.") },
  [CA_ERROR_RSA_SMALL_FACTOR] = { "rsa-small-factor",
                                  N_ ("The device made a key that can be broken. Put it aside for "
                                      "engineering.") },
  [CA_ERROR_RSA_PERFECT_POWER] = { "rsa-perfect-power",
                                   N_ ("The device made a key that can be broken. Put it aside for "
                                       "engineering.") },
  [CA_ERROR_RSA_CLOSE_PRIMES] = { "rsa-close-primes",
                                  N_ ("The device made a key that can be broken. Put it aside for "
                                      "engineering.") },
  [CA_ERROR_RSA_ROCA] = { "rsa-roca", N_ ("The device made a key that can be broken. Put it aside "
                                          "for engineering.") },
  [CA_ERROR_RSA_SHARED_PRIME] = { "rsa-shared-prime",
                                  N_ ("This device's key is related to another device's. Put this "
                                      "device aside and call a supervisor.") },
  [CA_ERROR_EC_CURVE] = { "ec-curve",
                          N_ ("The device made a kind of key that is not allowed. Put it "
                              "aside for engineering.") },
  [CA_ERROR_EC_POINT] = { "ec-point",
                          N_ ("The device made a broken key. Put it aside for engineering.") },
  [CA_ERROR_EC_TINY_KEY] = { "ec-tiny-key", N_ ("The device made a key that can be broken. Put it "
                                                "aside for engineering.") },
  [CA_ERROR_EC_NEAR_KEY] = { "ec-near-key", N_ ("This device's key is related to another device's. "
                                                "Put this device aside and call a supervisor.") },
  [CA_ERROR_KNOWN_KEY] = { "known-key",
                           N_ ("Others know this device's key. Put it aside for engineering.") },
  [CA_ERROR_DUPLICATE_KEY] = { "duplicate-key", N_ ("Another device already has this key. Put this "
                                                    "device aside and call a supervisor.") },
  [CA_ERROR_PROFILE] = { "profile",
                         N_ ("The station and the signer do not agree on the profile. Stop "
                             "and call a supervisor.") },
  [CA_ERROR_PROFILE_KEY] = { "profile-key", N_ ("The profile does not allow this kind of key. Stop "
                                                "and call a supervisor.") },
  [CA_ERROR_SUBJECT] = { "subject",
                         N_ ("The certificate's name can't be made for this device. Call a "
                             "supervisor.") },
  [CA_ERROR_VALIDITY] = { "validity", N_ ("The certificate would outlive its CA. Stop and call a "
                                          "supervisor.") },
  [CA_ERROR_CLOCK] = { "clock", N_ ("The date or time of this PC can't be right. Stop and call a "
                                    "supervisor.") },
  [CA_ERROR_LINT] = { "certificate-rules",
                      N_ ("The certificate would break the rules. Stop and call a supervisor.") },
  [CA_ERROR_CA_UNKNOWN] = { "ca-unknown", N_ ("The signer does not have the CA that is asked for. "
                                              "Stop and call a supervisor.") },
  [CA_ERROR_CRL] = { "crl",
                     N_ ("The list of revoked certificates can't be made. Call a supervisor.") },
  [CA_ERROR_TICKET_MISSING] = { "ticket-missing",
                                N_ ("The owner has not released this batch yet. Stop and call a "
                                    "supervisor to load its ticket.") },
  [CA_ERROR_TICKET_USED_UP] = { "ticket-used-up",
                                N_ ("As many devices as the owner allowed have their certificates. "
                                    "Stop and call a supervisor.") },
  [CA_ERROR_TICKET_TIME] = { "ticket-time",
                             N_ ("The owner's ticket is not valid today. Stop and call a "
                                 "supervisor.") },
  [CA_ERROR_TICKET_FOREIGN] = { "ticket-foreign",
                                N_ ("The owner's ticket is for other work than this. Stop and call "
                                    "a supervisor.") },
  [CA_ERROR_TICKET_REPLAYED] = { "ticket-replayed",
                                 N_ ("This ticket was used before. Call a supervisor.") },
  [CA_ERROR_TICKET_ROLLED_BACK] = { "ticket-rolled-back",
                                    N_ ("This station's log is not the one that the owner knows. "
                                        "Stop and call a supervisor.") },
  [CA_ERROR_TICKET_INVALID] = { "ticket-invalid",
                                N_ ("This is no ticket of the owner's. Call a supervisor.") },
  [CA_ERROR_COUNT] = { "tpm-count",
                       N_ ("The security chip allows no more certificates. Stop and call a "
                           "supervisor.") },
  [CA_ERROR_PROOF] = { "proof", N_ ("A signed record can't be verified. Call a supervisor.") },
  [CA_ERROR_CA_KEY] = { "ca-key",
                        N_ ("The signer can't use its key. Stop and call a supervisor.") },
  [CA_ERROR_CA_TOKEN] = { "ca-token", N_ ("The signer can't reach the token with its key. See that "
                                          "it is plugged in, then call a supervisor.") },
  [CA_ERROR_CA_CERTIFICATE] = { "ca-certificate",
                                N_ ("The signer can't use its certificate. Stop and "
                                    "call a supervisor.") },
  [CA_ERROR_DEMO_CA] = { "demo-ca", N_ ("This is a test CA, not one for production. Stop and call "
                                        "a supervisor.") },
  [CA_ERROR_LOG] = { "issuance-log",
                     N_ ("The signer can't write its log, so nothing is issued. Stop "
                         "and call a supervisor.") },
  [CA_ERROR_UNREACHABLE] = { "signer-unreachable", N_ ("The signer does not answer. Try again, "
                                                       "then call a supervisor.") },
  [CA_ERROR_PROTOCOL] = { "signer-protocol", N_ ("Station and signer do not understand each other. "
                                                 "Stop and call a supervisor.") },
  [CA_ERROR_INTERNAL] = { "signer-internal",
                          N_ ("The signer failed. Try again, then call a supervisor.") },
};

GQuark
ca_error_quark (void)
{
  return g_quark_from_static_string ("keycradle-ca-error");
}

const char *
ca_error_word (CaError code)
{
  return reasons[code].word;
}

gboolean
ca_error_from_word (const char *word, CaError *code)
{
  for (guint i = 0; i < G_N_ELEMENTS (reasons); i++) {
    if (g_str_equal (reasons[i].word, word)) {
      *code = (CaError)i;
      return TRUE;
    }
  }
  return FALSE;
}

const char *
ca_error_operator_text (CaError code)
{
  return reasons[code].operator_text;
}

gboolean
ca_refuse (GError **error, CaError code, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, CA_ERROR, (int)code, message);
  return FALSE;
}
