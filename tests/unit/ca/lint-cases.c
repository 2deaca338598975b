/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See lint-cases.h.
 */
#include "tests/unit/ca/lint-cases.h"

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

const Base lint_custom = { CUSTOM, KIND_CUSTOM, CN ("SN-1"), BC KU EKU AKI SKI };
static const Base aws = { CUSTOM, KIND_AWS_IOT, CN ("SN-1"), BC KU EKU AKI SKI };
static const Base azure = { CUSTOM, KIND_AZURE_DPS, CN ("sn-1"), BC KU EKU AKI SKI };
static const Base idevid = { "[certificate]\nKind=idevid\nSubject=serialNumber=x\n"
                             "HardwareType=1.2.840.1\n",
                             KIND_IDEVID, SERIAL_NUMBER ("SN-1"),
                             BC KU AKI SAN (HARDWARE (MODULE, "2a864801", "'x'")) };
const Base lint_matter = { "[certificate]\nKind=matter-dac\nSubject=CN=x\nValidity=1d\n"
                           "Vid=FFF1\nPid=8000\n",
                           KIND_MATTER_DAC, CN ("x") VID ("0c{'FFF1'}") PID ("0c{'8000'}"),
                           BC KU AKI SKI };
const Base lint_compressed = { "[certificate]\nSubject=CN=x\nValidity=4y\nForm=compressed\n",
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
const Base lint_enciphers = { CUSTOM "KeyUsage=digitalSignature;keyEncipherment\n", KIND_IDEVID,
                              SERIAL_NUMBER ("x"),
                              BC "30{06{551d0f}01{ff}04{03{05a0}}}" EKU AKI SKI };
const Base lint_agrees = { CUSTOM "KeyUsage=digitalSignature;keyAgreement\n", KIND_AWS_IOT,
                           CN ("x"), BC "30{06{551d0f}01{ff}04{03{0388}}}" EKU AKI SKI };
static const Base matter_with_purpose = { CUSTOM "Vid=FFF1\nPid=8000\n", KIND_MATTER_DAC,
                                          CN ("x") VID ("0c{'FFF1'}") PID ("0c{'8000'}"),
                                          BC KU EKU AKI SKI };
static const Base matter_agrees = { CUSTOM "Vid=FFF1\nPid=8000\nExtendedKeyUsage=\n"
                                           "KeyUsage=digitalSignature;keyAgreement\n",
                                    KIND_MATTER_DAC, CN ("x") VID ("0c{'FFF1'}") PID ("0c{'8000'}"),
                                    BC "30{06{551d0f}01{ff}04{03{0388}}}" AKI SKI };

#define LONG "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SEVENTEEN                                                                                  \
  "06{2a01}06{2a02}06{2a03}06{2a04}06{2a05}06{2a06}06{2a07}06{2a08}06{2a09}06{2a0a}06{2a0b}"       \
  "06{2a0c}06{2a0d}06{2a0e}06{2a0f}06{2a10}06{2a11}"
#define FOUR_OU                                                                                    \
  ATTRIBUTE ("55040b", "0c{'a'}")                                                                  \
  ATTRIBUTE ("55040b", "0c{'a'}") ATTRIBUTE ("55040b", "0c{'a'}") ATTRIBUTE ("55040b", "0c{'a'}")
#define THIRTY_TWO_OU FOUR_OU FOUR_OU FOUR_OU FOUR_OU FOUR_OU FOUR_OU FOUR_OU FOUR_OU

const LintCase lint_cases[] = {
  { "version", &lint_custom, VERSION, "a0{02{01}}", "a0{02{02}}", NULL },
  { "der", &lint_custom, VERSION, "a0{020102 00}", "a0{020102}", NULL },
  { "der", &lint_custom, KEY, "", "$k", NULL },
  { "serial-positive", &lint_custom, SERIAL, "02{811122334455667788}", "02{711122334455667788}",
    NULL },
  { "serial-positive", &lint_custom, SERIAL, "02{}", "02{711122334455667788}", NULL },
  { "serial-shortest", &lint_custom, SERIAL, "02{00711122334455667788}", "02{00811122334455667788}",
    NULL },
  { "serial-length", &lint_custom, SERIAL, "02{711122334455667788990011223344556677889900}",
    "02{7111223344556677889900112233445566778899}", NULL },
  { "serial-random", &lint_custom, SERIAL, "02{7111223344556677}", "02{711122334455667788}", NULL },
  { "signature-algorithm", &lint_custom, ALGORITHM, "30{06{2a8648ce3d040303}}",
    "30{06{2a8648ce3d040302}}", NULL },
  { "signature-algorithm", &lint_custom, ALGORITHM, "30{06{2a8648ce3d040302}0500}",
    "30{06{2a8648ce3d040302}}", NULL },
  { "issuer", &lint_custom, ISSUER, "30{" CN ("a") "}", "$i", NULL },
  { "issuer-empty", &lint_custom, ISSUER, "30{}", "$i", NULL },
  { "time-form", &lint_custom, VALIDITY, TIMES ("17{'2001010000Z'}", TO), TIMES (FROM, TO), NULL },
  { "time-form", &lint_custom, VALIDITY, TIMES ("17{'200101000000+0000'}", TO), TIMES (FROM, TO),
    NULL },
  { "time-form", &lint_custom, VALIDITY, TIMES (FROM, "18{'20500101000000.5Z'}"),
    TIMES (FROM, "18{'20500101000000Z'}"), NULL },
  { "time-type", &lint_custom, VALIDITY, TIMES (FROM, "18{'20491231235959Z'}"),
    TIMES (FROM, "18{'20500101000000Z'}"), NULL },
  { "time-calendar", &lint_custom, VALIDITY, TIMES (FROM, "17{'250229000000Z'}"),
    TIMES (FROM, "17{'240229000000Z'}"), NULL },
  { "time-calendar", &lint_custom, VALIDITY, TIMES (FROM, "17{'251301000000Z'}"),
    TIMES (FROM, "17{'251201000000Z'}"), NULL },
  { "time-calendar", &lint_custom, VALIDITY, TIMES (FROM, "17{'250101240000Z'}"),
    TIMES (FROM, "17{'250101230000Z'}"), NULL },
  { "validity-order", &lint_custom, VALIDITY, TIMES (FROM, FROM),
    TIMES (FROM, "17{'200101000001Z'}"), NULL },
  { "validity-ca", &lint_custom, VALIDITY, TIMES ("17{'191231235959Z'}", TO), TIMES (FROM, TO),
    NULL },
  { "validity-ca", &lint_custom, VALIDITY, TIMES (FROM, "18{'20600101000001Z'}"),
    TIMES (FROM, "18{'20600101000000Z'}"), NULL },
  { "validity-ca", &lint_custom, VALIDITY, TIMES (FROM, "18{'99991231235959Z'}"),
    TIMES (FROM, "18{'20600101000000Z'}"), NULL },
  { "validity-ca", &idevid, VALIDITY, TIMES (FROM, "18{'99991231235958Z'}"),
    TIMES (FROM, "18{'99991231235959Z'}"), NULL },
  { "name-part-empty", &lint_custom, SUBJECT, "30{" CN ("a") "31{}}", "30{" CN ("a") "}", NULL },
  { "der", &lint_custom, SUBJECT, "30{31{30{06{550403}0c{'a'}}30{06{55040a}0c{'a'}}}}",
    "30{" CN ("a") ATTRIBUTE ("55040a", "0c{'a'}") "}", NULL },
  { "name-attribute", &lint_custom, SUBJECT, "30{" ATTRIBUTE ("550404", "0c{'a'}") "}",
    "30{" ATTRIBUTE ("55040b", "0c{'a'}") "}", NULL },
  { "name-size", &lint_custom, SUBJECT, "30{" THIRTY_TWO_OU CN ("a") CN ("b") CN ("c") "}",
    "30{" THIRTY_TWO_OU CN ("a") CN ("b") "}", NULL },
  { "string-type", &lint_custom, SUBJECT, "30{" ATTRIBUTE ("550403", "14{'a'}") "}",
    "30{" ATTRIBUTE ("550403", "13{'a'}") "}", NULL },
  { "string-type", &lint_custom, SUBJECT, "30{" ATTRIBUTE ("550405", "0c{'a'}") "}",
    "30{" ATTRIBUTE ("550405", "13{'a'}") "}", NULL },
  { "string-type", &lint_custom, SUBJECT, "30{" ATTRIBUTE ("550406", "0c{'DE'}") "}",
    "30{" ATTRIBUTE ("550406", "13{'DE'}") "}", NULL },
  { "string-empty", &lint_custom, SUBJECT, "30{" CN ("") "}", "30{" CN ("a") "}", NULL },
  { "string-characters", &lint_custom, SUBJECT, "30{" SERIAL_NUMBER ("a_b") "}",
    "30{" SERIAL_NUMBER ("a-b") "}", NULL },
  { "string-characters", &lint_custom, SUBJECT, "30{" ATTRIBUTE ("550403", "0c{c3}") "}",
    "30{" ATTRIBUTE ("550403", "0c{c3a4}") "}", NULL },
  { "string-characters", &lint_custom, SUBJECT, "30{" ATTRIBUTE ("550403", "0c{'a' 1b}") "}",
    "30{" ATTRIBUTE ("550403", "0c{'a' 5b}") "}", NULL },
  { "string-characters", &lint_custom, SUBJECT, "30{" ATTRIBUTE ("550403", "0c{'a' 00}") "}",
    "30{" ATTRIBUTE ("550403", "0c{'a'}") "}", NULL },
  { "string-length", &lint_custom, SUBJECT, "30{" CN (LONG "0") "}", "30{" CN (LONG) "}", NULL },
  { "string-length", &lint_custom, SUBJECT, "30{" ATTRIBUTE ("550408", "0c{'" LONG LONG "0'}") "}",
    "30{" ATTRIBUTE ("550408", "0c{'" LONG LONG "'}") "}", NULL },
  { "country", &lint_custom, SUBJECT, "30{" ATTRIBUTE ("550406", "13{'de'}") "}",
    "30{" ATTRIBUTE ("550406", "13{'DE'}") "}", NULL },
  { "public-key", &lint_custom, KEY, "30{30{06{2a8648ce3d0201}06{2a8648ce3d030107}}03{0004}}", "$k",
    NULL },
  { "der", &lint_custom, EXTENSIONS, BC KU EKU AKI SKI "0500", BC KU EKU AKI SKI, NULL },
  { "extension-critical-form", &lint_custom, EXTENSIONS,
    BC "30{06{551d0f}01{01}04{03{0780}}}" EKU AKI SKI, BC KU EKU AKI SKI, NULL },
  { "extension-critical-form", &lint_custom, EXTENSIONS,
    BC KU "30{06{551d25}01{00}04{30{06{2b06010505070302}}}}" AKI SKI, BC KU EKU AKI SKI, NULL },
  { "extension-unknown", &lint_custom, EXTENSIONS, BC KU EKU AKI SKI "30{06{551d24}04{30{}}}",
    BC KU EKU AKI SKI, NULL },
  { "extension-doubled", &lint_custom, EXTENSIONS, BC KU EKU AKI SKI BC, BC KU EKU AKI SKI, NULL },
  { "extension-critical", &lint_custom, EXTENSIONS, "30{06{551d13}04{30{}}}" KU EKU AKI SKI,
    BC KU EKU AKI SKI, NULL },
  { "extension-critical", &lint_custom, EXTENSIONS, BC "30{06{551d0f}04{03{0780}}}" EKU AKI SKI,
    BC KU EKU AKI SKI, NULL },
  { "extension-critical", &lint_custom, EXTENSIONS,
    BC KU EKU "30{06{551d23}01{ff}04{30{80{$a}}}}" SKI, BC KU EKU AKI SKI, NULL },
  { "extension-critical", &one_dns, EXTENSIONS,
    BC KU EKU AKI SKI "30{06{551d11}01{ff}04{30{82{'a'}}}}", BC KU EKU AKI SKI SAN ("82{'a'}"),
    NULL },
  { "extension-critical", &nameless, EXTENSIONS, BC KU EKU AKI SKI SAN ("82{'a'}"),
    BC KU EKU AKI SKI "30{06{551d11}01{ff}04{30{82{'a'}}}}", NULL },
  { "extension-missing", &lint_custom, EXTENSIONS, KU EKU AKI SKI, BC KU EKU AKI SKI, NULL },
  { "extension-missing", &lint_custom, EXTENSIONS, BC EKU AKI SKI, BC KU EKU AKI SKI, NULL },
  { "extension-missing", &lint_custom, EXTENSIONS, BC KU AKI SKI, BC KU AKI SKI, &no_purpose },
  { "extension-missing", &lint_custom, EXTENSIONS, BC KU EKU SKI, BC KU EKU AKI SKI, NULL },
  { "extension-missing", &lint_custom, EXTENSIONS, BC KU EKU AKI, BC KU EKU AKI SKI, NULL },
  { "extension-unasked", &no_purpose, EXTENSIONS, BC KU EKU AKI SKI, BC KU EKU AKI SKI,
    &lint_custom },
  { "extension-unasked", &idevid, EXTENSIONS,
    BC KU AKI SKI SAN (HARDWARE (MODULE, "2a864801", "'x'")),
    BC KU AKI SAN (HARDWARE (MODULE, "2a864801", "'x'")), NULL },
  { "no-ca", &lint_custom, EXTENSIONS, "30{06{551d13}01{ff}04{30{01{ff}}}}" KU EKU AKI SKI,
    BC KU EKU AKI SKI, NULL },
  { "no-ca", &lint_custom, EXTENSIONS, "30{06{551d13}01{ff}04{30{01{00}}}}" KU EKU AKI SKI,
    BC KU EKU AKI SKI, NULL },
  { "key-usage", &lint_custom, EXTENSIONS, BC "30{06{551d0f}01{ff}04{03{0284}}}" EKU AKI SKI,
    BC KU EKU AKI SKI, NULL }, /* keyCertSign too */
  { "key-usage-form", &lint_custom, EXTENSIONS, BC "30{06{551d0f}01{ff}04{03{0080}}}" EKU AKI SKI,
    BC KU EKU AKI SKI, NULL },
  { "key-usage-form", &lint_custom, EXTENSIONS, BC "30{06{551d0f}01{ff}04{03{078000}}}" EKU AKI SKI,
    BC KU EKU AKI SKI, NULL },
  { "list-size", &lint_custom, EXTENSIONS, BC KU "30{06{551d25}04{30{" SEVENTEEN "}}}" AKI SKI,
    BC KU EKU AKI SKI, NULL },
  { "list-doubled", &two_purposes, EXTENSIONS,
    BC KU "30{06{551d25}04{30{06{2b06010505070302}06{2b06010505070302}}}}" AKI SKI,
    BC KU "30{06{551d25}04{30{06{2b06010505070302}06{2b06010505070301}}}}" AKI SKI, NULL },
  { "list-empty", &lint_custom, EXTENSIONS, BC KU "30{06{551d25}04{30{}}}" AKI SKI,
    BC KU EKU AKI SKI, NULL },
  { "list-profile", &two_purposes, EXTENSIONS, BC KU EKU AKI SKI, BC KU EKU AKI SKI, &lint_custom },
  { "list-profile", &lint_custom, EXTENSIONS,
    BC KU "30{06{551d25}04{30{06{2b06010505070302}06{2b06010505070301}}}}" AKI SKI,
    BC KU EKU AKI SKI, NULL },
  { "list-profile", &policy, EXTENSIONS,
    BC KU EKU POLICIES ("30{06{67810510 0b0101}}30{06{2b0601}}") AKI SKI,
    BC KU EKU POLICIES ("30{06{6781050b0101}}30{06{2b0601}}") AKI SKI, NULL },
  { "list-doubled", &policy, EXTENSIONS,
    BC KU EKU POLICIES ("30{06{2b0601}}30{06{2b0601}}") AKI SKI,
    BC KU EKU POLICIES ("30{06{6781050b0101}}30{06{2b0601}}") AKI SKI, NULL },
  { "authority-key-id", &lint_custom, EXTENSIONS, BC KU EKU "30{06{551d23}04{30{80{$s}}}}" SKI,
    BC KU EKU AKI SKI, NULL },
  { "subject-key-id", &lint_custom, EXTENSIONS, BC KU EKU AKI "30{06{551d0e}04{04{$a}}}",
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
  { "matter-id", &lint_matter, SUBJECT, "30{" VID ("0c{'FFF2'}") PID ("0c{'8000'}") "}",
    "30{" VID ("0c{'FFF1'}") PID ("0c{'8000'}") "}", NULL },
  { "matter-id", &lint_matter, SUBJECT, "30{" VID ("0c{'FFF1'}") "}",
    "30{" VID ("0c{'FFF1'}") PID ("0c{'8000'}") "}", NULL },
  { "matter-id", &lint_matter, SUBJECT, "30{" VID ("0c{'fff1'}") PID ("0c{'8000'}") "}",
    "30{" VID ("0c{'FFF1'}") PID ("0c{'8000'}") "}", NULL },
  { "matter-id", &lint_matter, SUBJECT, "30{" VID ("13{'FFF1'}") PID ("0c{'8000'}") "}",
    "30{" VID ("0c{'FFF1'}") PID ("0c{'8000'}") "}", NULL },
  { "matter-extensions", &matter_with_purpose, VERSION, "a0{02{02}}", "a0{02{02}}", &lint_matter },
  { "matter-key-usage", &matter_agrees, VERSION, "a0{02{02}}", "a0{02{02}}", &lint_matter },
  { "matter-size", &lint_matter, SUBJECT,
    "30{" CN (LONG) ATTRIBUTE ("55040a", "0c{'" LONG "'}") VID ("0c{'FFF1'}")
        PID ("0c{'8000'}") "}",
    "30{" CN (LONG) VID ("0c{'FFF1'}") PID ("0c{'8000'}") "}", NULL },
};
const guint n_lint_cases = G_N_ELEMENTS (lint_cases);

/* Form=compressed: a begin, what is 4 years later, and the dates as the serial has them. */
#define HOUR_FROM "17{'260131070000Z'}"
#define HOUR_TO "17{'300131070000Z'}"
#define HOUR_DATES "d0fce4"

const CompressedCase compressed_cases[] = {
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
const guint n_compressed_cases = G_N_ELEMENTS (compressed_cases);
