/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For each rule of ca/lint*.c a to-be-signed part that must fail by it, and its near twin that must
 * pass. They are written in a notation for DER: TT{...} is a value with tag TT, hex and 'text' are
 * bytes, $i $k $a $s are what CA and key give: issuer, key, and their identifiers. The program's
 * arguments are the lint's sources: a rule without a case fails.
 */
#include "base/der-write.h"
#include "ca/issue/lint.h"
#include "ca/judge/csr.h"
#include "tests/unit/ca/make.h"

#include <check.h>
#include <openssl/sha.h>
#include <string.h>

#define BC "30{06{551d13}01{ff}04{30{}}}"
#define KU "30{06{551d0f}01{ff}04{03{0780}}}"
#define EKU "30{06{551d25}04{30{06{2b06010505070302}}}}"
#define AKI "30{06{551d23}04{30{80{$a}}}}"
#define SKI "30{06{551d0e}04{04{$s}}}"
#define SAN(names) "30{06{551d11}04{30{" names "}}}"
#define POLICIES(list) "30{06{551d20}04{30{" list "}}}"
#define CRL(points) "30{06{551d1f}04{30{" points "}}}"
#define CRL_POINT(url) "30{a0{a0{86{'" url "'}}}}"
#define AIA(list) "30{06{2b06010505070101}04{30{" list "}}}"
#define CA_ISSUERS(url) "30{06{2b06010505073002}86{'" url "'}}"
#define MASA(value) "30{06{2b06010505070120}04{" value "}}"
#define HARDWARE(oid, type, serial) "a0{06{" oid "}a0{30{06{" type "}04{" serial "}}}}"
#define MODULE "2b06010505070804"

#define ATTRIBUTE(oid, string) "31{30{06{" oid "}" string "}}"
#define CN(text) ATTRIBUTE ("550403", "0c{'" text "'}")
#define SERIAL_NUMBER(text) ATTRIBUTE ("550405", "13{'" text "'}")
#define VID(string) ATTRIBUTE ("2b0601040182a27c0201", string)
#define PID(string) ATTRIBUTE ("2b0601040182a27c0202", string)

#define CUSTOM "[certificate]\nSubject=CN=x\nValidity=1d\n"

/* A profile and the parts that fit it. */
typedef struct {
  const char *profile;
  ProfileKind kind; /* the kind it is held against, for what no profile file can ask */
  const char *subject;
  const char *extensions;
} Base;

typedef enum {
  VERSION,
  SERIAL,
  ALGORITHM,
  ISSUER,
  VALIDITY,
  SUBJECT,
  KEY,
  EXTENSIONS,
  N_PARTS,
} Part;

static const Base custom = { CUSTOM, KIND_CUSTOM, CN ("SN-1"), BC KU EKU AKI SKI };
static const Base aws = { CUSTOM, KIND_AWS_IOT, CN ("SN-1"), BC KU EKU AKI SKI };
static const Base azure = { CUSTOM, KIND_AZURE_DPS, CN ("sn-1"), BC KU EKU AKI SKI };
static const Base idevid = { "[certificate]\nKind=idevid\nSubject=serialNumber=x\n"
                             "HardwareType=1.2.840.1\n",
                             KIND_IDEVID, SERIAL_NUMBER ("SN-1"),
                             BC KU AKI SAN (HARDWARE (MODULE, "2a864801", "'x'")) };
static const Base matter = { "[certificate]\nKind=matter-dac\nSubject=CN=x\nValidity=1d\n"
                             "Vid=FFF1\nPid=8000\n",
                             KIND_MATTER_DAC, CN ("x") VID ("0c{'FFF1'}") PID ("0c{'8000'}"),
                             BC KU AKI SKI };
static const Base compressed = { "[certificate]\nSubject=CN=x\nValidity=4y\nForm=compressed\n",
                                 KIND_CUSTOM, CN ("SN-1"), BC KU EKU AKI SKI };
static const Base two_purposes = { CUSTOM "ExtendedKeyUsage=clientAuth;serverAuth\n", KIND_CUSTOM,
                                   CN ("SN-1"), BC KU EKU AKI SKI };
static const Base no_purpose = { CUSTOM "ExtendedKeyUsage=\n", KIND_CUSTOM, CN ("SN-1"),
                                 BC KU AKI SKI };
static const Base policy = { CUSTOM "CertificatePolicies=2.23.133.11.1.1;1.3.6.1\n", KIND_CUSTOM,
                             CN ("SN-1"), "" };
static const Base names = { CUSTOM "SubjectAltName=dns:a;uri:b:c;ip:1.2.3.4;email:a@b\n",
                            KIND_CUSTOM, CN ("SN-1"), "" };
static const Base one_dns = { CUSTOM "SubjectAltName=dns:a\n", KIND_CUSTOM, CN ("SN-1"), "" };
static const Base one_uri = { CUSTOM "SubjectAltName=uri:a:b\n", KIND_CUSTOM, CN ("SN-1"), "" };
static const Base one_ip = { CUSTOM "SubjectAltName=ip:1.2.3.4\n", KIND_CUSTOM, CN ("SN-1"), "" };
static const Base one_mail = { CUSTOM "SubjectAltName=email:a@b\n", KIND_CUSTOM, CN ("SN-1"), "" };
static const Base nameless = { "[certificate]\nValidity=1d\nSubjectAltName=dns:a\n", KIND_CUSTOM,
                               "", "" };
static const Base crl = { CUSTOM "CrlDistributionPoint=http://a/b\n", KIND_CUSTOM, CN ("SN-1"),
                          "" };
