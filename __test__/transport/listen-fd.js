'use strict';
// A server on the listening socket that it inherits as descriptor 3.   node listen-fd.js WAY

const { Way } = require('./ways');

new Way(process.argv[2]).create((req, res) => { res.end('over fd'); }).listen({ fd: 3 }, () => { console.log('ready'); });
