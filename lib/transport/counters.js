'use strict';
// `bytesRead`, `bytesWritten` and `writableLength` of a socket that the core reads and writes.

const { ObjectGetOwnPropertyDescriptor } = require('../globals/primordials');
const net = require('node:net');
const native = require('../native/addon');
const { transport: { RECEIVED, SENT, QUEUED, UNCORKED } = {} } = require('../native/layout');
const { kAttached, kIndex } = require('./owner-state');
const { kLazyHandle } = require('./lazy-state');

const plain = net.Socket.prototype;
const bytesRead = ObjectGetOwnPropertyDescriptor(plain, 'bytesRead')?.get;
const bytesWritten = ObjectGetOwnPropertyDescriptor(plain, 'bytesWritten')?.get;

/**
 * @param {stream.Duplex} socket that the core reads
 * @param {number} which RECEIVED, SENT, QUEUED, or UNCORKED (the part of QUEUED that is not corked)
 * @returns {number} how many bytes it has received, sent or queued
 */
function bytesOf(socket, which) {
  return native.transportBytes(socket[kAttached].driver.handle, socket[kIndex], which);
}

/**
 * @param {stream.Duplex} socket that the core reads, with corked bytes
 * @returns {number} how many queued bytes were written before cork()
 */
function uncorkedOf(socket) {
  const attached = socket[kAttached];
  return attached.driver.defersWrites ? bytesOf(socket, UNCORKED) : attached.uncorkedBytes;
}

// Until the net.Socket part exists, the core alone has moved bytes.
const COUNTERS = {
  bytesRead: {
    configurable: true,
    /** @this {stream.Duplex} */
    get() {
      const index = this[kIndex];
      const before = this[kAttached]?.received ?? 0;
      const received = index === undefined ? before : before + bytesOf(this, RECEIVED);
      return this[kLazyHandle] === undefined ? bytesRead.call(this) + received : received;
    },
  },
  bytesWritten: {
    configurable: true,
    /** @this {stream.Duplex} */
    get() {
      const index = this[kIndex];
      const attached = this[kAttached];
      const before = attached?.sent ?? 0;
      const sent = index === undefined ? before + (attached?.lostBytes ?? 0) : before + bytesOf(this, SENT) + bytesOf(this, QUEUED);
      return this[kLazyHandle] === undefined ? bytesWritten.call(this) + sent : sent;
    },
  },
  writableLength: {
    configurable: true,
    /** @this {stream.Duplex} */
    get() {
      // Bytes that wait for an I/O thread or for the end of the turn count as sent, unless they are corked. A destroyed socket
      // keeps the length of what was corked.
      const queued = this[kAttached]?.corkedLength ?? 0;
      return this[kLazyHandle] === undefined ? this._writableState.length + queued : queued;
    },
  },
};

module.exports = { COUNTERS, QUEUED, bytesOf, uncorkedOf };