static const Base aia = { CUSTOM "CaIssuers=http://a/b\n", KIND_CUSTOM, CN ("SN-1"), "" };
static const Base masa = { CUSTOM "MasaUrl=a.example\n", KIND_CUSTOM, CN ("SN-1"), "" };
/* Kinds that no file can ask for, since loading it would refuse. */
static const Base aws_agrees = { CUSTOM "KeyUsage=keyAgreement\n", KIND_AWS_IOT, CN ("SN-1"),
                                 BC "30{06{551d0f}01{ff}04{03{0308}}}" EKU AKI SKI };
static const Base aws_serves = { CUSTOM "ExtendedKeyUsage=serverAuth\n", KIND_AWS_IOT, CN ("SN-1"),
                                 BC KU "30{06{551d25}04{30{06{2b06010505070301}}}}" AKI SKI };
static const Base idevid_agrees = { CUSTOM "KeyUsage=digitalSignature;keyAgreement\n", KIND_IDEVID,
                                    SERIAL_NUMBER ("x"),
                                    BC "30{06{551d0f}01{ff}04{03{0388}}}" EKU AKI SKI };
static const Base idevid_signs = { CUSTOM, KIND_IDEVID, SERIAL_NUMBER ("x"), BC KU EKU AKI SKI };
/* For one kind of key each. */
static const Base enciphers = { CUSTOM "KeyUsage=digitalSignature;keyEncipherment\n", KIND_IDEVID,
                                SERIAL_NUMBER ("x"),
                                BC "30{06{551d0f}01{ff}04{03{05a0}}}" EKU AKI SKI };
static const Base agrees = { CUSTOM "KeyUsage=digitalSignature;keyAgreement\n", KIND_AWS_IOT,
                             CN ("x"), BC "30{06{551d0f}01{ff}04{03{0388}}}" EKU AKI SKI };
static const Base matter_with_purpose = { CUSTOM "Vid=FFF1\nPid=8000\n", KIND_MATTER_DAC,
                                          CN ("x") VID ("0c{'FFF1'}") PID ("0c{'8000'}"),
                                          BC KU EKU AKI SKI };
static const Base matter_agrees = { CUSTOM "Vid=FFF1\nPid=8000\nExtendedKeyUsage=\n"
                                           "KeyUsage=digitalSignature;keyAgreement\n",
                                    KIND_MATTER_DAC, CN ("x") VID ("0c{'FFF1'}") PID ("0c{'8000'}"),
                                    BC "30{06{551d0f}01{ff}04{03{0388}}}" AKI SKI };

#define LONG "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define TIMES(from, to) "30{" from to "}"
#define FROM "17{'200101000000Z'}"
#define TO "17{'491231235959Z'}"
#define SEVENTEEN                                                                                  \
  "06{2a01}06{2a02}06{2a03}06{2a04}06{2a05}06{2a06}06{2a07}06{2a08}06{2a09}06{2a0a}06{2a0b}"       \
  "06{2a0c}06{2a0d}06{2a0e}06{2a0f}06{2a10}06{2a11}"
#define FOUR_OU                                                                                    \
  ATTRIBUTE ("55040b", "0c{'a'}")                                                                  \
  ATTRIBUTE ("55040b", "0c{'a'}") ATTRIBUTE ("55040b", "0c{'a'}") ATTRIBUTE ("55040b", "0c{'a'}")
#define THIRTY_TWO_OU FOUR_OU FOUR_OU FOUR_OU FOUR_OU FOUR_OU FOUR_OU FOUR_OU FOUR_OU

