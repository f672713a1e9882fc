'use strict';

/**
 * Runs one scenario on a class of outgoing messages and records everything visible: calls on the socket, calls of
 * methods through the message, events, and the message's own state after each step. The trace must equal that of the
 * same scenario on the built-in class.
 */

const SPIED = ['_send', '_writeRaw', '_storeHeader', '_implicitHeader', '_flush', '_flushOutput', '_finish', 'cork', 'uncork',
  '_renderHeaders', 'setHeader', 'getHeader', 'removeHeader', 'write', 'end', 'destroy', '_onPendingData'];
const STATE = ['outputSize', 'writable', 'destroyed', '_last', 'chunkedEncoding', 'shouldKeepAlive', 'finished', '_headerSent', '_header',
  '_trailer', '_contentLength', '_hasBody', '_removedConnection', '_removedContLen', '_removedTE', '_closed', '_defaultKeepAlive', 'useChunkedEncodingByDefault',
  'writableLength', 'writableCorked', 'writableFinished', 'writableEnded', 'writableNeedDrain', 'headersSent'];

function show(value) {
  if (typeof value === 'function') return 'fn';
  if (Buffer.isBuffer(value) || value instanceof Uint8Array) return `<${value.constructor.name} ${Buffer.from(value).toString('latin1')}>`;
  if (value instanceof Error) return `${value.name}:${value.code}:${value.message}`;
  if (typeof value === 'string') return JSON.stringify(value).replace(/\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT/g, 'DATE');
  if (Array.isArray(value)) return `[${value.map(show).join(',')}]`;
  if (value && typeof value === 'object') {
    if (value.isFakeSocket) return 'socket';
    return `{${Object.entries(value).map(([k, v]) => `${k}:${show(v)}`).join(',')}}`;
  }
  return String(value);
}

/** Replaces a connection: records what is written and answers as its queue says. */
class FakeSocket {
  constructor(log, options = {}) {
    this.isFakeSocket = true;
    this.log = log;
    this.callbacks = [];
    this.answer = options.answer === undefined ? true : options.answer;
    this.writable = true;
    this.destroyed = false;
    this.writableHighWaterMark = options.highWaterMark || 16384;
    this.writableLength = 0;
    this.writableCorked = 0;
    this._writableState = { corked: 0, needDrain: false, getBuffer() { return []; } };
    this.sync = options.sync === true;
  }

  write(data, encoding, callback) {
    if (typeof encoding === 'function') { callback = encoding; encoding = undefined; }
    this.log(`socket.write(${show(data)}, ${show(encoding)}, ${show(callback)})`);
    if (typeof callback === 'function') this.callbacks.push(callback);
    return this.answer;
  }

  done(error) {
    const list = this.callbacks;
    this.callbacks = [];
    for (const callback of list) callback(error);
  }

  cork() { this.log('socket.cork()'); this.writableCorked++; this._writableState.corked++; }
  uncork() { this.log('socket.uncork()'); this.writableCorked--; this._writableState.corked--; }
  setTimeout(ms) { this.log(`socket.setTimeout(${ms})`); }
  destroy(error) { this.log(`socket.destroy(${show(error)})`); this.destroyed = true; }
  on(name) { this.log(`socket.on(${name})`); return this; }
  once(name) { this.log(`socket.once(${name})`); return this; }
  emit(name) { this.log(`socket.emit(${name})`); return true; }
}

/**
 * @param {Function} OutgoingMessage the class under test
 * @param {symbol} kOutHeaders where it keeps its headers
 * @param {(message: object, tools: object) => (void|Promise<void>)} scenario calls tools.step(name) to record the state
 * @param {object} [options] for the constructor
 * @returns {Promise<string[]>} the trace
 */
async function trace(OutgoingMessage, kOutHeaders, scenario, options = undefined) {
  const lines = [];
  let depth = 0;
  const log = (line) => lines.push(`${'  '.repeat(depth)}${line}`);
  function Message() { OutgoingMessage.call(this, options); }
  Object.setPrototypeOf(Message.prototype, OutgoingMessage.prototype);
  Message.prototype._implicitHeader = function () { this._storeHeader('HTTP/1.1 200 OK\r\n', this[kOutHeaders]); };
  const message = new Message();
  const pending = message._onPendingData;
  message._onPendingData = function (amount) { log(`_onPendingData(${amount})`); return pending.call(this, amount); };
  for (const name of SPIED) {
    if (name === '_onPendingData') continue;
    const original = message[name];
    message[name] = function (...args) {
      log(`${name}(${args.map(show).join(', ')})`);
      depth++;
      try {
        const result = original.apply(this, args);
        log(`= ${result === this ? 'this' : show(result)}`);
        return result;
      } finally {
        depth--;
      }
    };
  }
  const emit = message.emit;
  message.emit = function (name, ...args) { log(`emit(${String(name)}${args.map((a) => `, ${show(a)}`).join('')})`); return emit.call(this, name, ...args); };
  const tools = {
    log,
    step(name) { log(`-- ${name}: ${STATE.map((key) => `${key}=${show(message[key])}`).join(' ')} out=${show(message.outputData)} err=${show(message.errored)}`); },
    attempt(run) { try { log(`-> ${show(run())}`); } catch (error) { log(`!! ${show(error)}`); } },
    socket(more) {
      const socket = new FakeSocket(log, more);
      socket._httpMessage = message;
      message.socket = socket;
      return socket;
    },
    fake(more) { return new FakeSocket(log, more); },
    callback(name) { return (...args) => log(`callback ${name}(${args.map(show).join(', ')})`); },
    settle() { return new Promise((resolve) => setImmediate(resolve)); },
  };
  message.on('error', (error) => log(`error event ${show(error)}`));
  await scenario(message, tools);
  await tools.settle();
  tools.step('end of scenario');
  return lines;
}

module.exports = { trace };
