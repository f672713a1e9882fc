'use strict';
// Does in place what EventEmitter does for each new object.
//
// Its `init` is shared by every emitter of the process, so V8 sees objects of every shape there and looks up each property in
// tables. Here the constructors of messages store the properties themselves, in node's order and with node's values. If a program
// has replaced `EventEmitter.init` (as node:domain does), it is called as usual.

const { ObjectCreate, ObjectGetPrototypeOf, ObjectHasOwn, ReflectOwnKeys, Symbol } = require('../globals/primordials');
const EventEmitter = require('node:events');
const Stream = require('node:stream');
const { OutgoingMessage } = require('../compat/builtin');

const { init } = EventEmitter;
const { emit: plainEmit, on: plainOn } = EventEmitter.prototype;
const { on: readableOn, removeAllListeners: plainRemoveAll } = Stream.Readable.prototype;

const [events, eventsCount, maxListeners, ...symbols] = /** @type {any[]} */ (ReflectOwnKeys(new Stream()));
const bySymbol = (description) => symbols.find((symbol) => symbol.description === description);
const kCapture = bySymbol('kCapture');
const kShapeMode = bySymbol('shapeMode');
// A release that keeps other state initializes emitters itself.
const isKnown = events === '_events' && eventsCount === '_eventsCount' && maxListeners === '_maxListeners' &&
  kCapture !== undefined && symbols.every((symbol) => symbol === kCapture || symbol === kShapeMode);

// From Node 26.12 on, the table of a new message has a place for each of its own events, and its count becomes an own property with
// the first listener.
const sample = new OutgoingMessage();
const places = ObjectHasOwn(sample, '_eventsCount') ? undefined : sample._events;

/** Whether a message can be made with a listener that node adds later: nothing shows the difference. */
const takesListener = places === undefined;

/** In the options of a message: its first listener of 'finish'. The table is made with it; adding it later costs a look-up. */
const kOnFinish = Symbol('onFinish');

/**
 * Does what `Stream.call(emitter)` does.
 * @param {Stream} emitter under construction
 * @param {Listener} [onFinish] first listener of 'finish', if `takesListener`
 */
function initialize(emitter, onFinish) {
  if (!isKnown || EventEmitter.init !== init || emitter._events !== undefined) {
    Stream.call(emitter);
    if (onFinish !== undefined) emitter.on('finish', onFinish);
    return;
  }
  if (places !== undefined) {
    emitter._events = { ...places };
    finishInit(emitter, true);
    return;
  }
  const comesWith = onFinish !== undefined && emitter.on === plainOn;
  // A table without prototype is a hash: 31 ns if the listener is added after the table was made, 42 with a literal, 78 inside the literal.
  const table = ObjectCreate(null);
  if (comesWith) table.finish = onFinish;
  emitter._events = table;
  emitter._eventsCount = comesWith ? 1 : 0;
  finishInit(emitter, false);
  if (onFinish !== undefined && !comesWith) emitter.on('finish', onFinish);
}

function finishInit(emitter, hasPlaces) {
  emitter._maxListeners = emitter._maxListeners || undefined;
  if (kShapeMode !== undefined) emitter[kShapeMode] = hasPlaces;
  emitter[kCapture] = EventEmitter.prototype[kCapture];
}

const { Readable } = Stream;
const { ReadableState } = /** @type {any} */ (Readable);
const constructsAsKnown = isKnown && kShapeMode !== undefined && typeof ReadableState === 'function' && makesTheSame();

// Whether construct() makes the same stream as the constructor.
function makesTheSame() {
  const options = { highWaterMark: 1024 };
  const real = /** @type {any} */ (new Readable(options));
  const own = ObjectCreate(Readable.prototype);
  construct(own, options);
  return areAlike(own, real) && areAlike(own._events, real._events) && areAlike(own._readableState, real._readableState);
}

