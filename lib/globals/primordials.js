'use strict';
// What this package takes from the global object and from the built-in constructors: as it is when the package is loaded, so that a program
// that replaces one of them later (fake timers, a Math of its own) changes no more than it does with node's modules.
//
// A static function has the name of its owner in front. What belongs to one object that node asks anew each time (`process.nextTick`,
// `Buffer.from`, `Error.captureStackTrace`) is asked anew here, too.

const { Buffer } = require('node:buffer');
const { clearInterval, setImmediate, setInterval } = require('node:timers');
const { URL } = require('node:url');

// Read once, as the global is an accessor. `require('node:process')` would read every property of it, and so open stdin (Node 18).
// There is no SharedArrayBuffer while a snapshot is built.
const { SharedArrayBuffer, process } = globalThis;

// An accessor that loads more of node up to Node 18, which has no use for it.
const AbortController = Object.getOwnPropertyDescriptor(globalThis, 'AbortController')?.value;

// A function that asks for no `this`.
const { hrtime } = process;

// Without a prototype it is a table from the start: the engine makes no hidden class for each further name.
module.exports = {
  __proto__: null,
  AbortController, Array, ArrayBuffer, Boolean, Buffer, Error, FinalizationRegistry, Int32Array, Map, Number, Promise, Proxy, RangeError, Set, SharedArrayBuffer,
  String, Symbol, TypeError, URL, Uint8Array, WeakMap, WeakRef, WeakSet, clearInterval, hrtime, process, setImmediate, setInterval,
  ArrayFrom: Array.from,
  ArrayIsArray: Array.isArray,
  DateNow: Date.now,
  JSONParse: JSON.parse,
  JSONStringify: JSON.stringify,
  MathAbs: Math.abs,
  MathCeil: Math.ceil,
  MathFloor: Math.floor,
  MathMax: Math.max,
  MathMin: Math.min,
  NumberIsFinite: Number.isFinite,
  NumberIsInteger: Number.isInteger,
  NumberIsNaN: Number.isNaN,
  NumberMAX_SAFE_INTEGER: Number.MAX_SAFE_INTEGER,
  NumberMIN_SAFE_INTEGER: Number.MIN_SAFE_INTEGER,
  ObjectAssign: Object.assign,
  ObjectCreate: Object.create,
  // Descriptors have `__proto__: null`, which the types do not know.
  ObjectDefineProperties: /** @type {(object: any, descriptors: any) => any} */ (Object.defineProperties),
  ObjectDefineProperty: /** @type {(object: any, key: PropertyKey, descriptor: any) => any} */ (Object.defineProperty),
  ObjectEntries: Object.entries,
  ObjectFreeze: Object.freeze,
  ObjectFromEntries: Object.fromEntries,
  ObjectGetOwnPropertyDescriptor: Object.getOwnPropertyDescriptor,
  ObjectGetOwnPropertyDescriptors: Object.getOwnPropertyDescriptors,
  ObjectGetOwnPropertySymbols: Object.getOwnPropertySymbols,
  ObjectGetPrototypeOf: Object.getPrototypeOf,
  ObjectHasOwn: Object.hasOwn,
  ObjectKeys: Object.keys,
  ObjectSetPrototypeOf: Object.setPrototypeOf,
  ObjectValues: Object.values,
  ReflectApply: Reflect.apply,
  ReflectConstruct: Reflect.construct,
  ReflectGet: Reflect.get,
  ReflectOwnKeys: Reflect.ownKeys,
  SymbolAsyncDispose: Symbol.asyncDispose,
  SymbolFor: Symbol.for,
};
