# A Matter device attestation certificate. The CA must be a PAI of the same vendor. See
# keycradle-profile(5).
[certificate]
Kind=matter-dac
Subject=CN=Example device ${serial}
# Vendor and product as the Connectivity Standards Alliance gave them; FFF1 is for tests
Vid=FFF1
Pid=8000
Validity=until-ca

[device]
Key=p-256
