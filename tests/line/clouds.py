# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clouds on this machine, over TLS: AWS IoT with botocore's own signer and service model as judges; the
others are in other_clouds.py. They keep state by the clouds' rules, throttle, fail when a test wants it,
and remember every complaint: a request that the real cloud would not even read fails the test."""

import base64
import collections
import hashlib
import http.server
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse

import rig

ACCOUNT = '123456789012'
REGION = 'eu-west-1'
NAMES = (f'iot.{REGION}.amazonaws.com', 'hub.azure-devices.net', 'dps.azure-devices-provisioning.net',
         'api.nrfcloud.com', 'bulk.nrfcloud.com')


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status, kind='', message='', **more):
        super().__init__(message)
        self.status, self.kind, self.message, self.more = status, kind, message, more


class Cut(Exception):
    """The connection ends here, without an answer."""


def der_of(pem):
    text = re.search('-----BEGIN CERTIFICATE-----(.*?)-----END', pem, re.DOTALL)
    if text is None:
        raise Refused(400, 'CertificateValidationException', 'This is no certificate')
    return base64.b64decode(text.group(1))


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """Who hangs up is no story of the server's; what else went wrong is a complaint's."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Endpoint:
    """A cloud behind TLS on 127.0.0.1. Tests set `fault`: called with the name of a call, it may
    raise Refused or Cut before anything is done, or return 'cut' to lose the answer."""

    def __init__(self, folder):
        self.lock = threading.RLock()
        self.complaints = []
        self.calls = collections.Counter()
        self.began = collections.defaultdict(list)
        self.fault = None
        self.certificate = os.path.join(folder, 'cloud.pem')
        key = os.path.join(folder, 'cloud.key')
        if not os.path.exists(self.certificate):
            subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                            '-keyout', key, '-out', self.certificate, '-days', '2', '-subj', '/CN=clouds',
                            '-addext', 'subjectAltName=' + ','.join(['IP:127.0.0.1', *('DNS:' + name for name in NAMES)])],
                           check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.certificate, key)
        self.server = None
        self.port = 0
        self.start()

    def start(self):
        self.server = Server(('127.0.0.1', self.port), self.handler(), False)
        self.server.allow_reuse_address = True
        self.server.daemon_threads = True
        self.server.server_bind()
        self.server.server_activate()
        self.server.socket = self.context.wrap_socket(self.server.socket, server_side=True,
                                                      do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        """The network is gone; start() brings it back at the same place."""
        self.server.shutdown()
        self.server.server_close()

    def handler(self):
        endpoint = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'
            timeout = 20

            def log_message(self, *words):
                pass

            def serve(self):
                body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
                try:
                    status, headers, answer = endpoint.serve(self.command, self.path, self.headers, body)
                except Cut:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header('Content-Length', str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = serve

        return Handler

    def complain(self, words):
        self.complaints.append(words)
        raise Refused(400, 'InvalidRequestException', words)

    def serve(self, method, path, headers, body):
        try:
            with self.lock:
                status, answer = self.judge(method, path, headers, body)
            more = {}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            self.complaints.append(repr(error))
            raise
        except Refused as refusal:
            status, more = refusal.status, ({'x-amzn-errortype': refusal.kind + ':http://internal/'} if refusal.kind else {})
            answer = {'message': refusal.message, **refusal.more}
        text = answer if isinstance(answer, bytes) else b'' if answer is None else json.dumps(answer).encode()
        return status, more, text

    def count(self, name):
        self.calls[name] += 1
        self.began[name].append(time.monotonic())
        return self.fault(name) if self.fault else None

    def fullest_second(self, name):
        times = self.began[name]
        return max((sum(first <= other < first + 1 for other in times) for first in times), default=0)

    def judge(self, method, path, headers, body):
        raise NotImplementedError


# ---- AWS ----

class Aws(Endpoint):
    def __init__(self, folder, limits=None):
        import botocore.session
        self.model = botocore.session.get_session().get_service_model('iot')
        self.operations = [self.model.operation_model(name) for name in self.model.operation_names]
        self.key, self.secret, self.token = 'AKIDEXAMPLE', 'SECRET/of/aws+EXAMPLE', None
        self.expired = False
        self.limits = limits or {}
        self.certificates, self.cas, self.things, self.groups = {}, {}, {}, collections.defaultdict(set)
        self.policies = {'factory-device'}
        self.attached, self.principals = collections.defaultdict(set), collections.defaultdict(set)
        super().__init__(folder)

    def arn(self, kind, name):
        return f'arn:aws:iot:{REGION}:{ACCOUNT}:{kind}/{name}'

    # -- is it a request that AWS would read? --

    def check_signature(self, method, path, headers, body):
        import botocore.auth
        import botocore.awsrequest
        import botocore.credentials
        said = re.fullmatch(r'AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, '
                            r'SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})', headers.get('Authorization', ''))
        if said is None:
            raise Refused(403, 'MissingAuthenticationTokenException', 'no signature')
        key, date, region, service, names, signature = said.groups()
        if self.expired:
            raise Refused(403, 'ExpiredTokenException', 'The security token included in the request is expired')
        if key != self.key or headers.get('X-Amz-Security-Token') != self.token:
            raise Refused(403, 'UnrecognizedClientException', 'The security token included in the request is invalid')
        needed = {'host', 'x-amz-date'} | {name.lower() for name in headers
                                          if name.lower() in ('content-type', 'x-amz-security-token', 'x-amzn-principal')}
        if not needed <= set(names.split(';')) or (region, service) != (REGION, 'execute-api'):
            self.complain(f'signed are {names} for {region} {service}')
        request = botocore.awsrequest.AWSRequest(method, f'https://{headers["Host"]}{path}',
                                                 {name: headers[name] for name in names.split(';')}, body)
        request.context['timestamp'] = headers['X-Amz-Date']
        signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials(self.key, self.secret, self.token), service, region)
        text = signer.string_to_sign(request, signer.canonical_request(request))
        if signer.signature(text, request) != signature or not headers['X-Amz-Date'].startswith(date):
            raise Refused(403, 'InvalidSignatureException', 'The request signature we calculated does not match')

    def find_operation(self, method, path):
        for operation in self.operations:
            pattern = re.sub(r'\\\{(\w+)\\\}', r'(?P<\1>[^/]+)', re.escape(operation.http['requestUri'].split('?')[0]))
            match = re.fullmatch(pattern, path)
            if match and operation.http['method'] == method:
                return operation, match.groupdict()
        self.complain(f'{method} {path} is no call of AWS IoT')

    def read_parameters(self, operation, in_path, query, headers, body):
        given = {name: values[0] for name, values in urllib.parse.parse_qs(query, True).items()}
        members = json.loads(body) if body else {}
        parameters = {}
        for name, shape in operation.input_shape.members.items():
            place, wire = shape.serialization.get('location'), shape.serialization.get('name', name)
            if place == 'uri' and wire in in_path:
                parameters[name] = urllib.parse.unquote(in_path[wire])
            elif place == 'querystring' and wire in given:
                value = given.pop(wire)
                parameters[name] = value == 'true' if shape.type_name == 'boolean' else value
            elif place == 'header' and wire in headers:
                parameters[name] = headers[wire]
            elif place is None and wire in members:
                parameters[name] = members.pop(wire)
        if given or members:
            self.complain(f'{operation.name} has no {given} {list(members)}')
        return parameters

    def check_model(self, operation, parameters):
        import botocore.validate
        report = botocore.validate.ParamValidator().validate(parameters, operation.input_shape)
        if report.has_errors():
            self.complain(f'{operation.name}: {report.generate_report()}')
        for name, value in parameters.items():
            shape = operation.input_shape.members[name]
            pattern, words = shape.metadata.get('pattern'), getattr(shape, 'enum', [])
            if isinstance(value, str) and pattern and not re.fullmatch(pattern.replace(r'\p{L}', r'\w').replace(r'\p{N}', r'\d'), value):
                self.complain(f'{operation.name}: {name}={value!r} is not {pattern}')
            if words and value not in words:
                self.complain(f'{operation.name}: {name}={value!r} is none of {words}')

    def judge(self, method, path, headers, body):
        self.check_signature(method, path, headers, body)
        bare, _, query = path.partition('?')
        operation, in_path = self.find_operation(method, bare)
        parameters = self.read_parameters(operation, in_path, query, headers, body)
        self.check_model(operation, parameters)
        lost = self.count(operation.name)
        limit = self.limits.get(operation.name)
        now = time.monotonic()
        if limit and sum(now - at < 1 for at in self.began[operation.name]) > limit:
            raise Refused(400, 'ThrottlingException', 'Rate exceeded')
        answer = getattr(self, operation.name)(**parameters)
        if lost == 'cut':
            raise Cut
        return 200, answer

    # -- what AWS does --

    def known(self, certificateId):
        if certificateId not in self.certificates:
            raise Refused(404, 'ResourceNotFoundException', f'No certificate {certificateId}')
        return self.certificates[certificateId]

    def register(self, pem, status, ca):
        name = sha256(der_of(pem))
        if name in self.certificates:
            raise Refused(409, 'ResourceAlreadyExistsException', 'The certificate is already registered.',
                          resourceId=name, resourceArn=self.arn('cert', name))
        self.certificates[name] = {'status': status or 'INACTIVE', 'pem': pem, 'ca': ca}
        return {'certificateArn': self.arn('cert', name), 'certificateId': name}

    def RegisterCertificate(self, certificatePem, caCertificatePem=None, status=None):
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric import ec, padding
        leaf = x509.load_der_x509_certificate(der_of(certificatePem))
        ca = x509.load_der_x509_certificate(der_of(caCertificatePem))
        ca_id = sha256(der_of(caCertificatePem))
        if self.cas.get(ca_id, {}).get('status') != 'ACTIVE':
            raise Refused(400, 'CertificateValidationException', 'The CA certificate is not registered or not ACTIVE')
        if isinstance(ca.public_key(), ec.EllipticCurvePublicKey):
            ca.public_key().verify(leaf.signature, leaf.tbs_certificate_bytes, ec.ECDSA(leaf.signature_hash_algorithm))
        else:
            ca.public_key().verify(leaf.signature, leaf.tbs_certificate_bytes, padding.PKCS1v15(), leaf.signature_hash_algorithm)
        return self.register(certificatePem, status, ca_id)

    def RegisterCertificateWithoutCA(self, certificatePem, status=None):
        return self.register(certificatePem, status, None)

    def DescribeCertificate(self, certificateId):
        return {'certificateDescription': {'certificateId': certificateId, 'status': self.known(certificateId)['status']}}

    def UpdateCertificate(self, certificateId, newStatus):
        certificate = self.known(certificateId)
        if certificate['status'] == 'PENDING_TRANSFER':
            raise Refused(406, 'CertificateStateException', 'The certificate is being transferred')
        certificate['status'] = newStatus

    def is_attached(self, certificateId):
        arn = self.arn('cert', certificateId)
        return bool(self.attached[arn]) or any(arn in these for these in self.principals.values())

    def DeleteCertificate(self, certificateId, forceDelete=None):
        if self.known(certificateId)['status'] == 'ACTIVE':
            raise Refused(406, 'CertificateStateException', 'The certificate must be deactivated before deletion')
        if self.is_attached(certificateId):
            raise Refused(409, 'DeleteConflictException', 'Things must be detached before deletion')
        del self.certificates[certificateId]

    def TransferCertificate(self, certificateId, targetAwsAccount, transferMessage=None):
        certificate = self.known(certificateId)
        if certificate['status'] in ('ACTIVE', 'PENDING_TRANSFER'):
            raise Refused(406, 'CertificateStateException', 'The certificate is ' + certificate['status'])
        if self.attached[self.arn('cert', certificateId)]:
            raise Refused(409, 'TransferConflictException', 'Policies are attached')
        certificate.update(status='PENDING_TRANSFER', to=targetAwsAccount, message=transferMessage)
        return {'transferredCertificateArn': self.arn('cert', certificateId)}

    def CancelCertificateTransfer(self, certificateId):
        if self.known(certificateId)['status'] != 'PENDING_TRANSFER':
            raise Refused(410, 'TransferAlreadyCompletedException', 'There is no transfer')
        self.certificates[certificateId]['status'] = 'INACTIVE'

    def RegisterCACertificate(self, caCertificate, verificationCertificate=None, setAsActive=False, allowAutoRegistration=False,
                              certificateMode='DEFAULT'):
        if (certificateMode == 'DEFAULT') != (verificationCertificate is not None):
            raise Refused(400, 'InvalidRequestException', 'Mode and verification certificate do not go together')
        name = sha256(der_of(caCertificate))
        if name in self.cas:
            raise Refused(409, 'ResourceAlreadyExistsException', 'The CA is already registered.', resourceId=name)
        self.cas[name] = {'status': 'ACTIVE' if setAsActive else 'INACTIVE', 'mode': certificateMode, 'auto': allowAutoRegistration}
        return {'certificateArn': self.arn('cacert', name), 'certificateId': name}

    def DescribeCACertificate(self, certificateId):
        if certificateId not in self.cas:
            raise Refused(404, 'ResourceNotFoundException', 'No such CA')
        return {'certificateDescription': {'status': self.cas[certificateId]['status'],
                                           'certificateMode': self.cas[certificateId]['mode']}}

    def UpdateCACertificate(self, certificateId, newStatus=None, newAutoRegistrationStatus=None):
        self.DescribeCACertificate(certificateId)
        self.cas[certificateId]['status'] = newStatus or self.cas[certificateId]['status']

    def DeleteCACertificate(self, certificateId):
        self.DescribeCACertificate(certificateId)
        if self.cas[certificateId]['status'] == 'ACTIVE':
            raise Refused(406, 'CertificateStateException', 'The CA is ACTIVE')
        del self.cas[certificateId]

    def AttachPolicy(self, policyName, target):
        if policyName not in self.policies:
            raise Refused(404, 'ResourceNotFoundException', f'No policy {policyName}')
        self.known(target.rsplit('/', 1)[1])
        self.attached[target].add(policyName)

    def DetachPolicy(self, policyName, target):
        self.attached[target].discard(policyName)

    def CreateThing(self, thingName, thingTypeName=None):
        if self.things.setdefault(thingName, thingTypeName) != thingTypeName:
            raise Refused(409, 'ResourceAlreadyExistsException', 'Thing exists with different tags/attributes')
        return {'thingName': thingName}

    def AttachThingPrincipal(self, thingName, principal):
        if thingName not in self.things:
            raise Refused(404, 'ResourceNotFoundException', f'Thing {thingName} not found')
        self.known(principal.rsplit('/', 1)[1])
        self.principals[thingName].add(principal)
        return {}

    def DetachThingPrincipal(self, thingName, principal):
        if thingName not in self.things:
            raise Refused(404, 'ResourceNotFoundException', f'Thing {thingName} not found')
        self.principals[thingName].discard(principal)
        return {}

    def AddThingToThingGroup(self, thingGroupName, thingName):
        self.groups[thingGroupName].add(thingName)
        return {}


def judge(cloud):
    rig.expect(not cloud.complaints, f'the cloud would not read this: {cloud.complaints[:3]}')
