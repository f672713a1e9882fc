'use strict';
// resources.js WAY: serves some exchanges, and prints what tools see that list the async resources and handles of a process: the
// types that began, and those that have not ended and may keep it running.

const net = require('node:net');
const { createHook } = require('node:async_hooks');

// Which transport, stands in RUST_HTTP_TRANSPORT.
const http = require(process.argv[2] === 'node' ? 'node:http' : '../..');
const begun = new Set();
const alive = new Map();

createHook({
  init(id, type, trigger, resource) {
    begun.add(type);
    alive.set(id, [type, new WeakRef(resource)]);
  },
  destroy(id) {
    alive.delete(id);
  },
}).enable();

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const UPGRADE = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';

// Neither timers nor promises: how many of them there are is not promised.
const counted = (type) => !['Immediate', 'PROMISE', 'Timeout'].includes(type);

function show(what) {
  const types = [...alive.values()].filter(([, reference]) => {
    const resource = reference.deref();
    return resource !== undefined && (resource.hasRef?.() ?? true);
  }).map(([type]) => type);
  console.log(what, types.filter(counted).sort().join());
  // What the process has on its standard streams is not http's.
  console.log(what, process._getActiveHandles().filter(({ fd }) => !(fd <= 2)).map(({ constructor }) => constructor.name).sort().join());
}

const server = http.createServer((req, res) => {
  res.write('a');
  setImmediate(() => res.end('b'));
});
server.on('upgrade', (req, socket) => socket.end('done'));
server.listen(0, '127.0.0.1', () => {
  const client = net.connect(server.address().port, '127.0.0.1').setEncoding('latin1');
  let answers = 0;
  client.on('data', function hear(data) {
    if (!data.endsWith('0\r\n\r\n')) return;
    if (++answers < 3) {
      client.write(GET);
      return;
    }
    client.removeListener('data', hear);
    // The ends of ticks are reported in a later turn.
    setImmediate(setImmediate, () => {
      show('an idle connection');
      client.resume().end();
    });
  });
  client.on('close', () => {
    const other = net.connect(server.address().port, '127.0.0.1').resume();
    other.write(UPGRADE);
    other.on('close', () => server.close(() => {
      setImmediate(setImmediate, () => {
        show('the end');
        console.log([...begun].filter(counted).sort().join());
      });
    }));
  });
  client.write(GET);
});
