'use strict';
// Messages for a program that gives each of them another prototype, as Express does.
//
// Up to V8 12, an object whose prototype was changed gets a hidden class of its own with the next property that is added, and
// another with each property after that: some 5 us each, and code that meets such objects is never optimized. V8 does so for
// objects of the general internal type. So once a program is known to change prototypes, its messages are objects of another type:
// a FinalizationRegistry with nothing registered, which neither util.types nor the collector can tell from an ordinary object.
// Prototype, keys and their order are those of any message.

const { FinalizationRegistry, ObjectDefineProperty, ObjectGetPrototypeOf, ObjectSetPrototypeOf, WeakMap } = require('../globals/primordials');
const { splitsClasses } = require('../compat/node-features');
const { IncomingMessage } = require('../message/incoming');
const { ServerResponse } = require('./response');

/** After this many requests in a row with a changed prototype, the messages of a server are made for it. */
const CHANGES_MIN = 8;
/** How many requests of each connection are checked. */
const LOOKS_MAX = 8;

function nothing() {}

// The object gets its prototype while it is empty, so the resulting hidden class is shared.
//
// The branch below is never taken. V8 counts the assignments in a constructor to decide how many properties are stored in the
// object itself; a dozen others with symbol keys turn the object into a hash table.
function steadied(Message) {
  class Steady extends FinalizationRegistry {
    constructor(origin, options) {
      super(nothing);
      ObjectSetPrototypeOf(this, Message.prototype);
      Message.call(this, origin, options);
      if (origin === nothing) {
        this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0;
        this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0;
        this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0;
        this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0;
        this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0;
        this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0;
        this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0;
        this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0; this._ = 0;
      }
    }
  }
  // Heap snapshots name objects after the function that made them.
  ObjectDefineProperty(Steady, 'name', { value: Message.name });
  return Steady;
}

const SteadyRequest = steadied(IncomingMessage);
const SteadyResponse = steadied(ServerResponse);

/** What is known of a server's messages; shared by its connections. */
class Prototypes {
  constructor() {
    this.changes = 0;
    this.isChanged = false;
  }
}

// Not properties of the servers: these have exactly node's.
const servers = new WeakMap();

/**
 * @param {net.Server} server
 * @returns {Prototypes|null} null if changing prototypes costs nothing in this release
 */
function prototypesOf(server) {
  if (!splitsClasses) return null;
  let prototypes = servers.get(server);
  if (prototypes === undefined) servers.set(server, prototypes = new Prototypes());
  return prototypes;
}

/**
 * Called when an exchange is over: notes whether its request has another prototype now.
 * @param {Connection} connection
 * @param {IncomingMessage} req
 */
function notePrototype({ prototypes, requestsSeen }, req) {
  if (prototypes === null || prototypes.isChanged || requestsSeen > LOOKS_MAX) return;
  prototypes.changes = ObjectGetPrototypeOf(req) === IncomingMessage.prototype ? 0 : prototypes.changes + 1;
  prototypes.isChanged = prototypes.changes >= CHANGES_MIN;
}

module.exports = { SteadyRequest, SteadyResponse, notePrototype, prototypesOf };