static const struct {
  const char *rule;
  const Base *base;
  Part part;
  const char *wrong;
  const char *right;
  const Base *right_base; /* NULL: the same */
} cases[] = {
  { "version", &custom, VERSION, "a0{02{01}}", "a0{02{02}}", NULL },
  { "der", &custom, VERSION, "a0{020102 00}", "a0{020102}", NULL },
  { "der", &custom, KEY, "", "$k", NULL },
  { "serial-positive", &custom, SERIAL, "02{811122334455667788}", "02{711122334455667788}", NULL },
  { "serial-positive", &custom, SERIAL, "02{}", "02{711122334455667788}", NULL },
  { "serial-shortest", &custom, SERIAL, "02{00711122334455667788}", "02{00811122334455667788}",
    NULL },
  { "serial-length", &custom, SERIAL, "02{711122334455667788990011223344556677889900}",
    "02{7111223344556677889900112233445566778899}", NULL },
  { "serial-random", &custom, SERIAL, "02{7111223344556677}", "02{711122334455667788}", NULL },
  { "signature-algorithm", &custom, ALGORITHM, "30{06{2a8648ce3d040303}}",
    "30{06{2a8648ce3d040302}}", NULL },
  { "signature-algorithm", &custom, ALGORITHM, "30{06{2a8648ce3d040302}0500}",
    "30{06{2a8648ce3d040302}}", NULL },
  { "issuer", &custom, ISSUER, "30{" CN ("a") "}", "$i", NULL },
  { "issuer-empty", &custom, ISSUER, "30{}", "$i", NULL },
  { "time-form", &custom, VALIDITY, TIMES ("17{'2001010000Z'}", TO), TIMES (FROM, TO), NULL },
  { "time-form", &custom, VALIDITY, TIMES ("17{'200101000000+0000'}", TO), TIMES (FROM, TO), NULL },
  { "time-form", &custom, VALIDITY, TIMES (FROM, "18{'20500101000000.5Z'}"),
    TIMES (FROM, "18{'20500101000000Z'}"), NULL },
  { "time-type", &custom, VALIDITY, TIMES (FROM, "18{'20491231235959Z'}"),
    TIMES (FROM, "18{'20500101000000Z'}"), NULL },
  { "time-calendar", &custom, VALIDITY, TIMES (FROM, "17{'250229000000Z'}"),
    TIMES (FROM, "17{'240229000000Z'}"), NULL },
  { "time-calendar", &custom, VALIDITY, TIMES (FROM, "17{'251301000000Z'}"),
    TIMES (FROM, "17{'251201000000Z'}"), NULL },
  { "time-calendar", &custom, VALIDITY, TIMES (FROM, "17{'250101240000Z'}"),
    TIMES (FROM, "17{'250101230000Z'}"), NULL },
  { "validity-order", &custom, VALIDITY, TIMES (FROM, FROM), TIMES (FROM, "17{'200101000001Z'}"),
    NULL },
  { "validity-ca", &custom, VALIDITY, TIMES ("17{'191231235959Z'}", TO), TIMES (FROM, TO), NULL },
  { "validity-ca", &custom, VALIDITY, TIMES (FROM, "18{'20600101000001Z'}"),
    TIMES (FROM, "18{'20600101000000Z'}"), NULL },
  { "validity-ca", &custom, VALIDITY, TIMES (FROM, "18{'99991231235959Z'}"),
    TIMES (FROM, "18{'20600101000000Z'}"), NULL },
  { "validity-ca", &idevid, VALIDITY, TIMES (FROM, "18{'99991231235958Z'}"),
    TIMES (FROM, "18{'99991231235959Z'}"), NULL },
  { "name-part-empty", &custom, SUBJECT, "30{" CN ("a") "31{}}", "30{" CN ("a") "}", NULL },
  { "der", &custom, SUBJECT, "30{31{30{06{550403}0c{'a'}}30{06{55040a}0c{'a'}}}}",
    "30{" CN ("a") ATTRIBUTE ("55040a", "0c{'a'}") "}", NULL },
  { "name-attribute", &custom, SUBJECT, "30{" ATTRIBUTE ("550404", "0c{'a'}") "}",
    "30{" ATTRIBUTE ("55040b", "0c{'a'}") "}", NULL },
  { "name-size", &custom, SUBJECT, "30{" THIRTY_TWO_OU CN ("a") CN ("b") CN ("c") "}",
    "30{" THIRTY_TWO_OU CN ("a") CN ("b") "}", NULL },
  { "string-type", &custom, SUBJECT, "30{" ATTRIBUTE ("550403", "14{'a'}") "}",
    "30{" ATTRIBUTE ("550403", "13{'a'}") "}", NULL },
  { "string-type", &custom, SUBJECT, "30{" ATTRIBUTE ("550405", "0c{'a'}") "}",
    "30{" ATTRIBUTE ("550405", "13{'a'}") "}", NULL },
  { "string-type", &custom, SUBJECT, "30{" ATTRIBUTE ("550406", "0c{'DE'}") "}",
    "30{" ATTRIBUTE ("550406", "13{'DE'}") "}", NULL },
  { "string-empty", &custom, SUBJECT, "30{" CN ("") "}", "30{" CN ("a") "}", NULL },
  { "string-characters", &custom, SUBJECT, "30{" SERIAL_NUMBER ("a_b") "}",
    "30{" SERIAL_NUMBER ("a-b") "}", NULL },
  { "string-characters", &custom, SUBJECT, "30{" ATTRIBUTE ("550403", "0c{c3}") "}",
    "30{" ATTRIBUTE ("550403", "0c{c3a4}") "}", NULL },
  { "string-characters", &custom, SUBJECT, "30{" ATTRIBUTE ("550403", "0c{'a' 1b}") "}",
    "30{" ATTRIBUTE ("550403", "0c{'a' 5b}") "}", NULL },
  { "string-characters", &custom, SUBJECT, "30{" ATTRIBUTE ("550403", "0c{'a' 00}") "}",
    "30{" ATTRIBUTE ("550403", "0c{'a'}") "}", NULL },
  { "string-length", &custom, SUBJECT, "30{" CN (LONG "0") "}", "30{" CN (LONG) "}", NULL },
  { "string-length", &custom, SUBJECT, "30{" ATTRIBUTE ("550408", "0c{'" LONG LONG "0'}") "}",
    "30{" ATTRIBUTE ("550408", "0c{'" LONG LONG "'}") "}", NULL },
  { "country", &custom, SUBJECT, "30{" ATTRIBUTE ("550406", "13{'de'}") "}",
    "30{" ATTRIBUTE ("550406", "13{'DE'}") "}", NULL },
  { "public-key", &custom, KEY, "30{30{06{2a8648ce3d0201}06{2a8648ce3d030107}}03{0004}}", "$k",
    NULL },
  { "der", &custom, EXTENSIONS, BC KU EKU AKI SKI "0500", BC KU EKU AKI SKI, NULL },
  { "extension-critical-form", &custom, EXTENSIONS,
    BC "30{06{551d0f}01{01}04{03{0780}}}" EKU AKI SKI, BC KU EKU AKI SKI, NULL },
  { "extension-critical-form", &custom, EXTENSIONS,
    BC KU "30{06{551d25}01{00}04{30{06{2b06010505070302}}}}" AKI SKI, BC KU EKU AKI SKI, NULL },
  { "extension-unknown", &custom, EXTENSIONS, BC KU EKU AKI SKI "30{06{551d24}04{30{}}}",
    BC KU EKU AKI SKI, NULL },
  { "extension-doubled", &custom, EXTENSIONS, BC KU EKU AKI SKI BC, BC KU EKU AKI SKI, NULL },
  { "extension-critical", &custom, EXTENSIONS, "30{06{551d13}04{30{}}}" KU EKU AKI SKI,
    BC KU EKU AKI SKI, NULL },
  { "extension-critical", &custom, EXTENSIONS, BC "30{06{551d0f}04{03{0780}}}" EKU AKI SKI,
    BC KU EKU AKI SKI, NULL },
  { "extension-critical", &custom, EXTENSIONS, BC KU EKU "30{06{551d23}01{ff}04{30{80{$a}}}}" SKI,
    BC KU EKU AKI SKI, NULL },
  { "extension-critical", &one_dns, EXTENSIONS,
    BC KU EKU AKI SKI "30{06{551d11}01{ff}04{30{82{'a'}}}}", BC KU EKU AKI SKI SAN ("82{'a'}"),
    NULL },
  { "extension-critical", &nameless, EXTENSIONS, BC KU EKU AKI SKI SAN ("82{'a'}"),
    BC KU EKU AKI SKI "30{06{551d11}01{ff}04{30{82{'a'}}}}", NULL },
  { "extension-missing", &custom, EXTENSIONS, KU EKU AKI SKI, BC KU EKU AKI SKI, NULL },
  { "extension-missing", &custom, EXTENSIONS, BC EKU AKI SKI, BC KU EKU AKI SKI, NULL },
  { "extension-missing", &custom, EXTENSIONS, BC KU AKI SKI, BC KU AKI SKI, &no_purpose },
  { "extension-missing", &custom, EXTENSIONS, BC KU EKU SKI, BC KU EKU AKI SKI, NULL },
  { "extension-missing", &custom, EXTENSIONS, BC KU EKU AKI, BC KU EKU AKI SKI, NULL },
  { "extension-unasked", &no_purpose, EXTENSIONS, BC KU EKU AKI SKI, BC KU EKU AKI SKI, &custom },
  { "extension-unasked", &idevid, EXTENSIONS,
    BC KU AKI SKI SAN (HARDWARE (MODULE, "2a864801", "'x'")),
    BC KU AKI SAN (HARDWARE (MODULE, "2a864801", "'x'")), NULL },
  { "no-ca", &custom, EXTENSIONS, "30{06{551d13}01{ff}04{30{01{ff}}}}" KU EKU AKI SKI,
    BC KU EKU AKI SKI, NULL },
  { "no-ca", &custom, EXTENSIONS, "30{06{551d13}01{ff}04{30{01{00}}}}" KU EKU AKI SKI,
    BC KU EKU AKI SKI, NULL },
  { "key-usage", &custom, EXTENSIONS, BC "30{06{551d0f}01{ff}04{03{0284}}}" EKU AKI SKI,
    BC KU EKU AKI SKI, NULL }, /* keyCertSign too */
  { "key-usage-form", &custom, EXTENSIONS, BC "30{06{551d0f}01{ff}04{03{0080}}}" EKU AKI SKI,
    BC KU EKU AKI SKI, NULL },
  { "key-usage-form", &custom, EXTENSIONS, BC "30{06{551d0f}01{ff}04{03{078000}}}" EKU AKI SKI,
    BC KU EKU AKI SKI, NULL },
  { "list-size", &custom, EXTENSIONS, BC KU "30{06{551d25}04{30{" SEVENTEEN "}}}" AKI SKI,
    BC KU EKU AKI SKI, NULL },
  { "list-doubled", &two_purposes, EXTENSIONS,
    BC KU "30{06{551d25}04{30{06{2b06010505070302}06{2b06010505070302}}}}" AKI SKI,
    BC KU "30{06{551d25}04{30{06{2b06010505070302}06{2b06010505070301}}}}" AKI SKI, NULL },
  { "list-empty", &custom, EXTENSIONS, BC KU "30{06{551d25}04{30{}}}" AKI SKI, BC KU EKU AKI SKI,
    NULL },
  { "list-profile", &two_purposes, EXTENSIONS, BC KU EKU AKI SKI, BC KU EKU AKI SKI, &custom },
  { "list-profile", &custom, EXTENSIONS,
    BC KU "30{06{551d25}04{30{06{2b06010505070302}06{2b06010505070301}}}}" AKI SKI,
    BC KU EKU AKI SKI, NULL },
  { "list-profile", &policy, EXTENSIONS,
    BC KU EKU POLICIES ("30{06{67810510 0b0101}}30{06{2b0601}}") AKI SKI,
    BC KU EKU POLICIES ("30{06{6781050b0101}}30{06{2b0601}}") AKI SKI, NULL },
  { "list-doubled", &policy, EXTENSIONS,
    BC KU EKU POLICIES ("30{06{2b0601}}30{06{2b0601}}") AKI SKI,
    BC KU EKU POLICIES ("30{06{6781050b0101}}30{06{2b0601}}") AKI SKI, NULL },
  { "authority-key-id", &custom, EXTENSIONS, BC KU EKU "30{06{551d23}04{30{80{$s}}}}" SKI,
    BC KU EKU AKI SKI, NULL },
  { "subject-key-id", &custom, EXTENSIONS, BC KU EKU AKI "30{06{551d0e}04{04{$a}}}",
    BC KU EKU AKI SKI, NULL },
  { "names-profile", &names, EXTENSIONS, BC KU EKU AKI SKI SAN ("82{'a'}86{'b:c'}87{01020304}"),
    BC KU EKU AKI SKI SAN ("82{'a'}86{'b:c'}87{01020304}81{'a@b'}"), NULL },
  { "names-profile", &one_dns, EXTENSIONS, BC KU EKU AKI SKI SAN ("82{'a'}82{'b'}"),
    BC KU EKU AKI SKI SAN ("82{'a'}"), NULL },
  { "names-empty", &one_dns, EXTENSIONS, BC KU EKU AKI SKI SAN (""),
    BC KU EKU AKI SKI SAN ("82{'a'}"), NULL },
  { "name-type", &one_dns, EXTENSIONS, BC KU EKU AKI SKI SAN ("88{2a03}"),
    BC KU EKU AKI SKI SAN ("82{'a'}"), NULL },
  { "dns-name", &one_dns, EXTENSIONS, BC KU EKU AKI SKI SAN ("82{'a_b'}"),
    BC KU EKU AKI SKI SAN ("82{'a-b'}"), NULL },
  { "dns-name", &one_dns, EXTENSIONS, BC KU EKU AKI SKI SAN ("82{'a.b.'}"),
    BC KU EKU AKI SKI SAN ("82{'a.b'}"), NULL },
  { "dns-name", &one_dns, EXTENSIONS, BC KU EKU AKI SKI SAN ("82{'a-.b'}"),
    BC KU EKU AKI SKI SAN ("82{'a-c.b'}"), NULL },
  { "dns-name", &one_dns, EXTENSIONS, BC KU EKU AKI SKI SAN ("82{'" LONG "'}"),
    BC KU EKU AKI SKI SAN ("82{'0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde'}"),
    NULL },
  { "uri", &one_uri, EXTENSIONS, BC KU EKU AKI SKI SAN ("86{'a'}"),
    BC KU EKU AKI SKI SAN ("86{'a:b'}"), NULL },
  { "uri", &one_uri, EXTENSIONS, BC KU EKU AKI SKI SAN ("86{'http:///b'}"),
    BC KU EKU AKI SKI SAN ("86{'http://a/b'}"), NULL },
  { "uri", &one_uri, EXTENSIONS, BC KU EKU AKI SKI SAN ("86{'urn:a%2'}"),
    BC KU EKU AKI SKI SAN ("86{'urn:a%20'}"), NULL },
  { "uri", &one_uri, EXTENSIONS, BC KU EKU AKI SKI SAN ("86{'urn:a b'}"),
    BC KU EKU AKI SKI SAN ("86{'urn:a+b'}"), NULL },
  { "uri", &one_uri, EXTENSIONS, BC KU EKU AKI SKI SAN ("86{'http://a:b/'}"),
    BC KU EKU AKI SKI SAN ("86{'http://a:8/'}"), NULL },
  { "ip-address", &one_ip, EXTENSIONS, BC KU EKU AKI SKI SAN ("87{0102030405}"),
    BC KU EKU AKI SKI SAN ("87{01020304}"), NULL },
  { "mail-address", &one_mail, EXTENSIONS, BC KU EKU AKI SKI SAN ("81{'ab'}"),
    BC KU EKU AKI SKI SAN ("81{'a@b'}"), NULL },
  { "mail-address", &one_mail, EXTENSIONS, BC KU EKU AKI SKI SAN ("81{'a..c@b'}"),
    BC KU EKU AKI SKI SAN ("81{'a.c@b'}"), NULL },
  { "mail-address", &one_mail, EXTENSIONS, BC KU EKU AKI SKI SAN ("81{'a@b@c'}"),
    BC KU EKU AKI SKI SAN ("81{'a@b.c'}"), NULL },
  { "other-name", &idevid, EXTENSIONS,
    BC KU AKI SAN (HARDWARE ("2b06010505070805", "2a864801", "'x'")),
    BC KU AKI SAN (HARDWARE (MODULE, "2a864801", "'x'")), NULL },
  { "hardware-type", &idevid, EXTENSIONS, BC KU AKI SAN (HARDWARE (MODULE, "2a864802", "'x'")),
    BC KU AKI SAN (HARDWARE (MODULE, "2a864801", "'x'")), NULL },
  { "hardware-serial", &idevid, EXTENSIONS, BC KU AKI SAN (HARDWARE (MODULE, "2a864801", "")),
    BC KU AKI SAN (HARDWARE (MODULE, "2a864801", "00")), NULL },
  { "crl-url", &crl, EXTENSIONS, BC KU EKU AKI SKI CRL (CRL_POINT ("https://a/b")),
    BC KU EKU AKI SKI CRL (CRL_POINT ("http://a/b")), NULL },
  { "crl-url", &crl, EXTENSIONS, BC KU EKU AKI SKI CRL (CRL_POINT ("http://")),
    BC KU EKU AKI SKI CRL (CRL_POINT ("http://a")), NULL },
  { "crl-count", &crl, EXTENSIONS,
    BC KU EKU AKI SKI CRL (CRL_POINT ("http://a/b") CRL_POINT ("http://a/c")),
    BC KU EKU AKI SKI CRL (CRL_POINT ("http://a/b")), NULL },
  { "der", &crl, EXTENSIONS, BC KU EKU AKI SKI CRL ("30{a0{a0{86{'http://a/b'}}}81{0780}}"),
    BC KU EKU AKI SKI CRL (CRL_POINT ("http://a/b")), NULL }, /* reasons */
  { "issuer-url", &aia, EXTENSIONS, BC KU EKU AKI SKI AIA (CA_ISSUERS ("ldap://a/b")),
    BC KU EKU AKI SKI AIA (CA_ISSUERS ("http://a/b")), NULL },
  { "issuer-count", &aia, EXTENSIONS,
    BC KU EKU AKI SKI AIA (CA_ISSUERS ("http://a/b") CA_ISSUERS ("http://a/b")),
    BC KU EKU AKI SKI AIA (CA_ISSUERS ("http://a/b")), NULL },
  { "access-method", &aia, EXTENSIONS,
    BC KU EKU AKI SKI AIA ("30{06{2b06010505073001}86{'http://a/b'}}"),
    BC KU EKU AKI SKI AIA (CA_ISSUERS ("http://a/b")), NULL },
  { "masa-url", &masa, EXTENSIONS, BC KU EKU AKI SKI MASA ("16{'http://a.example'}"),
    BC KU EKU AKI SKI MASA ("16{'https://a.example'}"), NULL },
  { "masa-url", &masa, EXTENSIONS, BC KU EKU AKI SKI MASA ("16{'a example'}"),
    BC KU EKU AKI SKI MASA ("16{'a.example'}"), NULL },
  { "aws-name", &aws, SUBJECT, "30{" CN ("a") CN ("b") "}", "30{" CN ("a") "}", NULL },
  { "aws-name", &aws, SUBJECT, "30{" ATTRIBUTE ("55040a", "0c{'a'}") "}", "30{" CN ("a") "}",
    NULL },
  { "aws-thing-name", &aws, SUBJECT, "30{" CN ("a.b") "}", "30{" CN ("a:B_-9") "}", NULL },
  { "aws-attribute", &aws, SUBJECT, "30{" CN ("a") ATTRIBUTE ("550407", "0c{'a'}") "}",
    "30{" CN ("a") ATTRIBUTE ("550408", "0c{'a'}") "}", NULL },
  { "aws-wildcard", &aws, SUBJECT, "30{" CN ("a") ATTRIBUTE ("55040a", "0c{'a#'}") "}",
    "30{" CN ("a") ATTRIBUTE ("55040a", "0c{'a.'}") "}", NULL },
  { "azure-name", &azure, SUBJECT, "30{" SERIAL_NUMBER ("a") "}",
    "30{" SERIAL_NUMBER ("a") CN ("a") "}", NULL },
  { "azure-registration-id", &azure, SUBJECT, "30{" CN ("A") "}", "30{" CN ("a") "}", NULL },
  { "azure-registration-id", &azure, SUBJECT, "30{" CN ("a.") "}", "30{" CN ("a.-") "}", NULL },
  { "idevid-serial", &idevid, SUBJECT, "30{" CN ("a") "}", "30{" CN ("a") SERIAL_NUMBER ("a") "}",
    NULL },
  { "idevid-key-usage", &idevid_agrees, VERSION, "a0{02{02}}", "a0{02{02}}", &idevid_signs },
  { "client-key-usage", &aws_agrees, VERSION, "a0{02{02}}", "a0{02{02}}", &aws },
  { "client-purpose", &aws_serves, VERSION, "a0{02{02}}", "a0{02{02}}", &aws },
  { "matter-id", &matter, SUBJECT, "30{" VID ("0c{'FFF2'}") PID ("0c{'8000'}") "}",
    "30{" VID ("0c{'FFF1'}") PID ("0c{'8000'}") "}", NULL },
  { "matter-id", &matter, SUBJECT, "30{" VID ("0c{'FFF1'}") "}",
    "30{" VID ("0c{'FFF1'}") PID ("0c{'8000'}") "}", NULL },
  { "matter-id", &matter, SUBJECT, "30{" VID ("0c{'fff1'}") PID ("0c{'8000'}") "}",
    "30{" VID ("0c{'FFF1'}") PID ("0c{'8000'}") "}", NULL },
  { "matter-id", &matter, SUBJECT, "30{" VID ("13{'FFF1'}") PID ("0c{'8000'}") "}",
    "30{" VID ("0c{'FFF1'}") PID ("0c{'8000'}") "}", NULL },
  { "matter-extensions", &matter_with_purpose, VERSION, "a0{02{02}}", "a0{02{02}}", &matter },
  { "matter-key-usage", &matter_agrees, VERSION, "a0{02{02}}", "a0{02{02}}", &matter },
  { "matter-size", &matter, SUBJECT,
    "30{" CN (LONG) ATTRIBUTE ("55040a", "0c{'" LONG "'}") VID ("0c{'FFF1'}")
        PID ("0c{'8000'}") "}",
    "30{" CN (LONG) VID ("0c{'FFF1'}") PID ("0c{'8000'}") "}", NULL },
};

