/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * CAs with whatever key, algorithm and Matter ids a test wants: a root, and below it the issuing
 * CA.
 */
#pragma once

#include "ca/issue/authority.h"
#include "ca/profile/profile.h"

/* A new key: "P-256", "rsa-2048", or "dsa-2048-256", whose parameters are in
 * `parameter_folder`/dsa-2048-256.pem. */
EVP_PKEY *make_ca_key (const char *word, const char *parameter_folder);

/* Writes ca.pem, root.pem and ca.key (plain, as a demo CA's may be) into `folder`. With `vendor` it
 * is a Matter PAI, of `product` if that is not NULL. */
void write_ca (const char *folder, EVP_PKEY *key, const char *vendor, const char *product);

/* The same, loaded and unlocked. */
Authority *open_ca (const char *folder, EVP_PKEY *key, const char *signature, const char *vendor,
                    const char *product);

/* PEM. */
void save_certificate (const char *folder, const char *name, X509 *certificate);

/* `text` as a file in `folder`, loaded. */
Profile *make_profile (const char *folder, const char *text);

/* OpenSSL reads all of it; and what it prints of it, with the subject as RFC 2253 has it. */
X509 *certificate_decode (GBytes *der);
char *certificate_text (GBytes *der);
