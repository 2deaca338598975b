# SPDX-License-Identifier: LGPL-2.1-or-later
"""Just enough DER for the second verifier: certificates' keys, and CMS SignedData (RFC 5652) in the
one form that docs/evidence.md names. Signatures are python3-cryptography's business."""

import base64
import hashlib
import itertools
import re

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
BOOLEAN, NOTHING, TIMES = 0x01, bytes.fromhex('0500'), (0x17, 0x18)
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
            body = body[1:]
        need([part.tag for part in body[:6]] == [INTEGER] + 5 * [SEQUENCE] and
             all(part.tag in (0x81, 0x82, 0xa3) for part in body[6:]), 'this is no certificate')
        dates = body[3].children()
        need(all(one.tag in TIMES for one in dates) and len(dates) == 2, 'its dates are wrong')
        self.serial = body[0].content
        need(self.serial, 'it has no serial number')
        self.extensions = b''
        for part in body[6:]:
            if part.tag == 0xa3:
                self.extensions = Der(part.content, whole=False).expect(SEQUENCE).content
        self.issuer, self.subject = body[2].expect(SEQUENCE).bytes, body[4].expect(SEQUENCE).bytes
        self.spki = body[5].expect(SEQUENCE).bytes
        self.spki_sha256 = hashlib.sha256(self.spki).digest()

    def key_number(self):
        """What makes the key, however it is encoded: an RSA modulus, an EC point's X, other keys' bytes."""
        try:
            algorithm, bits = Der(self.spki).children()[:2]
            kind, key = first(algorithm.expect(SEQUENCE).content, OID), bits.expect(BITS).content
            need(kind is not None and key[:1] == b'\0', 'this key is of no kind')
        except ValueError:
            return self.spki
        key = key[1:]
        if kind == ELLIPTIC:
            return key[1:1 + (len(key) - 1) // 2] if key[:1] >= b'\4' else key[1:]
        modulus = first(first(key, SEQUENCE) or b'', INTEGER)
        return key if modulus is None or not is_unsigned(modulus) else modulus.lstrip(b'\0')

    def key_kind(self):
        return first(first(Der(self.spki).content, SEQUENCE), OID)

    def extension(self, kind):
        """What is in an extension, or None."""
        rest = self.extensions
        while (fields := first(rest, SEQUENCE)) is not None:
            found = first(fields, OID)
            if found is None:
                return None
            if found == kind:
                fields = behind(fields)
                return first(behind(fields) if first(fields, BOOLEAN) is not None else fields, OCTETS)
            rest = behind(rest)
        return None

    def key_identifier(self):
        """Empty where it has none."""
        return first(self.extension(KEY_IDENTIFIER) or b'', OCTETS) or b''

    def named_issuer(self):
        """Name and key identifier of the CA that it names; the latter may be empty."""
        return self.issuer, first(first(self.extension(AUTHORITY_IDENTIFIER) or b'', SEQUENCE) or b'', 0x80) or b''


def first(data, tag):
    """What is in the value that stands first, if it has that tag; else None."""
    try:
        value = Der(data, whole=False)
    except Wrong:
        return None
    return value.content if value.tag == tag else None


def behind(data):
    return data[len(Der(data, whole=False).bytes):]


def is_unsigned(content):
    return content[:1] < b'\x80' and (content[:1] != b'\0' or content[1:2] >= b'\x80' or len(content) == 1) and content


def digest(made, data):
    context = hashes.Hash(made())
    context.update(data)
    return context.finalize()


def digest_of(value):
    """What an AlgorithmIdentifier of a hash stands for; its parameters are absent, or NULL."""
    found = value.expect(SEQUENCE).children()
    need(found and found[0].expect(OID).content in DIGESTS, 'a hash is unknown')
    need([one.bytes for one in found[1:]] in ([], [NOTHING]), 'a hash has parameters')
    return DIGESTS[found[0].content]


def signature_of(value, made):
    """The hash in a signature's AlgorithmIdentifier, and whether it is for RSA, which has a NULL."""
    found = value.expect(SEQUENCE).children()
    kind = found[0].expect(OID).content if found else None
    is_rsa = kind is not None and kind.startswith(RSA[:-1])
    need(kind in {**SIGNATURES, RSA: made} and [one.bytes for one in found[1:]] == ([NOTHING] if is_rsa else []),
         'a signature is of no kind that is known')
    return SIGNATURES.get(kind, made), is_rsa


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
    """The certificates in a file of PEM, up to one that is none."""
    with open(path, 'rb') as file:
        return [Certificate(der) for der in itertools.takewhile(lambda der: der is not None, blocks_of(file.read()))]


def blocks_of(data):
    """The bytes of each block; None for one that is no base64."""
    text = data.partition(b'\0')[0].decode('latin-1')
    for block in re.findall('-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----', text, re.DOTALL):
        block = re.sub('[\r\n]', '', block)
        right = re.fullmatch('[A-Za-z0-9+/]+={0,2}', block) and len(block) % 4 == 0
        yield base64.b64decode(block) if right else None


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
        need([one.tag for one in fields[3:-1]] in ([], [0xa0], [0xa1], [0xa0, 0xa1]), 'something else is in it')
        self.version = fields[0].content
        self.made = digest_of(only(fields[1].expect(SET)))
        inner = fields[2].expect(SEQUENCE).children()
        need(len(inner) == 2 and inner[0].content == DATA, 'the content is no data')
        self.text = Der(inner[1].expect(0xa0).content).expect(OCTETS).content
        self._read_signer(only(fields[-1].expect(SET)).expect(SEQUENCE).children())

    def _read_signer(self, fields):
        need(len(fields) == 6, 'the signer has no signed attributes, or more than those')
        need(fields[0].expect(INTEGER).content == self.version, 'the signer\'s version is another one')
        self.sid = fields[1].expect(SEQUENCE if self.version == b'\1' else 0x80)
        need(digest_of(fields[2]) is self.made, 'the hash is another one')
        made, self.is_rsa = signature_of(fields[4], self.made)
        need(made is self.made, 'it is signed with another hash')
        self.attributes = fields[3].expect(0xa0)
        self.signature = fields[5].expect(OCTETS).content
        found = {}
        for attribute in self.attributes.children():
            kind, values = attribute.expect(SEQUENCE).children()
            kind.expect(OID), values.expect(SET)
            need(kind.content not in found and len(values.children()) == 1, 'an attribute stands twice')
            found[kind.content] = values.children()[0]
        need(CONTENT_TYPE in found and found[CONTENT_TYPE].expect(OID).content == DATA,
             'no attribute for the content type')
        need(MESSAGE_DIGEST in found and
             found[MESSAGE_DIGEST].expect(OCTETS).content == digest(self.made, self.text),
             'the text is not the signed one')

    def names(self, certificate):
        """Whether the signer says that it is this one."""
        if self.sid.tag == 0x80:
            return self.sid.content == certificate.key_identifier()
        issuer, serial = self.sid.children()
        return issuer.bytes == certificate.issuer and serial.expect(INTEGER).content == certificate.serial

    def signer(self, pinned):
        """Which of the pinned certificates it is whose signature this has."""
        for certificate in pinned:
            if self.names(certificate):
                attributes = bytes([SET]) + self.attributes.bytes[1:]
                verify(certificate.spki, self.signature, attributes, self.made)
                need(self.is_rsa == (certificate.key_kind() == RSA), 'the signature is for another kind of key')
                return certificate
        raise Wrong('nobody whom we trust has signed it')
