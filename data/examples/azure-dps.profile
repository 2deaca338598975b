# A device certificate for Azure's Device Provisioning Service. See keycradle-profile(5).
[certificate]
Kind=azure-dps
# The registration id: lower-case letters, digits and - . _ :
Subject=CN=${serial:lower},O=Example
Validity=3650d

[device]
Key=p-256;rsa-2048
Endpoint=global.azure-devices-provisioning.net
