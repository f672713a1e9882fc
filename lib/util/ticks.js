'use strict';
// process.nextTick() for the steps of an exchange, and what can be known about the queue of ticks.
//
// node gives each tick the thread's next async id. A tick that knows how many ids this module had taken by then can therefore tell
// whether an id went to anything else in between: a tick of the program, a timer, a request of libuv. If none did, no code of the
// program can run before the queue is empty.

const { Array, process } = require('../globals/primordials');
const { executionAsyncId } = require('node:async_hooks');
const { passingResource } = require('../compat/async-symbols');
const { isNode } = require('../compat/node-features');
const Queue = require('./queue');

const { nextTick } = process;

/** How many async ids this module has taken: for its ticks, and for looks at the queue. */
let given = 0;
/** The value of `given` for each scheduled tick: its mark. Ticks run in the order in which they were scheduled. */
let marks = new Array(256).fill(0);
let scheduled = 0;
let ran = 0;
/** How many async ids anything else had taken at the last tick that looked; that tick's mark; and the mark of the first tick that saw this number. */
let otherIds = -1;
let lastLook = 0;
let unchangedFrom = 0;
/** The same number at the last call of `remember()`. */
let remembered = -1;
/** The message that the last tick of `scheduleEnd()` ends, until that tick has run. */
let ending = null;
/** Whether such a tick has begun, and has not called `isAloneBehind()` yet. */
let begun = false;
/** Work to do after those ticks, in their order: each message, followed by the argument for `behind`. */
const owed = new Queue();
/** The function that does that work. */
let behind = null;

/**
 * `process.nextTick()`. The callback must begin with `beginTick()`.
 * @param {Function} callback
 * @param {*} first
 * @param {*} [second]
 * @param {*} [third]
 */
function schedule(callback, first, second, third) {
  if (scheduled - ran === marks.length) grow();
  marks[scheduled++ & (marks.length - 1)] = ++given;
  // Each argument costs memory while the tick waits.
  if (second === undefined) nextTick(callback, first);
  else nextTick(callback, first, second, third);
}

// Doubles the room; each mark keeps the place that its number gives it.
function grow() {
  const larger = new Array(2 * marks.length).fill(0);
  for (let n = ran; n < scheduled; n++) larger[n & (larger.length - 1)] = marks[n & (marks.length - 1)];
  marks = larger;
}

/**
 * Every tick of `schedule()` must call this once.
 * @returns {number} its mark: how many ids this module had taken, including this tick's
 */
function beginTick() {
  return marks[ran++ & (marks.length - 1)];
}

/**
 * `schedule()` for the tick that ends a message (its third argument). That tick must finish with `endOf()`.
 * @param {Function} callback
 * @param {*} done
 * @param {object} message
 * @param {*} previous
 */
function scheduleEnd(callback, done, message, previous) {
  schedule(callback, done, message, previous);
  ending = message;
}

/** @returns {object|null} the message that the last such tick will end */
function pendingEnd() {
  return ending;
}

/**
 * Called at the end of a tick of `scheduleEnd()`: runs what `runBehind()` was given for it.
 * @param {object} message
 */
function endOf(message) {
  if (ending === message) ending = null;
  if (owed.length === 0 || owed.first() !== message) return;
  owed.shift();
  behind(owed.shift());
}

// Taking an id costs a fifth of a tick.
function countOthers() {
  return passingResource().asyncId() - ++given;
}

/** Notes how many ids anything else has taken, when that may be many since the last tick. */
function remember() {
  remembered = countOthers();
}

/**
 * Replaces `schedule(callback, argument)` if that tick would directly follow the one of `pendingEnd()`: then that one does its work too.
 * @param {Function} callback the same in each call
 * @param {*} argument
 * @returns {boolean} false if it does not: then nothing was done
 */
function runBehind(callback, argument) {
  const others = countOthers();
  // No other id was taken since before that tick was scheduled.
  if (others !== otherIds && others !== remembered) return false;
  behind = callback;
  owed.push(ending);
  owed.push(argument);
  return true;
}

/**
 * Called when a message ends.
 * @param {number} [mark] of the tick, if it is one of `scheduleEnd()`
 */
function beginEnd(mark) {
  begun = mark !== undefined;
  if (begun) isQueueOurs(mark, mark);
}

/** @returns {boolean} whether this is such a tick and only ticks of this module are scheduled after it; each tick may ask once */
function isAloneBehind() {
  if (!begun) return false;
  begun = false;
  return countOthers() === otherIds;
}

/**
 * Looks at the queue. Only a tick of `schedule()` may call it.
 * @param {number} mark of this tick
 * @param {number} since mark of an earlier tick that looked at the queue and scheduled this one
 * @returns {boolean} whether only ticks of this module were scheduled between the two. If so, no tick of the program ran between
 *   them, nor can such a tick have scheduled another after this one
 */
function isQueueOurs(mark, since) {
  const others = executionAsyncId() - mark;
  lastLook = mark;
  if (others !== otherIds) {
    otherIds = others;
    unchangedFrom = mark;
  }
  return unchangedFrom <= since;
}

/** @returns {number} the mark of the last tick that looked */
function lastMark() {
  return lastLook;
}

// node runs ticks and microtasks after each call of its parser that delivers a piece of a body. Only one function lets a program do
// so. With --pending-deprecation its use causes a warning: then nothing is run before the read is over.
const { _tickCallback: runTicks } = process;
const tellsDeprecations = process.execArgv.includes('--pending-deprecation') || process.env.NODE_PENDING_DEPRECATION === '1' ||
  /--pending-deprecation/.test(process.env.NODE_OPTIONS ?? '');

/** Runs all due ticks and microtasks, as node does when it returns to its event loop. Does nothing if it cannot. */
const drainTicks = isNode && !tellsDeprecations ? () => runTicks.call(process) : () => {};

module.exports = {
  __proto__: null,
  beginEnd, beginTick, drainTicks, endOf, isAloneBehind, isQueueOurs, lastMark, pendingEnd, remember, runBehind, schedule, scheduleEnd,
};
