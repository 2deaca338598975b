# An initial device identity (IEEE 802.1AR), as BRSKI and TPM owners know it. See
# keycradle-profile(5).
[certificate]
Kind=idevid
Subject=serialNumber=${serial},O=Example
# The kind's own: no end, hardwareModuleName, no subjectKeyIdentifier.
Validity=99991231235959Z
SubjectAltName=hardware-module:${chip}
# Which hardware hwSerialNum is a serial of: an object identifier of your own
HardwareType=1.3.6.1.4.1.32473.1
# For BRSKI (RFC 8995): who vouches for the device
#MasaUrl=masa.example.com
# For keys in a TPM: tcg-cap-verifiedTPMResidency, with HardwareType=2.23.133.1.2
#CertificatePolicies=2.23.133.11.1.1

[device]
Key=p-256;p-384
