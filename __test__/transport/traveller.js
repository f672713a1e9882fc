'use strict';
// The processes of travel.test.js: one that serves and sends what it has to another, and the other.   node traveller.js
// NAME WAY

const net = require('node:net');
const { fork } = require('node:child_process');

const [name, way] = process.argv.slice(2);
const http = way === 'node' ? require('node:http') : require('../../lib');
const options = way === 'node' ? {} : { transport: way };

function listen(server) {
  server.listen(0, '127.0.0.1', () => { process.send({ port: server.address().port }); });
  return server;
}

// Reports when the other process has what it was sent: what comes before is lost with node too.
function startTaker(taker) {
  process.on('disconnect', () => { process.exit(); });
  return fork(__filename, [taker, way]).on('message', (taken) => { process.send({ taken }); });
}

function take(onHandle) {
  process.on('message', (message, handle) => {
    onHandle(handle, message);
    process.send(message);
  });
  process.on('disconnect', () => { process.exit(); });
}

const programs = {
  // The first request is answered here, what follows its answer is answered there.
  answered() {
    const child = startTaker('serves');
    listen(http.createServer(options, (req, res) => {
      const { socket } = req;
      res.end(`here ${req.url}`);
      res.on('finish', () => { setImmediate(() => { child.send('connection', socket); }); });
    }));
  },

  // The process that has sent it keeps it open, and goes on writing.
  kept() {
    const child = startTaker('serves');
    listen(http.createServer(options, (req, res) => {
      const { socket } = req;
      res.end(`here ${req.url}`);
      res.on('finish', () => {
        setImmediate(() => {
          socket.pause();
          child.send('connection', socket, { keepOpen: true }, () => { socket.write('sent '); });
        });
      });
    }));
  },

  // In its handler, before it is answered: the answer is made there.
  unanswered() {
    const child = startTaker('writes');
    listen(http.createServer(options, (req) => { child.send('connection', req.socket); }));
  },

  // A request's body goes on there.
  body() {
    const child = startTaker('echoes');
    listen(http.createServer(options, (req) => {
      req.once('data', (piece) => {
        req.pause();
        child.send(`began ${piece}`, req.socket);
      });
    }));
  },

  // The socket of another protocol, after an upgrade.
  upgraded() {
    const child = startTaker('echoes');
    listen(http.createServer(options)).on('upgrade', (req, socket, head) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n');
      child.send(`began ${head}`, socket);
    });
  },

  // The connection of an agent, between two requests.
  agent() {
    const child = startTaker('echoes');
    const agent = new http.Agent({ keepAlive: true, ...(way === 'stream' && { transport: 'stream' }) });
    const peer = net.createServer((socket) => {
      let asked = 0;
      socket.on('error', () => {});
      socket.on('data', (data) => {
        if (asked++ < 3) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        else process.send(String(data));
      });
      process.on('message', () => { socket.write('to the other '); });
    }).listen(0, '127.0.0.1', async () => {
      const { port } = peer.address();
      for (let n = 0; n < 3; n++) {
        await new Promise((resolve) => { http.get({ port, host: '127.0.0.1', agent }, (res) => { res.resume().on('end', () => setImmediate(resolve)); }); });
      }
      const [socket] = Object.values(agent.freeSockets)[0];
      child.send('began ', socket, () => { process.send({ port }); });
    });
  },

  // A listening server: both processes accept.
  server() {
    const child = startTaker('accepts');
    const server = listen(http.createServer(options, (req, res) => {
      res.setHeader('Connection', 'close');
      res.end('here');
    }));
    process.on('message', (message) => {
      if (message === 'send') child.send('server', server);
      else server.close();
    });
  },

  serves() {
    const server = http.createServer(options, (req, res) => { res.end(`there ${req.url}`); });
    take((socket) => { server.emit('connection', socket); });
  },

  writes() {
    take((socket) => { socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nthere'); });
  },

  echoes() {
    take((socket, message) => {
      socket.on('error', () => {});
      socket.write(message);
      socket.on('data', (data) => { socket.write(data); });
    });
  },

  accepts() {
    take((handle) => {
      const server = http.createServer(options, (req, res) => {
        res.setHeader('Connection', 'close');
        res.end('there');
      });
      server.listen(handle);
    });
  },
};

programs[name]();