/* Form=compressed: a begin, what is 4 years later, and the dates as the serial has them. */
#define HOUR_FROM "17{'260131070000Z'}"
#define HOUR_TO "17{'300131070000Z'}"
#define HOUR_DATES "d0fce4"

static const struct {
  const char *rule;
  const char *times;
  const char *dates;
} compressed_cases[] = {
  { NULL, TIMES (HOUR_FROM, HOUR_TO), HOUR_DATES },
  { NULL, TIMES ("17{'310101000000Z'}", "17{'350101000000Z'}"), "f88404" },
  { "compressed-begin", TIMES ("17{'260131070001Z'}", "17{'300131070001Z'}"), HOUR_DATES },
  { "compressed-begin", TIMES ("17{'260131073000Z'}", "17{'300131073000Z'}"), HOUR_DATES },
  { "compressed-begin", TIMES ("17{'280229070000Z'}", "17{'320229070000Z'}"), "e174e4" },
  { "compressed-begin", TIMES ("17{'320131070000Z'}", "17{'360131070000Z'}"), "00fce4" },
  { "compressed-end", TIMES (HOUR_FROM, "17{'310131070000Z'}"), HOUR_DATES },
  { "compressed-end", TIMES (HOUR_FROM, "17{'300201070000Z'}"), HOUR_DATES },
  { "compressed-end", TIMES (HOUR_FROM, "17{'300131080000Z'}"), HOUR_DATES },
  { "compressed-serial", TIMES (HOUR_FROM, HOUR_TO), "d0fce5" },
  { "compressed-serial", TIMES ("17{'260131080000Z'}", "17{'300131080000Z'}"), HOUR_DATES },
};

