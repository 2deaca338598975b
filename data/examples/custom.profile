# A certificate of your own. See keycradle-profile(5).
[certificate]
Kind=custom
Subject=CN=${serial},OU=${batch},O=Example
Validity=3650d
KeyUsage=digitalSignature
ExtendedKeyUsage=clientAuth;serverAuth
SubjectAltName=dns:${serial:lower}.devices.example.com;uri:urn:example:${serial}
CrlDistributionPoint=http://pki.example.com/devices.crl
CaIssuers=http://pki.example.com/devices.crt

[device]
Key=p-256;rsa-2048
