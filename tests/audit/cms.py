# SPDX-License-Identifier: LGPL-2.1-or-later
"""Just enough DER for the second verifier: certificates' keys, and CMS SignedData (RFC 5652) in the
one form that docs/evidence.md names. Signatures are python3-cryptography's business."""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding

INTEGER, BITS, OCTETS, OID, SEQUENCE, SET = 0x02, 0x03, 0x04, 0x06, 0x30, 0x31
SIGNED_DATA = bytes.fromhex('2a864886f70d010702')
DATA = bytes.fromhex('2a864886f70d010701')
CONTENT_TYPE = bytes.fromhex('2a864886f70d010903')
MESSAGE_DIGEST = bytes.fromhex('2a864886f70d010904')
DIGESTS = {bytes.fromhex('6086480165030402' + last): made for last, made in
           (('01', hashes.SHA256), ('02', hashes.SHA384), ('03', hashes.SHA512))}
# What stands in a signature's algorithm: ECDSA or RSA with a hash, or RSA alone.
SIGNATURES = {bytes.fromhex(prefix + last): made for prefix, lasts in
              (('2a8648ce3d0403', ('02', '03', '04')), ('2a864886f70d0101', ('0b', '0c', '0d')))
              for last, made in zip(lasts, (hashes.SHA256, hashes.SHA384, hashes.SHA512))}
RSA = bytes.fromhex('2a864886f70d010101')
ELLIPTIC = bytes.fromhex('2a8648ce3d0201')
KEY_IDENTIFIER, AUTHORITY_IDENTIFIER = bytes.fromhex('551d0e'), bytes.fromhex('551d23')


class Wrong(ValueError):
    """It is not as described."""


def need(condition, words):
    if not condition:
        raise Wrong(words)


class Der:
    """One value: its tag, what is in it, and all of its bytes."""

    def __init__(self, data, whole=True):
        need(len(data) >= 2, 'DER is cut short')
        self.tag, length, start = data[0], data[1], 2
        if length & 0x80:
            count = length & 0x7f
            need(0 < count <= 4 and len(data) >= 2 + count, 'a length is wrong')
            length, start = int.from_bytes(data[2:2 + count], 'big'), 2 + count
            need(length >= 128 and data[2] != 0, 'a length is not DER')
        need(len(data) >= start + length, 'DER is cut short')
        self.bytes, self.content = data[:start + length], data[start:start + length]
        need(not whole or len(self.bytes) == len(data), 'something follows')

    def children(self):
        found, rest = [], self.content
        while rest:
            found.append(Der(rest, whole=False))
            rest = rest[len(found[-1].bytes):]
        return found

    def expect(self, tag):
        need(self.tag == tag, f'tag {self.tag:#x} stands where {tag:#x} should')
        return self


class Certificate:
    """The fields of a certificate that evidence is compared with."""

    def __init__(self, der):
        self.der = der
        parts = Der(der).expect(SEQUENCE).children()
        need([part.tag for part in parts] == [SEQUENCE, SEQUENCE, BITS], 'this is no certificate')
        body = parts[0].children()
        if body[0].tag == 0xa0:
            Der(body[0].content).expect(INTEGER)
            body = body[1:]
        need([part.tag for part in body[:6]] == [INTEGER] + 5 * [SEQUENCE] and
             all(part.tag in (0x81, 0x82, 0xa3) for part in body[6:]), 'this is no certificate')
        self.serial = body[0].expect(INTEGER).content
        self.issuer, self.subject = body[2].expect(SEQUENCE).bytes, body[4].expect(SEQUENCE).bytes
        self.spki = body[5].expect(SEQUENCE).bytes
        self.spki_sha256 = hashlib.sha256(self.spki).digest()

    def key_number(self):
        """What makes the key, however it is encoded: an RSA modulus, an EC point's X, other keys' bytes."""
        algorithm, bits = Der(self.spki).children()
        kind, key = algorithm.children()[0].content, bits.content[1:]
        if kind == RSA:
            return Der(key).children()[0].content.lstrip(b'\0')
        if kind == ELLIPTIC:
            return key[1:1 + len(key) // 2] if key[0] == 4 else key[1:]
        return key

    def extension(self, kind):
        """What is in an extension, or None."""
        for part in Der(self.der).children()[0].children():
            if part.tag != 0xa3:
                continue
            for extension in part.children()[0].children():
                fields = extension.children()
                if fields[0].content == kind:
                    return Der(fields[-1].content)
        return None

    def key_identifier(self):
        found = self.extension(KEY_IDENTIFIER)
        return found and found.content

    def named_issuer(self):
        """Name and key identifier of the CA that it names."""
        found = self.extension(AUTHORITY_IDENTIFIER)
        parts = [part.content for part in found.children() if part.tag == 0x80] if found else []
        return self.issuer, parts[0] if parts else None


def digest(made, data):
    context = hashes.Hash(made())
    context.update(data)
    return context.finalize()


def algorithm(value, known):
    """What the OID of an AlgorithmIdentifier stands for."""
    found = value.expect(SEQUENCE).children()
    need(found and found[0].expect(OID).content in known, 'an algorithm is unknown')
    return known[found[0].content]


def verify(spki, signature, data, made=hashes.SHA256):
    """With SHA-256, or what an owner took instead; the key decides the rest."""
    key = serialization.load_der_public_key(spki)
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(made()))
        else:
            key.verify(signature, data, padding.PKCS1v15(), made())
    except InvalidSignature:
        raise Wrong('the signature does not verify') from None


