'use strict';
// What EventEmitter does for each new object, done in place.
//
// Its `init` is shared by every emitter of the process, so that the engine knows no class there and looks each property up in tables.
// Here stores happen in the constructors of messages, in node's order and with node's values. A program that has replaced
// `EventEmitter.init` (as node:domain does) is called as ever.

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
// A version that keeps something else is left to do it itself.
const isKnown = events === '_events' && eventsCount === '_eventsCount' && maxListeners === '_maxListeners' &&
  kCapture !== undefined && symbols.every((symbol) => symbol === kCapture || symbol === kShapeMode);

// From Node 26.12 on a message has places for its own events from the start, and its count is an own property with its first listener.
const sample = new OutgoingMessage();
const places = ObjectHasOwn(sample, '_eventsCount') ? undefined : sample._events;

/** Whether a message can be made with a listener, which node adds later: nothing shows when. */
const takesListener = places === undefined;

/** In the options of a message: its first listener of 'finish', with which its table is made; adding one later costs a look-up. */
const kOnFinish = Symbol('onFinish');

/**
 * Does what `Stream.call(emitter)` does.
 * @param {Stream} emitter in construction
 * @param {Listener} [onFinish] first listener of 'finish', where `takesListener`
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
  // A table without prototype has its places in a hash: 31 ns with one added after it was made, 42 from a literal, 78 within the literal.
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

// Whether a stream that is made here is one that its constructor makes.
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
 * @param {stream.Readable} stream in construction, which is no Duplex
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

// Whether adding a listener is no more than giving it its place: it is the first, and no `on` of the program's hears of it.
function takesFirst(emitter) {
  return emitter._eventsCount === 0 && (emitter.on === plainOn || emitter.on === readableOn) && isKnown;
}

/**
 * `response.on('finish', listener)`, at less cost where it is the first. The engine knows the place of a name that stands here.
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

/** @type {Listener|null} null is no listener of any table */
let ownFinish = null;
let isSole = false;

/** @param {Listener} listener the server's of 'finish', which returns nothing */
function setOwnFinish(listener) {
  ownFinish = listener;
}

/**
 * `message.emit('finish')`. A table without prototype is looked up at 110 to 170 instructions a name: that is done once where the server's
 * listener is the only one.
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

/** @returns {boolean} whether the server's listener was called as the only one; to be asked once, before anything else */
function wasSole() {
  const answer = isSole;
  isSole = false;
  return answer;
}

/**
 * @param {Stream} message
 * @returns {boolean} whether its one listener is one of 'finish', as of a response that the program does not listen to
 */
function hearsOnlyFinish(message) {
  return message.emit === plainEmit && message._eventsCount === 1 && message._events.finish !== undefined;
}

/**
 * Removes all listeners of an event from a readable stream: `stream.removeAllListeners(event)`.
 * @param {stream.Readable} stream
 * @param {string} event one of those that each of them has a place for: 'close', 'data', 'end', 'error'
 */
function silence(stream, event) {
  const known = stream._events;
  // In that mode node takes a place without listener for none. Deleting it would cost the table its hidden class: 400 ns.
  if (kShapeMode === undefined || stream[kShapeMode] !== true || known.removeListener !== undefined ||
      stream.removeAllListeners !== plainRemoveAll) {
    stream.removeAllListeners(event);
  } else if (known[event] !== undefined) {
    known[event] = undefined;
    stream._eventsCount--;
  }
}

module.exports = {
  emitFinish, hearsOnlyFinish, initialize, initializeReadable, kOnFinish, listenToEnd, listenToFinish, plainEmit, setOwnFinish, silence, takesListener, wasSole,
};
