'use strict';
// Messages of a program that gives each of them another prototype, as Express does.
//
// Up to V8 12 an object whose prototype was changed gets a hidden class of its own with the next property that is added, and another one with
// each property behind that: some 5 us each, and code that meets such objects is never optimized. The engine does so where the internal
// type of an object is the general one. Therefore, once a program is known to change prototypes, its messages are made of another type. A
// FinalizationRegistry that nothing is registered with is one that neither util.types nor the collector tells from an ordinary object; the
// prototype, the keys and their order are those of any message.

const { FinalizationRegistry, ObjectDefineProperty, ObjectGetPrototypeOf, ObjectSetPrototypeOf, WeakMap } = require('../globals/primordials');
const { splitsClasses } = require('../compat/node-features');
const { IncomingMessage } = require('../message/incoming');
const { ServerResponse } = require('./response');

/** Requests in a row whose prototype was changed, after which the messages of a server are made for it. */
const CHANGES_MIN = 8;
/** Requests of each connection that are looked at. */
const LOOKS_MAX = 8;

function nothing() {}

// An object gets its prototype while it is empty: the hidden class that this makes is shared.
//
// What follows a condition that is never met is for the engine alone: it counts the assignments in a constructor, and so knows how many properties have
// their place within the object. Of those that do not, and have symbols as keys, a dozen make the object a hash.
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
  // Heap snapshots name objects by the function that made them.
  ObjectDefineProperty(Steady, 'name', { value: Message.name });
  return Steady;
}

const SteadyRequest = steadied(IncomingMessage);
const SteadyResponse = steadied(ServerResponse);

/** What is known of a server's messages: shared by its connections. */
class Prototypes {
  constructor() {
    this.changes = 0;
    this.isChanged = false;
  }
}

// Servers have node's own properties, and no more.
const servers = new WeakMap();

/**
 * @param {net.Server} server
 * @returns {Prototypes|null} null where prototypes can be changed at no cost
 */
function prototypesOf(server) {
  if (!splitsClasses) return null;
  let prototypes = servers.get(server);
  if (prototypes === undefined) servers.set(server, prototypes = new Prototypes());
  return prototypes;
}

/**
 * An exchange is over: takes note of the prototype that its request has now.
 * @param {Connection} connection
 * @param {IncomingMessage} req
 */
function notePrototype({ prototypes, requestsSeen }, req) {
  if (prototypes === null || prototypes.isChanged || requestsSeen > LOOKS_MAX) return;
  prototypes.changes = ObjectGetPrototypeOf(req) === IncomingMessage.prototype ? 0 : prototypes.changes + 1;
  prototypes.isChanged = prototypes.changes >= CHANGES_MIN;
}

module.exports = { SteadyRequest, SteadyResponse, notePrototype, prototypesOf };
