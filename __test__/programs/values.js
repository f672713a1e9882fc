'use strict';

// Values of a program: how JSON represents them, and how a trace records those that a program meets.

const { Agent, ClientRequest, IncomingMessage, OutgoingMessage, Server } = require('node:http');
const net = require('node:net');

/** The letter of a written chunk, by its kind: text with one byte a letter, two, three, or bytes. */
const LETTERS = { ascii: 'a', latin1: '\u00e9', wide: '\u20ac', bytes: 'b', view: 'v' };

/**
 * The value of a step's argument: `{data: KIND, size}` a chunk, `{error}` an Error, `{callback: [steps]}` a function,
 * `{not: 'undefined' | 'symbol' | 'function'}` what JSON cannot express; anything else is itself.
 * @param {*} spec
 * @param {function(Array): Function} callback makes the function of a callback from its steps
 */
function valueOf(spec, callback) {
  if (spec === null || typeof spec !== 'object' || Array.isArray(spec)) return spec;
  if ('data' in spec) {
    const size = Math.max(0, spec.size | 0);
    const letter = LETTERS[spec.data] ?? 'a';
    if (spec.data === 'bytes') return Buffer.alloc(size, letter);
    if (spec.data === 'view') return new Uint8Array(size).fill(letter.charCodeAt(0));
    return letter.repeat(size);
  }
  if ('error' in spec) return Object.assign(new Error(String(spec.error)), spec.code === undefined ? {} : { code: spec.code });
  if ('callback' in spec) return callback(spec.callback);
  if ('not' in spec) return { undefined, symbol: Symbol('s'), function: () => {} }[spec.not];
  return spec;
}

/**
 * Text with the parts that differ in every run masked, and long runs of one letter as `a{1000}`.
 * @param {string} text
 */
function masked(text) {
  return text
    .replace(/Date: [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT/g, 'Date: now')
    .replace(/(127\.0\.0\.1|localhost|::1):\d+/g, '$1:port')
    .replace(/([\s\S])\1{19,}/g, (run, letter) => `${letter}{${run.length}}`);
}

/** An error as recorded in a trace. */
function errorText(error) {
  const { name, code, message } = error;
  const more = [];
  if (error.rawPacket !== undefined) more.push(`raw ${JSON.stringify(masked(Buffer.from(error.rawPacket).toString('latin1')))}`);
  // After a callback that threw, the count of parsed bytes is arbitrary.
  const keys = String(code).startsWith('HPE_CB_') ? ['reason'] : ['bytesParsed', 'reason', 'syscall'];
  for (const key of keys) if (error[key] !== undefined) more.push(`${key} ${error[key]}`);
  more.push(`keys ${Object.keys(error)}`);
  if (error.cause !== undefined) more.push(`cause ${described(error.cause)}`);
  return `${name}${code === undefined ? '' : ` ${code}`} '${masked(String(message))}'${more.length > 0 ? ` (${more.join(', ')})` : ''}`;
}

/** Any value as recorded in a trace; of objects only their type. */
function described(value) {
  if (value === null || value === undefined || typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (typeof value === 'string') return JSON.stringify(masked(value));
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') return typeof value;
  if (Buffer.isBuffer(value)) return `<${JSON.stringify(masked(value.toString('latin1')))}>`;
  if (value instanceof Error) return errorText(value);
  if (value instanceof IncomingMessage) return 'an IncomingMessage';
  if (value instanceof ClientRequest) return 'a ClientRequest';
  if (value instanceof OutgoingMessage) return 'an OutgoingMessage';
  if (value instanceof net.Socket) return 'a Socket';
  if (value instanceof Server) return 'a Server';
  if (value instanceof Agent) return 'an Agent';
  if (Array.isArray(value)) return `[${value.map(described).join(', ')}]`;
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) {
    return `{${Object.keys(value).map((key) => `${key}: ${key === 'port' ? 'port' : described(value[key])}`).join(', ')}}`;
  }
  return `a ${value.constructor?.name}`;
}

module.exports = { valueOf, masked, errorText, described };