def read_pem(path):
    """The certificates in a file of PEM."""
    import ssl
    with open(path, encoding='ascii') as file:
        blocks = file.read().split('-----END CERTIFICATE-----')[:-1]
    begin = '-----BEGIN CERTIFICATE-----'
    return [Certificate(ssl.PEM_cert_to_DER_cert(begin + block.split(begin)[1] +
                                                 '-----END CERTIFICATE-----\n')) for block in blocks]


def only(value):
    found = value.children()
    need(len(found) == 1, 'there is not one of it')
    return found[0]


class Signed:
    """CMS SignedData with the text inside. Nothing is verified yet."""

    def __init__(self, der):
        self.der = der
        outer = Der(der).expect(SEQUENCE).children()
        need(len(outer) == 2 and outer[0].content == SIGNED_DATA, 'this is no SignedData')
        parts = outer[1].expect(0xa0).children()
        need(len(parts) == 1, 'this is no SignedData')
        fields = parts[0].expect(SEQUENCE).children()
        need(len(fields) >= 4 and fields[0].expect(INTEGER).content in (b'\1', b'\3'), 'the version is wrong')
        self.made = algorithm(only(fields[1].expect(SET)), DIGESTS)
        inner = fields[2].expect(SEQUENCE).children()
        need(len(inner) == 2 and inner[0].content == DATA, 'the content is no data')
        self.text = Der(inner[1].expect(0xa0).content).expect(OCTETS).content
        self._read_signer(only(fields[-1].expect(SET)).expect(SEQUENCE).children())

    def _read_signer(self, fields):
        need(len(fields) == 6, 'the signer has no signed attributes, or more than those')
        need(fields[0].expect(INTEGER).content in (b'\1', b'\3'), 'the signer\'s version is wrong')
        self.sid = fields[1]
        need(algorithm(fields[2], DIGESTS) is self.made, 'the hash is another one')
        need(algorithm(fields[4], {**SIGNATURES, RSA: self.made}) is self.made, 'it is signed with another hash')
        self.attributes = fields[3].expect(0xa0)
        self.signature = fields[5].expect(OCTETS).content
        found = {}
        for attribute in self.attributes.children():
            kind, values = attribute.expect(SEQUENCE).children()
            need(kind.content not in found and len(values.children()) == 1, 'an attribute stands twice')
            found[kind.content] = values.children()[0]
        need(CONTENT_TYPE in found and found[CONTENT_TYPE].content == DATA, 'no attribute for the content type')
        need(MESSAGE_DIGEST in found and
             found[MESSAGE_DIGEST].content == digest(self.made, self.text), 'the text is not the signed one')

    def names(self, certificate):
        """Whether the signer says that it is this one."""
        if self.sid.tag == 0x80:
            return self.sid.content == certificate.key_identifier()
        issuer, serial = self.sid.expect(SEQUENCE).children()
        return issuer.bytes == certificate.issuer and serial.content == certificate.serial

    def signer(self, pinned):
        """Which of the pinned certificates it is whose signature this has."""
        for certificate in pinned:
            if self.names(certificate):
                attributes = bytes([SET]) + self.attributes.bytes[1:]
                verify(certificate.spki, self.signature, attributes, self.made)
                return certificate
        raise Wrong('nobody whom we trust has signed it')
