'use strict';

// Carries out the steps of a program on the objects of an exchange, and records the results.
//
// A step is an array: its name, then its arguments. `obj.method` calls a method; the others:
//   ['on', obj, event, how, steps]   listens (how: on, once, prepend); the steps are carried out the first time it happens
//   ['on-async', obj, event, steps, message]  listens with an async function that carries out the steps and throws
//   ['off', obj, event]              removes the program's listeners for that event
//   ['look', obj]                    records the states of an object
//   ['set', obj, property, value]
//   ['later', when, steps]           microtask, nextTick, immediate, timer, io, await; step, steps: after the next or the third next step of
//                                    the script
//   ['throw', message], ['reject', message]
//   ['wrap', obj, method]            replaces a method by one that records the call
//   ['pipe-in', how]                 req into a sink: pipe, pipeline, echo (into res), iterate, iterate-break
//   ['pipe-out', how, chunks, size]  a source into res: pipe, pipeline, late (a chunk per immediate), failing
//   ['finished', obj]                stream.finished
//   ['request', id, options, steps]  a client's request, with its own steps
// An unknown step does nothing, so that a program may be cut anywhere.

const fs = require('node:fs');
const http = require('node:http');
const { finished, pipeline, Readable, Writable } = require('node:stream');
const { described, errorText, valueOf } = require('./values');

const STREAM = ['destroyed', 'closed', 'errored'];
const STATES = {
  incoming: [...STREAM, 'complete', 'aborted', 'readable', 'readableEnded', 'readableFlowing', 'readableLength', 'readableAborted', 'readableDidRead', 'readableEncoding', 'httpVersion', 'statusCode', 'trailers'],
  outgoing: [...STREAM, 'writable', 'writableEnded', 'writableFinished', 'writableLength', 'writableNeedDrain', 'writableCorked', 'writableHighWaterMark', 'headersSent', 'finished', 'statusCode', 'statusMessage',
    'sendDate', 'shouldKeepAlive', 'chunkedEncoding', 'useChunkedEncodingByDefault', 'strictContentLength', 'aborted', 'reusedSocket', 'method', 'path'],
  socket: [...STREAM, 'readyState', 'pending', 'connecting', 'readable', 'readableEnded', 'readableFlowing', 'writable', 'writableEnded', 'writableFinished', 'writableLength', 'writableNeedDrain', 'bytesRead', 'bytesWritten', 'timeout', 'allowHalfOpen'],
  server: ['listening', 'timeout', 'keepAliveTimeout', 'headersTimeout', 'requestTimeout', 'maxHeadersCount', 'maxRequestsPerSocket'],
  agent: ['keepAlive', 'maxSockets', 'maxFreeSockets', 'maxTotalSockets', 'totalSocketCount'],
};
const COUNTED = {
  incoming: ['data', 'end', 'close', 'error', 'aborted', 'readable'],
  outgoing: ['finish', 'close', 'error', 'drain', 'prefinish', 'socket', 'response'],
  // Listeners that the module itself adds to a socket do not count.
  socket: [],
  server: [],
  agent: [],
};

function kindOf(object) {
  if (object instanceof http.IncomingMessage) return 'incoming';
  if (object instanceof http.OutgoingMessage) return 'outgoing';
  if (object instanceof http.Server) return 'server';
  if (object instanceof http.Agent || typeof object.addRequest === 'function') return 'agent';
  return 'socket';
}

function sizes(table) {
  return `{${Object.keys(table ?? {}).map((key) => table[key].length).join(', ')}}`;
}

function stateText(object, name) {
  try {
    const value = object[name];
    return value === undefined || value === null ? String(value) : value instanceof Error ? `(${errorText(value)})` : described(value);
  } catch (error) {
    return `threw ${errorText(error)}`;
  }
}

/** The states of an object in one line; `named` also shows the names of a socket's listeners. */
function look(object, named = false) {
  const kind = kindOf(object);
  const parts = STATES[kind].map((name) => [name, stateText(object, name)]).filter(([, text]) => text !== 'undefined').map((pair) => pair.join(' '));
  if (object.encrypted) for (const name of ['bytesRead', 'bytesWritten']) parts.splice(parts.findIndex((part) => part.startsWith(name)), 1);
  for (const event of COUNTED[kind]) parts.push(`${event}: ${object.listenerCount(event)}`);
  if (kind === 'incoming' || kind === 'outgoing') parts.push(`socket ${object.socket === null ? 'null' : typeof object.socket}`);
  if (named && kind === 'socket') for (const event of object.eventNames()) parts.push(`${String(event)}: ${object.listeners(event).map(({ name }) => name)}`);
  if (kind === 'agent') parts.push(`sockets ${sizes(object.sockets)} free ${sizes(object.freeSockets)} requests ${sizes(object.requests)}`);
  return parts.join(', ');
}

/**
 * The objects that the steps of one exchange use, by the names in a program. `world` has the trace, counts what is in
 * progress (begin, done), names sockets and starts requests.
 */
