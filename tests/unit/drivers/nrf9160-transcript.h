/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a real nRF9160 DK (modem firmware mfw_nrf9160_1.3.5) said, as printed in the
 * README of nRFCloud/utils for a run of its device_credentials_installer.py --verify.
 */
#pragma once

#define NRF9160_KEYGEN                                                                             \
  "%KEYGEN: \"MIIBCjCBrwIBADAvMS0wKwYDVQQDDCQ1MDUwMzY0Mi0zMjM5LTRmODYtODBjNC0wNjEyMmUyOTk2MjMwWT"  \
  "ATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARiUcy3JPF23JN4WN6ek_uEF_9BAz79CSTDx0ZQDJSlEz5EfWDTLImxXGa6_VO"  \
  "OonrHQ64p77hcSaZqNweE4kV6oB4wHAYJKoZIhvcNAQkOMQ8wDTALBgNVHQ8EBAMCA-gwDAYIKoZIzj0EAwIFAANIADBF"  \
  "AiAyuRZLkBvksmLLZvxY_HnqEkZIFhpHQ9e4tIZDxX8MQwIhAN1APbTPnEA_J0AMOviRVocbGskLr-_-HFuQR1g2owZc"   \
  ".0oRDoQEmoQRBIVhP2dn3hQlQUFA2QjI5T4aAxAYSLimWI0UaAQEAAVgggTi2Q8GE2LqjCUpqPsoiYEjvHtPZ6CEbNAr"   \
  "y8l3hcuRQgpdUdyqu7lyBKwz6B3EwpVhA6JwXchVqyuJHXDM_qZy91o2d7v7HpMMqOO7oDOACbmJ7iFmjaX10Iw6q_Bx"   \
  "Zw1bvRigo4lF5F35ooIt7z4ohAg\""

#define NRF9160_REQUEST_SHA256 "8138b643c184d8baa3094a6a3eca226048ef1ed3d9e8211b340af2f25de172e4"

#define NRF9160_CERTIFICATE                                                                        \
  "-----BEGIN CERTIFICATE-----\n"                                                                  \
  "MIIBiDCCAS8CFCDQFevZ3njwztUTy/zclM9d9j6aMAoGCCqGSM49BAMCMF8xCzAJ\n"                             \
  "BgNVBAYTAlVTMQswCQYDVQQIDAJPUjEMMAoGA1UEBwwDUERYMQ8wDQYDVQQKDAZu\n"                             \
  "b3JkaWMxDjAMBgNVBAsMBWNsb3VkMRQwEgYDVQQDDAtqdXN0aW5fY2VydDAeFw0y\n"                             \
  "MzA4MjUxODMwMTlaFw0zMzA4MjIxODMwMTlaMC8xLTArBgNVBAMMJDUwNTAzNjQy\n"                             \
  "LTMyMzktNGY4Ni04MGM0LTA2MTIyZTI5OTYyMzBZMBMGByqGSM49AgEGCCqGSM49\n"                             \
  "AwEHA0IABGJRzLck8Xbck3hY3p6T+4QX/0EDPv0JJMPHRlAMlKUTPkR9YNMsibFc\n"                             \
  "Zrr9U46iesdDrinvuFxJpmo3B4TiRXowCgYIKoZIzj0EAwIDRwAwRAIgI+H5/u8y\n"                             \
  "0xxnhmglOfL030LZ5F73fPsgD8bKkyvzinUCIC7xjYflFCqz9eJam8TnlIUGGLmS\n"                             \
  "LGje6BexVggtN1+5\n"                                                                             \
  "-----END CERTIFICATE-----\n"

#define NRF9160_CERTIFICATE_DIGEST                                                                 \
  "%CMNG: 16842753,1,\"C5B83285533307747ECB170B96C5B47F809D24CFE2BE553B4ED9B5D12551C08E\""
