# A device certificate for AWS IoT Core. See keycradle-profile(5).
[certificate]
Kind=aws-iot
# What just-in-time provisioning may read: C O OU dnQualifier ST CN serialNumber.
Subject=CN=${serial},O=Example
# AWS IoT takes certificates that last as long as the device.
Validity=until-ca

[device]
Key=p-256;rsa-2048
Chain=yes
# Amazon Root CA 3 for EC keys, 1 for RSA keys
ServerRoots=auto
Endpoint=abc123example-ats.iot.eu-west-1.amazonaws.com
Lock=no
