'use strict';
// The answer ends when the request has gone out, but its 'finish' is still to come.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { test } = require('node:test');
const http = require('../..');
const { turns } = require('../support/turns');

// The callback of a write, and with it 'finish', comes later than the bytes are sent.
function delayCallbacks(socket) {
  const { write } = socket;
  socket.write = function(chunk, encoding, callback) {
    if (typeof encoding === 'function') [encoding, callback] = [null, encoding];
    return write.call(this, chunk, encoding, callback && ((...args) => setTimeout(callback, 20, ...args)));
  };
}

test('a request whose answer ends before its \'finish\' returns its socket once', async () => {
  for (const transport of ['native', 'stream']) {
    const server = http.createServer((req, res) => res.end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1, transport });
    const req = http.request({ port: server.address().port, host: '127.0.0.1', method: 'POST', agent, headers: { 'Content-Length': '0', 'Expect': '100-continue' } });
    let freed = 0;
    req.on('socket', (socket) => {
      delayCallbacks(socket);
      socket.on('free', () => freed++);
    });
    req.flushHeaders();
    setTimeout(() => req.end(Buffer.alloc(0)), 5);
    const [res] = await once(req, 'response');
    await once(res.resume(), 'end');
    await turns(60);
    assert.equal(freed, 1, transport);
    agent.destroy();
    server.close();
    await once(server, 'close');
  }
});