/* Tested apart, since they change the CA or the key, or more than a part. */
static const char *const other_rules[] = { "matter-key",           "matter-algorithm",
                                           "key-usage-key",        "compressed-key",
                                           "compressed-algorithm", "compressed-begin",
                                           "compressed-end",       "compressed-serial" };

static char *folder;
static Authority *authority;
static EVP_PKEY *key;
static Csr csr; /* its key */
static GBytes *request;
static char **lint_sources;

static void
setup_key (const char *word)
{
  gsize length;
  const guint8 *data;

  request = make_good_request (word, "SHA256");
  data = g_bytes_get_data (request, &length);
  ck_assert (csr_parse (data, length, &csr, NULL));
}

static void
setup (void)
{
  g_autofree char *path = NULL;

  folder = folder_make ();
  folder_fill (folder, "p-256");
  path = g_build_filename (folder, "ca.pem", NULL);
  authority = authority_load ("ca", path, NULL, NULL);
  authority->not_before = 1577836800; /* 2020 */
  authority->not_after = 2840140800;  /* 2060 */
  setup_key ("P-256");
}

static void
teardown (void)
{
  authority_free (authority);
  EVP_PKEY_free (key);
  g_bytes_unref (request);
  folder_remove (folder);
}

static void
put_bytes (GByteArray *out, GBytes *bytes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  g_byte_array_append (out, data, (guint)length);
}