class Scope {
  constructor(world, id, objects) {
    this.world = world;
    this.id = id;
    this.objects = objects;
    this.listeners = [];
  }

  get(name) {
    if (name !== 'sock') return this.objects[name];
    return this.objects.sock ?? this.objects.req?.socket;
  }

  nameOf(name) {
    if (name === 'server' || name === 'agent') return name;
    if (name === 'sock') return this.world.nameOfSocket(this);
    return `${this.id}.${name}`;
  }

  add(name, text) { this.world.trace.add(this.nameOf(name), text); }

  /** Carries out steps. A throwing step ends them; `place` distinguishes one call from another. */
  run(steps, place) {
    if (!Array.isArray(steps)) return;
    steps.forEach((step, n) => {
      if (Array.isArray(step) && typeof step[0] === 'string') this.step(step, `${place}${n}`);
    });
  }

  step(step, place) {
    const [name, ...args] = step;
    const dot = name.indexOf('.');
    if (dot > 0) return this.call(name.slice(0, dot), name.slice(dot + 1), args, place);
    const act = ACTS[name];
    if (act !== undefined) act(this, args, place);
  }

  // A step only affects objects that exist.
  object(name, what) {
    const object = this.get(name);
    if (object === undefined || object === null) this.world.trace.add(`${this.id}.${name}`, `${what}: ${object}`);
    return object ?? undefined;
  }

  call(name, method, args, place) {
    const object = this.object(name, method);
    if (object === undefined) return;
    const label = `${method}#${place}`;
    if (typeof object[method] !== 'function') return this.add(name, `${label}: none`);
    const owner = this.nameOf(name);
    const { trace } = this.world;
    const callback = (steps) => (...given) => {
      trace.add(owner, `callback of ${label}(${given.map(described).join(', ')})${this.world.context()}`);
      this.run(steps, `${place}.`);
    };
    try {
      const answer = object[method](...args.map((arg) => (arg !== null && typeof arg === 'object' && 'object' in arg ? this.get(arg.object) : valueOf(arg, callback))));
      trace.add(owner, `${label} -> ${answer === object ? 'itself' : described(answer)}`);
    } catch (error) {
      trace.add(owner, `${label} threw ${errorText(error)}`);
    }
  }
}

// An async act: it is in progress until it ends, and what it throws is recorded.
function underWay(scope, act) {
  scope.world.begin();
  return act(() => scope.world.done());
}

// These start when the loop is at rest: a clock or a disk that races with the peer has no fixed order.
const AT_REST = {
  timer: (run) => setTimeout(run, 1),
  io: (run) => fs.stat(__filename, run),
};
const WHEN = {
  microtask: (run) => { Promise.resolve().then(run); },
  nextTick: (run) => process.nextTick(run),
  immediate: (run) => setImmediate(run),
  await: async (run) => { for (let n = 0; n < 5; n += 1) await null; run(); },
};

const AFTER_ACTS = { step: 1, steps: 3 };

function sinkOf(scope, name) {
  const { trace } = scope.world;
  const sink = new Writable({
    write(chunk, _encoding, done) { trace.addData(name, 'written', chunk.toString('latin1')); done(); },
  });
  for (const event of ['finish', 'close', 'error', 'unpipe']) sink.on(event, (...args) => trace.add(name, `${event}(${args.map(described).join(', ')})`));
  return sink;
}

function sourceOf(scope, name, how, chunks, size) {
  const { trace } = scope.world;
  let left = chunks;
  const source = new Readable({
    read() {
      if (how === 'late') return setImmediate(() => push());
      push();
    },
  });
  function push() {
    if (left <= 0) return source.push(null);
    left -= 1;
    if (how === 'failing' && left === 0) return source.destroy(new Error('source failed'));
    source.push(Buffer.alloc(size, 'p'));
  }
  for (const event of ['end', 'close', 'error']) source.on(event, (...args) => trace.add(name, `${event}(${args.map(described).join(', ')})`));
  return source;
}

async function iterate(scope, name, breaks) {
  const { trace } = scope.world;
  const owner = scope.nameOf(name);
  try {
    for await (const chunk of scope.get(name)) {
      trace.addData(owner, 'iterated', chunk.toString('latin1'));
      if (breaks) break;
    }
    trace.add(owner, 'iteration is over');
  } catch (error) {
    trace.add(owner, `iteration threw ${errorText(error)}`);
  }
}

