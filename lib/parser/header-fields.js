'use strict';
// The rules of `message.headers`: the lower-case name of each spelling, and the effect of a second field of the same name (RFC 9110
// section 5.3 allows joining lists; a singleton keeps its first value, as with node).

const { Array, Map, ObjectDefineProperty, ObjectHasOwn, ObjectKeys } = require('../globals/primordials');

/** A further field is appended after a comma. */
const JOIN = 0;
/** A further field is discarded, unless `joinDuplicateHeaders` says to join it. */
const FIRST = 1;
/** The value is always an array: RFC 6265 section 3 forbids folding Set-Cookie. */
const ARRAY = 2;
/** A further field is appended after a semicolon: RFC 6265 section 5.4 has one cookie string. */
const COOKIE = 3;

const SINGLETONS = [
  'Age', 'Authorization', 'Content-Length', 'Content-Type', 'ETag', 'Expires', 'From', 'Host', 'If-Modified-Since',
  'If-Unmodified-Since', 'Last-Modified', 'Location', 'Max-Forwards', 'Proxy-Authorization', 'Referer', 'Retry-After',
  'Server', 'User-Agent',
];

// Frequent names that are not singletons: their spellings are known from the start.
const LISTS = [
  'Accept', 'Accept-Charset', 'Accept-Encoding', 'Accept-Language', 'Accept-Ranges', 'Access-Control-Request-Headers',
  'Access-Control-Request-Method', 'Allow', 'Cache-Control', 'Connection', 'Content-Disposition', 'Content-Encoding',
  'Content-Language', 'Date', 'DNT', 'Expect', 'Forwarded', 'If-Match', 'If-None-Match', 'If-Range', 'Keep-Alive',
  'Origin', 'Pragma', 'Priority', 'Proxy-Connection', 'Range', 'Sec-CH-UA', 'Sec-CH-UA-Mobile', 'Sec-CH-UA-Platform',
  'Sec-Fetch-Dest', 'Sec-Fetch-Mode', 'Sec-Fetch-Site', 'Sec-Fetch-User', 'Sec-GPC', 'Sec-WebSocket-Extensions',
  'Sec-WebSocket-Key', 'Sec-WebSocket-Protocol', 'Sec-WebSocket-Version', 'TE', 'Trailer', 'Transfer-Encoding', 'Upgrade',
  'Upgrade-Insecure-Requests', 'Vary', 'Via', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Port',
  'X-Forwarded-Proto', 'X-Real-IP', 'X-Request-Id', 'X-Requested-With',
];

/** How many spellings are learned from messages; the limit keeps peers that invent names from growing the table. */
const LEARNED_MAX = 1024;
/** The longest spelling that is learned, in characters. */
const LEARNED_LENGTH = 64;

class Field {
  constructor(lower, rule) {
    this.lower = lower;
    this.rule = rule;
  }
}

const byLowerName = new Map();
const bySpelling = new Map();
let learned = 0;

function define(name, rule) {
  const lower = name.toLowerCase();
  const field = new Field(lower, rule);
  const titled = lower.replace(/(?:^|-)[a-z]/g, (letters) => letters.toUpperCase());
  byLowerName.set(lower, field);
  for (const spelling of [lower, name, titled]) bySpelling.set(spelling, field);
}

// Runs with the first field: it takes 0.15 ms, which a start need not spend.
function defineAll() {
  for (const name of SINGLETONS) define(name, FIRST);
  for (const name of LISTS) define(name, JOIN);
  define('Set-Cookie', ARRAY);
  define('Cookie', COOKIE);
}

/**
 * @param {string} spelling a field name as received
 * @returns {Field} its lower-case form and its rule
 */
function fieldOf(spelling) {
  return bySpelling.get(spelling) || learn(spelling);
}

// The parameter's name appears in V8's error message if a program puts something other than strings into the list.
function learn(field) {
  if (byLowerName.size === 0) {
    defineAll();
    const defined = bySpelling.get(field);
    if (defined !== undefined) return defined;
  }
  const lower = field.toLowerCase();
  const known = byLowerName.get(lower) || new Field(lower, JOIN);
  if (learned < LEARNED_MAX && field.length <= LEARNED_LENGTH) {
    learned++;
    bySpelling.set(field, known);
  }
  return known;
}

/**
 * Adds one field to a headers object.
 * @param {object} target lower-case name -> value
 * @param {string} name as received
 * @param {string} value
 * @param {boolean} join whether singletons are joined too (`joinDuplicateHeaders`)
 */
function addField(target, name, value, join) {
  const field = fieldOf(name);
  const { lower } = field;
  const present = target[lower];
  if (field.rule === ARRAY) {
    if (present === undefined) target[lower] = [value];
    else present.push(value);
  } else if (typeof present !== 'string') {
    // Not a string: absent or inherited. A field named like a member of Object.prototype replaces it.
    target[lower] = value;
  } else if (field.rule === COOKIE) {
    target[lower] = `${present}; ${value}`;
  } else if (field.rule === JOIN || join) {
    target[lower] = `${present}, ${value}`;
  }
}

