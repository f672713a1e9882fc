'use strict';
// The programs that process.test.js starts as processes.   node program.js NAME WAY

const cluster = require('node:cluster');
const { fork } = require('node:child_process');

const [name, way] = process.argv.slice(2);
const http = way === 'node' ? require('node:http') : require('../../lib');
const options = way === 'node' ? {} : { transport: way };

function listen(server) {
  server.listen(0, '127.0.0.1', () => {
    process.send({ port: server.address().port });
  });
  return server;
}

const programs = {
  exit() {
    listen(http.createServer(options, (req, res) => {
      res.end(req.url);
      if (req.url === '/3') process.exit(7);
    }));
  },

  // Ends at the second head.
  'exit-head'() {
    listen(http.createServer(options, (req, res) => {
      if (req.url === '/2') process.exit(7);
      res.end('ok');
    }));
  },

  // Ends at the first piece of a body.
  'exit-body'() {
    listen(http.createServer(options, (req, res) => {
      req.on('data', () => process.exit(7));
      if (req.method === 'GET') res.end('ok');
    }));
  },

  // Ends after a part of an answer.
  'exit-answer'() {
    listen(http.createServer(options, (req, res) => {
      res.write('begun', () => process.exit(7));
    }));
  },

  // Ends in the answer to its own request, while it answers one.
  'exit-client'() {
    const server = listen(http.createServer(options, (req, res) => {
      if (req.method === 'GET') {
        res.end('ok');
        return;
      }
      http.get({ port: server.address().port, host: '127.0.0.1' }, (answer) => {
        answer.on('data', () => process.exit(7));
      });
    }));
  },

  // Ends when all requests have come and none is answered.
  'exit-beforeAnswer'() {
    listen(http.createServer(options, (req) => {
      if (req.method === 'POST') setImmediate(() => process.exit(7));
    }));
  },

  unref() {
    const server = listen(http.createServer(options, (req, res) => {
      req.socket.unref();
      res.end('ok');
      server.unref();
      process.disconnect();
    }));
  },

  paused() {
    const server = listen(http.createServer(options, (req, res) => {
      res.end('ok');
      req.socket.pause();
      server.unref();
      process.disconnect();
    }));
  },

  send() {
    const child = fork(__filename, ['taker', way]);
    const server = listen(http.createServer(options));
    server.on('connection', (socket) => { child.send('socket', socket); });
    process.on('disconnect', () => { process.exit(); });
  },

  taker() {
    process.on('message', (message, socket) => {
      socket.write('taken ');
      socket.on('error', () => {});
      socket.on('data', (data) => { socket.write(data); });
    });
    process.on('disconnect', () => { process.exit(); });
  },

  cluster() {
    if (cluster.isPrimary) {
      cluster.setupPrimary({ args: [name, way] });
      const workers = [cluster.fork(), cluster.fork()];
      let listening = 0;
      cluster.on('listening', (worker, address) => {
        if (++listening === workers.length) process.send({ port: address.port });
      });
      process.on('disconnect', () => { process.exit(); });
    } else {
      http.createServer(options, (req, res) => { res.end(`${req.url} ${process.pid}`); }).listen(0, '127.0.0.1');
    }
  },
};

programs[name]();
