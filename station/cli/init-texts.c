/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * First configurations, with a word on each choice.
 */
#include "station/cli/init-texts.h"

#include "base/names.h"

char *
init_demo_station_text (const char *folder, const char *ports, guint slots, gboolean acknowledge)
{
  g_autoptr (GString) text = g_string_new ("# A demo station: everything is in this folder.\n");

  g_string_append_printf (text,
                          "[station]\n"
                          "Name=demo-line\n"
                          "Mode=demo\n"
                          "StateFolder=%s/state\n"
                          "Socket=%s/station.sock\n"
                          "ProfileFolder=%s/profiles.d\n"
                          "%s"
                          "\n"
                          "[signer]\n"
                          "Socket=%s/signer.sock\n"
                          "# keycradled starts the signer itself\n"
                          "Config=%s/signer.conf\n",
                          folder, folder, folder,
                          acknowledge
                              ? "# a FAIL stays until somebody acknowledges it\n"
                                "AcknowledgeFailures=yes\n"
                              : "# nobody stands at this line: the next device clears a FAIL\n"
                                "AcknowledgeFailures=no\n",
                          folder, folder);
  for (guint slot = 1; slot <= slots; slot++)
    g_string_append_printf (text, "\n[slot %u]\nPort=%s/slot%u\n", slot, ports, slot);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
init_demo_signer_text (const char *folder)
{
  return g_strdup_printf ("# The demo signer. Its CA says \"" DEMO_CA_MARK "\" and is refused\n"
                          "# in production mode.\n"
                          "[signer]\n"
                          "Mode=demo\n"
                          "Socket=%s/signer.sock\n"
                          "StateFolder=%s/signer-state\n"
                          "ProfileFolder=%s/profiles.d\n"
                          "\n"
                          "[ca]\n"
                          "Key=file:%s/ca/ca.key\n"
                          "Certificate=%s/ca/ca.pem\n"
                          "PassphraseFile=%s/ca/ca.passphrase\n",
                          folder, folder, folder, folder, folder, folder);
}

char *
init_demo_screen_text (const char *folder)
{
  return g_strdup_printf ("# The demo station's screen.\n"
                          "[screen]\n"
                          "ExportFolder=%s/manifests\n",
                          folder);
}

const char *
init_demo_profile_text (void)
{
  return "# Takes whatever key a demo device can make.\n"
         "[certificate]\n"
         "Subject=CN=${serial},O=Keycradle demo\n"
         "Validity=365d\n"
         "KeyUsage=digitalSignature\n"
         "ExtendedKeyUsage=clientAuth\n"
         "BackdateSeconds=60\n"
         "\n"
         "[device]\n"
         "# the first one that the device can make\n"
         "Key=p-256;p-384;p-521;rsa-2048;rsa-3072;rsa-4096\n"
         "Chain=yes\n"
         "ServerRoots=auto\n"
         "Endpoint=demo-ats.iot.eu-west-1.amazonaws.com\n"
         "Lock=no\n";
}

char *
init_station_text (const char *folder)
{
  return g_strdup_printf (
      "# The station; see keycradle.conf(5). 'keycradle config check' before each restart.\n"
      "[station]\n"
      "# what this line is called\n"
      "Name=line-1\n"
      "Mode=production\n"
      "StateFolder=" DEFAULT_STATE_FOLDER "\n"
      "Socket=" DEFAULT_STATION_SOCKET "\n"
      "ProfileFolder=%s/profiles.d\n"
      "# who may work here; root may do everything\n"
      "OperatorGroup=keycradle-operator\n"
      "SupervisorGroup=keycradle-supervisor\n"
      "AuditorGroup=keycradle-auditor\n"
      "# what one device may take\n"
      "AttemptSeconds=120\n"
      "# a FAIL stays until somebody acknowledges it; no: until the next device comes\n"
      "AcknowledgeFailures=yes\n"
      "\n"
      "# what takes two supervisors: void, re-issue, ticket, ca, clock, people; all or none.\n"
      "# With ca, the first CA waits for two as well: 'keycradle ca accept'\n"
      "[roles]\n"
      "DualControl=all\n"
      "\n"
      "[signer]\n"
      "Socket=" DEFAULT_SIGNER_SOCKET "\n"
      "\n"
      "# A slot is a place of the fixture. Bind it to the physical USB port: 'keycradle slot\n"
      "# learn 1' finds it, or 'udevadm info /dev/ttyACM0' shows it as ID_PATH. A port that\n"
      "# udev does not know goes by its path: Port=/dev/ttyS0\n"
      "#[slot 1]\n"
      "#IdPath=pci-0000:00:14.0-usb-0:2.1\n"
      "#[slot 2]\n"
      "#IdPath=pci-0000:00:14.0-usb-0:2.2\n"
      "#Driver=smp\n",
      folder);
}

char *
init_signer_text (const char *folder)
{
  return g_strdup_printf (
      "# The signer, which alone holds the CA key; see keycradle-signer(8).\n"
      "[signer]\n"
      "Mode=production\n"
      "Socket=" DEFAULT_SIGNER_SOCKET "\n"
      "StateFolder=" DEFAULT_SIGNER_FOLDER "\n"
      "ProfileFolder=%s/profiles.d\n"
      "# the user of keycradled\n"
      "AllowedUser=keycradle\n"
      "\n"
      "[ca]\n"
      "# encrypted PKCS#8 (scrypt), readable by the signer's user only:\n"
      "#   openssl pkcs8 -topk8 -scrypt -v2 aes-256-cbc -in intermediate.key -out ca.key\n"
      "Key=file:%s/ca.key\n"
      "# the issuing CA first, then its chain up to the root\n"
      "Certificate=%s/ca.pem\n"
      "# the passphrase: a systemd credential, which keycradle-signer.service loads from\n"
      "# /etc/keycradle/ca.passphrase, or a file that only the signer's user can read\n"
      "PassphraseCredential=ca-passphrase\n"
      "#PassphraseFile=%s/ca.passphrase\n",
      folder, folder, folder, folder);
}

const char *
init_profile_text (void)
{
  return "# What a certificate of this profile looks like; see keycradle-profile(5). One of each "
         "kind\n"
         "# is in share/keycradle/examples.\n"
         "[certificate]\n"
         "# aws-iot, azure-dps, idevid, matter-dac or custom\n"
         "Kind=aws-iot\n"
         "# ${serial} ${chip} ${batch} ${product}\n"
         "Subject=CN=${serial},O=Example\n"
         "# until-ca, 3650d, 2030-01-31 or 99991231235959Z; never beyond the CA\n"
         "Validity=until-ca\n"
         "KeyUsage=digitalSignature\n"
         "ExtendedKeyUsage=clientAuth\n"
         "# for devices whose clocks are slow\n"
         "BackdateSeconds=60\n"
         "\n"
         "[device]\n"
         "# the first one that the device can make\n"
         "Key=p-256\n"
         "# what goes to the device with its certificate\n"
         "Chain=yes\n"
         "ServerRoots=auto\n"
         "#Endpoint=abc123-ats.iot.eu-west-1.amazonaws.com\n"
         "Lock=no\n";
}
