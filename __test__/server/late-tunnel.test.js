'use strict';
// A proxy that takes over a tunnel reads from it when it has reached its target, not in the tick in which it gets the
// socket.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const net = require('node:net');
const { test } = require('node:test');
const ours = require('../..');
const { turns } = require('../support/turns');

const REQUESTS = {
  connect: 'CONNECT a.test:1 HTTP/1.1\r\nHost: a.test:1\r\n\r\n',
  upgrade: 'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
};

for (const transport of ['native', 'stream', 'offload']) {
  for (const event of Object.keys(REQUESTS)) {
    test(`bytes after '${event}' wait for a listener that is added later, and so does their end (${transport})`, async () => {
      const server = ours.createServer({ transport });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const peer = net.connect(server.address().port, '127.0.0.1');
      peer.write(REQUESTS[event]);
      const [, socket] = await once(server, event);
      socket.write('go');
      await once(peer, 'data');
      peer.end('first');
      await turns(20);
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
      });
      await once(socket, 'end');
      assert.equal(text, 'first');
      socket.destroy();
      peer.destroy();
      server.close();
    });
  }
}

for (const transport of ['native', 'stream', 'offload']) {
  test(`a tunnel that is piped both ways ends when its target does, and its client after it (${transport})`, async () => {
    const target = net.createServer((socket) => socket.once('data', () => socket.end('bye')));
    const proxy = ours.createServer({ transport });
    const ended = new Promise((resolve) => {
      proxy.on('connect', (req, client) => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        const through = net.connect(target.address().port, '127.0.0.1', () => {
          through.pipe(client);
          client.pipe(through);
        });
        const events = [];
        for (const event of ['end', 'finish', 'close']) client.on(event, () => events.push(event));
        client.on('close', () => resolve(events));
      });
    });
    for (const server of [target, proxy]) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
    const peer = net.connect(proxy.address().port, '127.0.0.1');
    peer.write(REQUESTS.connect);
    await once(peer, 'data');
    peer.write('hello');
    const [answer] = await once(peer, 'data');
    assert.equal(`${answer}`, 'bye');
    setTimeout(() => peer.end(), 10);
    assert.deepEqual(await ended, ['finish', 'end', 'close']);
    for (const server of [target, proxy]) server.close();
  });
}