// Peers send the same names in the same order again and again. Copying an empty object of that shape and filling it in costs less
// than half of adding the properties one by one (12 fields: 0.2 us instead of 0.5 us). There are few shapes; they hold no values,
// and are found by a hash of some lengths.

/** How many shapes are remembered; a power of two. */
const SHAPES = 64;
/** After this many lists of another shape in its slot, a shape is replaced. */
const MISSES = 16;
/** The longest list whose shape is remembered, in entries. */
const SHAPE_ENTRIES = 128;

class Shape {
  constructor(names, lowers, template) {
    this.names = names;
    this.lowers = lowers;
    this.template = template;
    this.misses = 0;
  }
}

const shapes = new Array(SHAPES).fill(null);

function slotOf(list, count) {
  return ((count >> 1) + list[0].length * 7 + list[(count >> 2) << 1].length * 3 + list[count - 2].length) & (SHAPES - 1);
}

function fits(shape, list, count) {
  const { names } = shape;
  if (names.length << 1 !== count) return false;
  for (let i = 0, n = 0; i < count; i += 2, n++) {
    if (names[n] !== list[i]) return false;
  }
  return true;
}

// Remembers the shape of a list without repetitions: each property of its object is one value of the list.
function remember(slot, list, count, target) {
  const lowers = ObjectKeys(target);
  if (lowers.length << 1 !== count || count > SHAPE_ENTRIES) return;
  const names = [];
  const template = {};
  for (let i = 0; i < count; i += 2) {
    const field = fieldOf(list[i]);
    // Integer-like names are not kept in order.
    if (field.rule === ARRAY || field.lower !== lowers[i >> 1]) return;
    names.push(list[i]);
    template[field.lower] = '';
  }
  shapes[slot] = new Shape(names, lowers, template);
}

// Sets the properties. Each of the first sixteen has its own place in the code, where V8 expects the name that it met there before:
// peers of one kind send one shape (12 fields: 0.05 us instead of 0.18 us in a loop).
function fill(copy, lowers, list) {
  const count = lowers.length;
  for (let n = 16; n < count; n++) copy[lowers[n]] = list[(n << 1) + 1];
  switch (count < 16 ? count : 16) {
    case 16: copy[lowers[15]] = list[31]; // falls through
    case 15: copy[lowers[14]] = list[29]; // falls through
    case 14: copy[lowers[13]] = list[27]; // falls through
    case 13: copy[lowers[12]] = list[25]; // falls through
    case 12: copy[lowers[11]] = list[23]; // falls through
    case 11: copy[lowers[10]] = list[21]; // falls through
    case 10: copy[lowers[9]] = list[19]; // falls through
    case 9: copy[lowers[8]] = list[17]; // falls through
    case 8: copy[lowers[7]] = list[15]; // falls through
    case 7: copy[lowers[6]] = list[13]; // falls through
    case 6: copy[lowers[5]] = list[11]; // falls through
    case 5: copy[lowers[4]] = list[9]; // falls through
    case 4: copy[lowers[3]] = list[7]; // falls through
    case 3: copy[lowers[2]] = list[5]; // falls through
    case 2: copy[lowers[1]] = list[3]; // falls through
    case 1: copy[lowers[0]] = list[1];
  }
  return copy;
}

/**
 * Makes the headers object of a raw list.
 * @param {string[]} list names and values in turn
 * @param {number} count of the entries that count
 * @param {boolean} join see `addField`
 * @returns {object} lower-case name -> value; set-cookie is an array
 */
function headersOf(list, count, join) {
  if (count === 0) return {};
  const slot = slotOf(list, count);
  const shape = shapes[slot];
  if (shape !== null && fits(shape, list, count)) {
    shape.misses = 0;
    return fill({ ...shape.template }, shape.lowers, list);
  }
  const target = {};
  for (let i = 0; i < count; i += 2) addField(target, list[i], list[i + 1], join);
  if (shape === null || ++shape.misses > MISSES) remember(slot, list, count, target);
  return target;
}

/**
 * Adds one field to an object of arrays.
 * @param {object} target lower-case name -> values
 * @param {string} name as received
 * @param {string} value
 */
function addDistinctField(target, name, value) {
  const { lower } = fieldOf(name);
  if (!(lower in target)) {
    target[lower] = [value];
  } else if (ObjectHasOwn(target, lower)) {
    target[lower].push(value);
  } else {
    // On Node 18 and early 20 the object inherits, and a field may have the name of an inherited member.
    ObjectDefineProperty(target, lower, { value: [value], writable: true, enumerable: true, configurable: true });
  }
}

module.exports = { addDistinctField, addField, fieldOf, headersOf };