static void
put_named (GByteArray *out, char name)
{
  guint8 hash[SHA_DIGEST_LENGTH];

  switch (name) {
  case 'i':
    put_bytes (out, authority->subject);
    break;
  case 'k':
    g_byte_array_append (out, csr.spki.data, (guint)csr.spki.length);
    break;
  case 'a':
    put_bytes (out, authority->key_id);
    break;
  case 's':
    SHA1 (csr.key_bits.data, csr.key_bits.length, hash);
    g_byte_array_append (out, hash, sizeof hash);
    break;
  }
}

/* Returns the place behind what it has read: the end or a closing brace. */
static const char *
put_der (GByteArray *out, const char *text)
{
  while (*text != '\0' && *text != '}') {
    if (*text == ' ') {
      text++;
    }
    else if (*text == '$') {
      put_named (out, text[1]);
      text += 2;
    }
    else if (*text == '\'') {
      const char *end = strchr (text + 1, '\'');

      g_byte_array_append (out, (const guint8 *)text + 1, (guint)(end - text - 1));
      text = end + 1;
    }
    else {
      guint8 byte = (guint8)(g_ascii_xdigit_value (text[0]) << 4 | g_ascii_xdigit_value (text[1]));
      guint start = out->len;

      text += 2;
      if (*text == '{') {
        text = put_der (out, text + 1) + 1;
        der_wrap (out, start, byte);
      }
      else {
        g_byte_array_append (out, &byte, 1);
      }
    }
  }
  return text;
}

