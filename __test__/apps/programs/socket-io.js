'use strict';

// A socket.io chat: rooms, acknowledgements, binary data, a middleware, and an end that closes everything.

const http = require('http');
const { Server } = require('socket.io');

const server = http.createServer((req, res) => res.end('beside'));
const io = new Server(server, { pingInterval: 60000, cors: { origin: 'http://page.test' } });
const log = [];

io.use((socket, next) => (socket.handshake.auth.token === 'right' ? next() : next(Object.assign(new Error('who are you'), { data: { retry: false } }))));
io.on('connection', (socket) => {
  const { name } = socket.handshake.query;
  socket.on('join', (room, done) => {
    socket.join(room);
    io.to(room).emit('joined', name, room);
    done([...socket.rooms].length);
  });
  socket.on('say', (room, text) => socket.to(room).emit('said', name, text));
  socket.on('file', (data, done) => done({ bytes: data.length, reversed: Buffer.from(data).reverse() }));
  socket.on('upgraded', (done) => done(socket.conn.transport.name));
  socket.on('others', (count, done) => {
    const look = () => io.of('/').sockets.size === count && done(log.length);
    look();
    log.changed = look;
  });
  socket.on('disconnect', (reason) => {
    log.push(`${name}: ${reason}`);
    setImmediate(() => log.changed?.());
  });
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
process.on('SIGTERM', () => io.close(() => console.log(`closed; ${log.join(', ')}`)));
