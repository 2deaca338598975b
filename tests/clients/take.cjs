// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The clouds' own clients take what Keycradle writes: `node take.cjs WHAT FILE KEY CERTIFICATE`
// feeds the file to the client that a customer would use, which talks to an endpoint in this
// process. What arrived there is printed, a JSON object a line; a client that refuses its input
// ends the program with its words.
'use strict';
const fs = require('fs');
const http = require('http');
const https = require('https');

const [what, file, keyFile, certificateFile] = process.argv.slice(2);
const lines = fs.readFileSync(file, 'utf8').split('\n').filter((line) => line !== '');
const arrived = [];

function body(request) {
  return new Promise((resolve) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => resolve(Buffer.concat(parts).toString('utf8')));
  });
}

// Writes down each request, and answers what the client's own service would.
function endpoint(module, options, answer) {
  return new Promise((resolve) => {
    const server = module.createServer(options, async (request, response) => {
      const text = await body(request);
      arrived.push({ method: request.method, path: request.url, headers: request.headers,
        body: text === '' ? null : JSON.parse(text) });
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answer(request, text)));
    });
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

// Azure's clients name a host, never a port: the name leads here, as a hosts file would.
function lead(port) {
  const request = https.request;
  https.request = (options, ...rest) =>
    request({ ...options, hostname: undefined, host: '127.0.0.1', port,
      servername: options.hostname || options.host,
      ca: fs.readFileSync(certificateFile), checkServerIdentity: () => undefined }, ...rest);
}

async function azure(answer, feed) {
  const server = await endpoint(https, { key: fs.readFileSync(keyFile),
    cert: fs.readFileSync(certificateFile) }, answer);
  lead(server.address().port);
  await feed();
  server.close();
  server.closeAllConnections();
}

const secret = Buffer.from('no secret of anybody').toString('base64');

// One import line a device: the client knows the same members under its own name for the id.
async function takeHub() {
  const { Registry } = require('azure-iothub');
  const registry = Registry.fromConnectionString(
    `HostName=hub.azure-devices.net;SharedAccessKeyName=registry;SharedAccessKey=${secret}`);
  const devices = lines.map((line) => JSON.parse(line)).map(({ id, importMode, ...device }) => {
    if (importMode !== 'create')
      throw new Error(`importMode of ${id} is ${importMode}`);
    return { deviceId: id, ...device };
  });
  await azure(() => ({ isSuccessful: true, errors: [] }), async () => {
    for (let from = 0; from < devices.length; from += 100)
      await registry.addDevices(devices.slice(from, from + 100));
  });
}

// One envelope a line. The client's promise never comes: only its callback does.
async function takeDps() {
  const { ProvisioningServiceClient } = require('azure-iot-provisioning-service');
  const client = ProvisioningServiceClient.fromConnectionString(
    `HostName=dps.azure-devices-provisioning.net;SharedAccessKeyName=owner;SharedAccessKey=${secret}`);
  await azure(() => ({ isSuccessful: true, errors: [] }), async () => {
    for (const line of lines)
      await new Promise((resolve, reject) => client.runBulkEnrollmentOperation(JSON.parse(line),
        (error) => (error ? reject(error) : resolve())));
  });
}

// Behind six columns that are the script's, the calls of a device: operation, input, ...
function callsOf(line) {
  const columns = line.split('\t').slice(6);
  return columns.flatMap((operation, place) =>
    (place % 2 === 0 ? [[operation, columns[place + 1]]] : []));
}

async function takeCalls() {
  const iot = require('@aws-sdk/client-iot');
  const server = await endpoint(http, {}, () => ({ certificateArn: 'arn:aws:iot:eu-west-1:1:cert/1',
    certificateId: '0'.repeat(64) }));
  const client = new iot.IoTClient({ region: 'eu-west-1', maxAttempts: 1,
    endpoint: `http://127.0.0.1:${server.address().port}`,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'nobody' } });
  for (const [operation, input] of lines.flatMap(callsOf)) {
    const name = operation.split('-').map((word) =>
      word === 'ca' ? 'CA' : word[0].toUpperCase() + word.slice(1)).join('');
    if (iot[`${name}Command`] === undefined)
      throw new Error(`the client knows no operation ${operation}`);
    await client.send(new iot[`${name}Command`](JSON.parse(input)));
  }
  client.destroy();
  server.close();
  server.closeAllConnections();
}

const takers = { 'azure-hub': takeHub, 'azure-dps': takeDps, 'aws-calls': takeCalls };

takers[what]().then(() => arrived.forEach((request) => console.log(JSON.stringify(request))),
  (error) => {
    console.error(error);
    process.exitCode = 1;
  });