/* What stands in the place of a part, and of a second one where a rule looks at both. */
static const char *serial_text = "02{0111223344556677889900112233445566778899}";
static const char *times_text = TIMES (FROM, TO);

static GByteArray *
make_tbs (const Base *base, Part part, const char *text)
{
  const char *parts[N_PARTS] = { "a0{02{02}}", serial_text,     "30{06{2a8648ce3d040302}}",
                                 "$i",         times_text,      NULL,
                                 "$k",         base->extensions };
  g_autofree char *subject = g_strdup_printf ("30{%s}", base->subject);
  GByteArray *out = g_byte_array_new ();

  parts[SUBJECT] = subject;
  if (text != NULL)
    parts[part] = text;
  for (guint i = 0; i < N_PARTS; i++) {
    const guint start = out->len;

    put_der (out, parts[i]);
    if (i == EXTENSIONS) {
      der_wrap (out, start, 0x30);
      der_wrap (out, start, 0xa3);
    }
  }
  der_wrap (out, 0, 0x30);
  return out;
}

static gboolean
lint (const Base *base, Part part, const char *text, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "lint.profile", NULL);
  g_autoptr (GByteArray) tbs = make_tbs (base, part, text);
  g_autoptr (Profile) profile = NULL;
  GError *problem = NULL;

  folder_write (folder, "lint.profile", base->profile, 0644);
  profile = profile_load (path, &problem);
  ck_assert_msg (profile != NULL, "%s", problem != NULL ? problem->message : "");
  profile->kind = base->kind;
  return lint_check (&(LintScope){ authority, profile, csr.spki }, (Span){ tbs->data, tbs->len },
                     error);
}

static void
expect_rule (GError *problem, const char *rule)
{
  g_autofree char *prefix = g_strconcat (rule, ": ", NULL);

  ck_assert_msg (problem != NULL, "%s let it pass", rule);
  ck_assert (g_error_matches (problem, CA_ERROR, CA_ERROR_LINT));
  ck_assert_msg (g_str_has_prefix (problem->message, prefix), "wanted %s, got: %s", rule,
                 problem->message);
}

START_TEST (test_a_certificate_fails_by_a_rule_and_its_twin_passes)
{
  const Base *right = cases[_i].right_base != NULL ? cases[_i].right_base : cases[_i].base;
  g_autoptr (GError) problem = NULL;
  GError *of_twin = NULL;

  lint (cases[_i].base, cases[_i].part, cases[_i].wrong, &problem);
  expect_rule (problem, cases[_i].rule);
  ck_assert_msg (lint (right, cases[_i].part, cases[_i].right, &of_twin), "the twin of %s: %s",
                 cases[_i].rule, of_twin != NULL ? of_twin->message : "");
}
END_TEST

START_TEST (test_a_dac_has_a_p256_key_and_algorithm)
{
  g_autoptr (GError) of_key = NULL;
  g_autoptr (GError) of_algorithm = NULL;

  authority->signature = signature_find ("ecdsa-sha384");
  lint (&matter, ALGORITHM, "30{06{2a8648ce3d040303}}", &of_algorithm);
  expect_rule (of_algorithm, "matter-algorithm");
  authority->signature = signature_find ("ecdsa-sha256");
  ck_assert (lint (&matter, ALGORITHM, NULL, NULL));
  g_bytes_unref (request);
  setup_key ("P-384");
  lint (&matter, ALGORITHM, NULL, &of_key);
  expect_rule (of_key, "matter-key");
}
END_TEST

