# SPDX-License-Identifier: LGPL-2.1-or-later
"""check_jws.py FILE CERTIFICATE: each line of FILE, a JWS in flattened JSON serialization, is signed by
CERTIFICATE as Microchip's own reader demands; judged by PyJWT and Python's cryptography. Prints the payloads."""

import base64
import hashlib
import json
import sys

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import serialization


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


def payload_of(element, certificate):
    """The payload, verified; a wrong signature is an exception."""
    key_id = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    thumbprint = hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).digest()
    compact = f"{element['protected']}.{element['payload']}.{element['signature']}"
    read = jwt.api_jws.decode_complete(compact, certificate.public_key(), algorithms=['ES256'])
    assert read['header'] == {'alg': 'ES256', 'typ': 'JWT', 'kid': base64url(key_id),
                              'x5t#S256': base64url(thumbprint)}, read['header']
    return read['payload'].decode()


def main():
    with open(sys.argv[2], 'rb') as file:
        certificate = x509.load_pem_x509_certificate(file.read())
    with open(sys.argv[1], encoding='utf-8') as file:
        for line in file:
            print(payload_of(json.loads(line), certificate))


if __name__ == '__main__':
    main()
