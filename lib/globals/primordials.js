'use strict';
// What this package uses of the global object and the built-in constructors, taken when the package is loaded: if a program
// replaces one of them later (fake timers, its own Math), the effect is the same as with node's modules.
//
// A static function's name begins with its owner's. Members that node itself reads anew each time (`process.nextTick`,
// `Buffer.from`, `Error.captureStackTrace`) are read anew here, too.

const { Buffer } = require('node:buffer');
const { clearInterval, setImmediate, setInterval } = require('node:timers');
const { URL } = require('node:url');

// Read once, since the global is an accessor. `require('node:process')` would read every property of it, and so open stdin (Node
// 18). There is no SharedArrayBuffer while a snapshot is built.
const { SharedArrayBuffer, process } = globalThis;

// Up to Node 18, which does not need it here, it is an accessor that loads more of node.
const AbortController = Object.getOwnPropertyDescriptor(globalThis, 'AbortController')?.value;

// This function does not need its `this`.
const { hrtime } = process;

// Without a prototype the object is a table from the start: V8 makes no hidden class for each name.
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
  // The descriptors have `__proto__: null`, which the types do not know.
  ObjectDefineProperties: /** @type {(object: any, descriptors: any) => any} */ (Object.defineProperties),
  ObjectDefineProperty: /** @type {(object: any, key: PropertyKey, descriptor: any) => any} */ (Object.defineProperty),
  ObjectEntries: Object.entries,
  ObjectFreeze: Object.freeze,
  ObjectFromEntries: Object.fromEntries,
  ObjectGetOwnPropertyDescriptor: Object.getOwnPropertyDescriptor,
  ObjectGetOwnPropertyDescriptors: Object.getOwnPropertyDescriptors,
  ObjectGetOwnPropertyNames: Object.getOwnPropertyNames,
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