function areAlike(one, other) {
  const keys = ReflectOwnKeys(one);
  const others = ReflectOwnKeys(other);
  return ObjectGetPrototypeOf(one) === ObjectGetPrototypeOf(other) && keys.length === others.length &&
    keys.every((key, n) => key === others[n] && (one[key] === other[key] || (typeof one[key] === 'object' && typeof other[key] === 'object')));
}

function construct(stream, options) {
  stream._events = { close: undefined, error: undefined, data: undefined, end: undefined, readable: undefined };
  stream._readableState = new ReadableState(options, stream, false);
  finishInit(stream, true);
}

/**
 * Does what `Readable.call(stream, options)` does.
 * @param {stream.Readable} stream under construction, not a Duplex
 * @param {{highWaterMark: number|undefined}} [options]
 */
function initializeReadable(stream, options) {
  const made = /** @type {any} */ (stream);
  if (constructsAsKnown && EventEmitter.init === init && stream instanceof Readable && made._events === undefined && made._construct === undefined) {
    construct(made, options);
  } else {
    Readable.call(stream, options);
  }
}

// Whether adding a listener is just storing it: it is the first one, and the program has not replaced `on`.
function takesFirst(emitter) {
  return emitter._eventsCount === 0 && (emitter.on === plainOn || emitter.on === readableOn) && isKnown;
}

/**
 * `response.on('finish', listener)`, cheaper if it is the first one: V8 knows the place of a literal name.
 * @param {http.ServerResponse} response
 * @param {Listener} listener
 */
function listenToFinish(response, listener) {
  if (!takesFirst(response)) {
    response.on('finish', listener);
    return;
  }
  response._events.finish = listener;
  response._eventsCount = 1;
}

/**
 * `message.on('end', listener)`, likewise.
 * @param {stream.Readable} message
 * @param {Listener} listener
 */
function listenToEnd(message, listener) {
  if (!takesFirst(message)) {
    message.on('end', listener);
    return;
  }
  message._events.end = listener;
  message._eventsCount = 1;
}

/** null is a listener in no table. @type {Listener|null} */
let ownFinish = null;
let isSole = false;

/** @param {Listener} listener the server's of 'finish', which returns nothing */
function setOwnFinish(listener) {
  ownFinish = listener;
}

/**
 * `message.emit('finish')`. A look-up in a table without prototype takes 110 to 170 instructions per name: there is only one if the
 * server's listener is the only listener.
 * @param {OutgoingMessage} message
 */
function emitFinish(message) {
  if (message.emit === plainEmit && message._eventsCount === 1 && message._events.finish === ownFinish) {
    isSole = true;
    ownFinish.call(message);
  } else {
    message.emit('finish');
  }
}

/** @returns {boolean} whether the server's listener was called as the only one; it must ask once, before anything else */
function wasSole() {
  const answer = isSole;
  isSole = false;
  return answer;
}

/**
 * @param {Stream} message
 * @returns {boolean} whether its only listener is of 'finish', as on a response that the program does not listen to
 */
function hearsOnlyFinish(message) {
  return message.emit === plainEmit && message._eventsCount === 1 && message._events.finish !== undefined;
}

/**
 * Removes all listeners of an event from a readable stream: `stream.removeAllListeners(event)`.
 * @param {stream.Readable} stream
 * @param {string} event one for which every such stream has a place: 'close', 'data', 'end', 'error'
 */
function silence(stream, event) {
  const known = stream._events;
  // In shape mode node treats a place without a listener as none. Deleting it would cost the table its hidden class: 400 ns.
  if (kShapeMode === undefined || stream[kShapeMode] !== true || known.removeListener !== undefined ||
      stream.removeAllListeners !== plainRemoveAll) {
    stream.removeAllListeners(event);
  } else if (known[event] !== undefined) {
    known[event] = undefined;
    stream._eventsCount--;
  }
}

module.exports = {
  __proto__: null,
  emitFinish, hearsOnlyFinish, initialize, initializeReadable, kOnFinish, listenToEnd, listenToFinish, plainEmit, setOwnFinish, silence, takesListener, wasSole,
};