START_TEST (test_a_usage_fits_its_key)
{
  g_autoptr (GError) of_ec = NULL;
  g_autoptr (GError) of_rsa = NULL;

  lint (&enciphers, VERSION, NULL, &of_ec);
  expect_rule (of_ec, "key-usage-key");
  ck_assert (lint (&agrees, VERSION, NULL, NULL));
  g_bytes_unref (request);
  setup_key ("rsa-2048");
  lint (&agrees, VERSION, NULL, &of_rsa);
  expect_rule (of_rsa, "key-usage-key");
  ck_assert (lint (&enciphers, VERSION, NULL, NULL));
}
END_TEST

/* The serial of the key with `dates`, in the notation. */
static char *
compressed_serial (const char *dates)
{
  g_autoptr (GByteArray) message = g_byte_array_new ();
  guint8 hash[SHA256_DIGEST_LENGTH];
  GString *text = g_string_new ("02{");

  g_byte_array_append (message, csr.key_bits.data + 1, (guint)csr.key_bits.length - 1);
  put_der (message, dates);
  SHA256 (message->data, message->len, hash);
  for (guint i = 0; i < 16; i++)
    g_string_append_printf (text, "%02x", i > 0 ? hash[i] : (hash[i] & 0x3f) | 0x40);
  return g_string_free (g_string_append_c (text, '}'), FALSE);
}

START_TEST (test_a_compressed_certificate_can_be_made_anew)
{
  g_autofree char *serial = compressed_serial (compressed_cases[_i].dates);
  g_autoptr (GError) problem = NULL;
  gboolean passed;

  serial_text = serial;
  times_text = compressed_cases[_i].times;
  passed = lint (&compressed, VERSION, NULL, &problem);
  if (compressed_cases[_i].rule == NULL)
    ck_assert_msg (passed, "%s", problem->message);
  else
    expect_rule (problem, compressed_cases[_i].rule);
}
END_TEST

START_TEST (test_a_compressed_certificate_has_a_p256_key_and_algorithm)
{
  g_autoptr (GError) of_key = NULL;
  g_autoptr (GError) of_algorithm = NULL;

  authority->signature = signature_find ("ecdsa-sha384");
  lint (&compressed, ALGORITHM, "30{06{2a8648ce3d040303}}", &of_algorithm);
  expect_rule (of_algorithm, "compressed-algorithm");
  authority->signature = signature_find ("ecdsa-sha256");
  g_bytes_unref (request);
  setup_key ("P-384");
  lint (&compressed, VERSION, NULL, &of_key);
  expect_rule (of_key, "compressed-key");
}
END_TEST

/* Every prefix of a good one, and every one with a byte cut out. */
START_TEST (test_a_cut_certificate_fails)
{
  g_autofree char *path = g_build_filename (folder, "lint.profile", NULL);
  g_autoptr (GByteArray) tbs = make_tbs (&custom, VERSION, NULL);
  g_autoptr (Profile) profile = NULL;

  folder_write (folder, "lint.profile", CUSTOM, 0644);
  profile = profile_load (path, NULL);
  for (guint i = 0; i < tbs->len; i++) {
    const LintScope scope = { authority, profile, csr.spki };
    g_autofree guint8 *copy = g_memdup2 (tbs->data, tbs->len);

    ck_assert (!lint_check (&scope, (Span){ copy, i }, NULL));
    memmove (copy + i, copy + i + 1, tbs->len - i - 1);
    ck_assert (!lint_check (&scope, (Span){ copy, tbs->len - 1 }, NULL));
  }
}
END_TEST

static gboolean
has_case (const char *rule)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    if (g_str_equal (cases[i].rule, rule))
      return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (other_rules); i++)
    if (g_str_equal (other_rules[i], rule))
      return TRUE;
  return FALSE;
}

static guint
check_rules_of (const char *path)
{
  g_autoptr (GRegex) pattern =
      g_regex_new ("lint_(?:refuse \\(error, |http_url \\()\"([a-z-]+)\"", 0, 0, NULL);
  g_autoptr (GMatchInfo) found = NULL;
  g_autofree char *text = NULL;
  guint count = 0;

  ck_assert (g_file_get_contents (path, &text, NULL, NULL));
  for (g_regex_match (pattern, text, 0, &found); g_match_info_matches (found);
       g_match_info_next (found, NULL), count++)
  {
    g_autofree char *rule = g_match_info_fetch (found, 1);

    ck_assert_msg (has_case (rule), "%s has the rule %s, which nothing here tests", path, rule);
  }
  return count;
}

START_TEST (test_no_rule_is_without_a_case)
{
  guint count = 0;

  for (char **source = lint_sources; *source != NULL; source++)
    count += check_rules_of (*source);
  ck_assert_uint_ge (count, 60);
}
END_TEST

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("ca lint");
  TCase *rules = tcase_create ("rules");
  SRunner *runner = srunner_create (suite);
  int failed;

  lint_sources = argv + 1;
  tcase_add_unchecked_fixture (rules, setup, teardown);
  tcase_add_loop_test (rules, test_a_certificate_fails_by_a_rule_and_its_twin_passes, 0,
                       G_N_ELEMENTS (cases));
  tcase_add_test (rules, test_a_dac_has_a_p256_key_and_algorithm);
  tcase_add_loop_test (rules, test_a_compressed_certificate_can_be_made_anew, 0,
                       G_N_ELEMENTS (compressed_cases));
  tcase_add_test (rules, test_a_compressed_certificate_has_a_p256_key_and_algorithm);
  tcase_add_test (rules, test_a_usage_fits_its_key);
  tcase_add_test (rules, test_a_cut_certificate_fails);
  tcase_add_test (rules, test_no_rule_is_without_a_case);
  suite_add_tcase (suite, rules);
  srunner_run_all (runner, CK_NORMAL);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed != 0;
}