const ACTS = {
  on(scope, [name, event, how, steps], place) {
    const object = scope.object(name, `on ${event}`);
    if (object === undefined || typeof object.on !== 'function') return;
    const owner = scope.nameOf(name);
    const { trace } = scope.world;
    let first = true;
    function listener(...args) {
      const other = (this === object ? '' : ' on another object') + scope.world.context();
      if (event === 'data') trace.addData(owner, `data${typeof args[0] === 'string' ? ' text' : ''}${other}`, String(Buffer.isBuffer(args[0]) ? args[0].toString('latin1') : args[0]));
      else trace.add(owner, `${event}(${args.map(described).join(', ')})${other}`);
      if (event === 'response') scope.objects.res = args[0];
      if (!first) return;
      first = false;
      scope.run(steps, `${place}.`);
    }
    scope.listeners.push({ object, event, listener });
    const method = { once: 'once', prepend: 'prependListener' }[how] ?? 'on';
    object[method](event, listener);
  },
  'on-async'(scope, [name, event, steps, message], place) {
    const object = scope.object(name, `on ${event}`);
    if (object === undefined || typeof object.on !== 'function') return;
    const owner = scope.nameOf(name);
    let first = true;
    object.on(event, async (...args) => {
      scope.world.trace.add(owner, `async ${event}${event === 'data' ? '' : `(${args.map(described).join(', ')})`}${scope.world.context()}`);
      if (event === 'response') scope.objects.res = args[0];
      if (!first) return;
      first = false;
      await null;
      scope.run(steps, `${place}.`);
      throw new Error(String(message));
    });
  },
  off(scope, [name, event]) {
    const object = scope.object(name, `off ${event}`);
    for (const { object: one, event: other, listener } of scope.listeners) if (one === object && other === event) object.removeListener(event, listener);
  },
  look(scope, [name], place) {
    const object = scope.object(name, 'look');
    if (object !== undefined) scope.add(name, `look#${place} ${look(object, scope.world.program.kind === 'client')}`);
  },
  set(scope, [name, property, value], place) {
    const object = scope.object(name, `set ${property}`);
    if (object === undefined) return;
    try {
      object[property] = valueOf(value, () => () => {});
    } catch (error) {
      scope.add(name, `set ${property}#${place} threw ${errorText(error)}`);
    }
  },
  later(scope, [when, steps], place) {
    const atRest = AT_REST[when];
    if (atRest !== undefined) return scope.world.atRest(() => underWay(scope, (done) => atRest(() => { done(); scope.run(steps, `${place}.`); })));
    const start = WHEN[AFTER_ACTS[when] === undefined ? when : 'immediate'];
    if (start === undefined) return;
    const go = () => underWay(scope, (done) => start(() => { done(); scope.run(steps, `${place}.`); }));
    if (AFTER_ACTS[when] === undefined) go();
    else scope.world.afterActs(AFTER_ACTS[when], go);
  },
  throw(_scope, [message]) { throw new Error(String(message)); },
  reject(_scope, [message]) { Promise.reject(new Error(String(message))); },
  wrap(scope, [name, method]) {
    const object = scope.object(name, `wrap ${method}`);
    if (object === undefined || typeof object[method] !== 'function') return;
    const inner = object[method];
    const owner = scope.nameOf(name);
    const { trace } = scope.world;
    object[method] = function(...args) {
      trace.add(owner, `wrapped ${method}(${args.map(described).join(', ')})`);
      return inner.apply(this, args);
    };
  },
  'pipe-in'(scope, [how, name = 'req'], place) {
    const from = scope.object(name, 'pipe');
    if (from === undefined) return;
    const label = `${scope.id}.sink${place}`;
    const { trace } = scope.world;
    const report = (error) => trace.add(label, `pipeline(${described(error)})${scope.world.context()}`);
    if (how === 'iterate' || how === 'iterate-break') return void iterate(scope, name, how === 'iterate-break');
    try {
      if (how === 'pipe') from.pipe(sinkOf(scope, label));
      else if (how === 'pipeline') pipeline(from, sinkOf(scope, label), report);
      else if (how === 'echo' && scope.objects.res !== undefined) pipeline(from, scope.objects.res, report);
    } catch (error) {
      trace.add(label, `threw ${errorText(error)}`);
    }
  },
  'pipe-out'(scope, [how, chunks, size, name = 'res'], place) {
    const to = scope.object(name, 'pipe');
    if (to === undefined) return;
    const label = `${scope.id}.source${place}`;
    const { trace } = scope.world;
    const source = sourceOf(scope, label, how, Math.min(chunks | 0, 64), Math.max(1, size | 0));
    try {
      if (how === 'pipe') source.pipe(to);
      else pipeline(source, to, (error) => trace.add(label, `pipeline(${described(error)})`));
    } catch (error) {
      trace.add(label, `threw ${errorText(error)}`);
    }
  },
  finished(scope, [name], place) {
    const object = scope.object(name, 'finished');
    if (object === undefined) return;
    const owner = scope.nameOf(name);
    try {
      finished(object, (error) => scope.world.trace.add(owner, `finished#${place}(${described(error)})${scope.world.context()}`));
    } catch (error) {
      scope.add(name, `finished#${place} threw ${errorText(error)}`);
    }
  },
  request(scope, [id, options, steps], place) { scope.world.request(id, options ?? {}, steps ?? [], place); },
  abort(scope) { scope.objects.controller?.abort(); },
};

module.exports = { Scope, look };
