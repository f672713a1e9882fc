'use strict';

// Makes a differing program as small as possible: removes steps, listeners and options and simplifies values while it
// still differs.

// The most trials of one shrinking.
const MOST_TRIALS = 600;

const isSteps = (value) => Array.isArray(value) && value.length > 0 && value.every((one) => Array.isArray(one));
// The lengths and positions of these have a meaning.
const KEPT_KEYS = new Set(['kind', 'handlers', 'script', 'data', 'size', 'error', 'callback', 'not']);

/** Every smaller program that is one change away; the large cuts come first. */
function* smaller(value, key) {
  if (isSteps(value)) {
    for (let size = Math.ceil(value.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let at = value.length - size; at >= 0; at -= size) yield [...value.slice(0, at), ...value.slice(at + size)];
    }
    // What is deferred or waits for an event, at once.
    for (const [at, step] of value.entries()) {
      const nested = step[step.length - 1];
      if ((step[0] === 'later' || step[0] === 'on') && isSteps(nested)) yield [...value.slice(0, at), ...nested, ...value.slice(at + 1)];
    }
  }
  if (Array.isArray(value)) {
    if (typeof value[0] === 'string' && value[0].includes('.') && value.length > 1) yield value.slice(0, -1);
    if (value[0] === 'later' && value[1] !== 'immediate') yield ['later', 'immediate', value[2]];
    for (const [at, one] of value.entries()) for (const other of smaller(one, at)) yield [...value.slice(0, at), other, ...value.slice(at + 1)];
  } else if (value !== null && typeof value === 'object') {
    for (const name of Object.keys(value)) {
      if (!KEPT_KEYS.has(name)) {
        const rest = { ...value };
        delete rest[name];
        yield rest;
      }
      for (const other of smaller(value[name], name)) yield { ...value, [name]: other };
    }
  } else if (typeof value === 'number' && key === 'size') {
    for (const less of [0, 1, 5, Math.floor(value / 2)]) if (less < value) yield less;
  } else if (typeof value === 'string') {
    if (key === 'data' && value !== 'ascii') yield 'ascii';
    if (value.includes('\r\n')) yield* shorterMessage(value);
  }
}

// A message without one of its fields, or with less body.
function* shorterMessage(text) {
  const head = text.indexOf('\r\n\r\n') + 1 || text.length;
  const lines = text.slice(0, head).split('\r\n');
  for (const [at, line] of lines.entries()) {
    if (at > 0 && line !== '' && !/^(Host|Content-Length|Transfer-Encoding)/i.test(line)) yield [...lines.slice(0, at), ...lines.slice(at + 1)].join('\r\n') + text.slice(head);
  }
  const [, before, length, body] = /^([\s\S]*\r\nContent-Length: )(\d+)\r\n\r\n([\s\S]*)$/.exec(text) ?? [];
  if (Number(length) > 5 && body.length === Number(length)) for (const less of [5, length >> 1]) yield `${before}${less}\r\n\r\n${body.slice(0, less)}`;
}

// The kinds of objects that differ: 'req', 'res', 'sock', 'peer', ... A smaller program has to differ in the same ones.
const kindsOf = (differing) => new Set(differing.map(({ object }) => object.replace(/\d+\.|\d+$/g, '')));

/**
 * @param {import('./judge').Judge} judge
 * @param {object} program that differs
 * @param {object[]} differing how
 * @param {function(object[]): boolean} [isKnown] recognizes a difference that was already shown: a smaller program must
 *   not have it
 * @returns {Promise<{program: object, differing: object[]}>} the smallest program found
 */
async function shrink(judge, program, differing, isKnown = () => false) {
  const kinds = kindsOf(differing);
  let best = { program, differing };
  let trials = 0;
  for (let found = true; found;) {
    found = false;
    for (const candidate of smaller(best.program)) {
      if ((trials += 1) > MOST_TRIALS) return best;
      const now = await judge.differs(candidate);
      if (now.length === 0 || ![...kindsOf(now)].every((kind) => kinds.has(kind)) || isKnown(now)) continue;
      best = { program: candidate, differing: now };
      found = true;
      break;
    }
  }
  return best;
}

module.exports = { shrink, smaller };
