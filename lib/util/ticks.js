'use strict';
// process.nextTick() where an exchange needs a place in the queue of ticks, and what can be known about that queue.
//
// node gives each tick the next async id of the thread. So a tick of ours that knows how many ticks this module has scheduled up to
// itself can tell whether an id was given to anything else in between: to a tick of the program, a timer, a request of libuv.
// Where there was nothing else, no code of the program can run before the queue is empty.

const { Array, process } = require('../globals/primordials');
const { AsyncResource, executionAsyncId } = require('node:async_hooks');
const { isNode } = require('../compat/node-features');
const Queue = require('./queue');

const { nextTick } = process;

/** Async ids that were given to this module: to its ticks, and to looks at the queue. */
let given = 0;
/** How many that were with each tick that is scheduled: its mark. They run in the order in which they were scheduled. */
let marks = new Array(256).fill(0);
let scheduled = 0;
let ran = 0;
/** Async ids given to anything else up to the last tick that looked; the mark of that tick, and of the first that saw this number. */
let otherIds = -1;
let lastLook = 0;
let unchangedFrom = 0;
/** The same number when `remember()` was called last. */
let remembered = -1;
/** The message whose end the last tick of `scheduleEnd()` tells, as long as that has not run. */
let ending = null;
/** Whether such a tick has begun, and `isAloneBehind()` was not asked in it. */
let begun = false;
/** Messages that have something done behind those ticks, in the order of these, each with what it is done to. */
const owed = new Queue();
/** What is done. */
let behind = null;

/**
 * `process.nextTick()`. The callback begins with `beginTick()`, whatever else it does.
 * @param {Function} callback
 * @param {*} first
 * @param {*} [second]
 * @param {*} [third]
 */
function schedule(callback, first, second, third) {
  if (scheduled - ran === marks.length) grow();
  marks[scheduled++ & (marks.length - 1)] = ++given;
  // The fewer arguments, the less there is to keep for it.
  if (second === undefined) nextTick(callback, first);
  else nextTick(callback, first, second, third);
}

// Twice the room; each mark stays where its number says.
function grow() {
  const larger = new Array(2 * marks.length).fill(0);
  for (let n = ran; n < scheduled; n++) larger[n & (larger.length - 1)] = marks[n & (marks.length - 1)];
  marks = larger;
}

/**
 * To be called once by each tick of `schedule()`.
 * @returns {number} its mark: how many ids this module had been given with the one of this tick
 */
function beginTick() {
  return marks[ran++ & (marks.length - 1)];
}

/**
 * `schedule()` of the tick that tells the end of a message, its third argument. It ends with `endOf()`.
 * @param {Function} callback
 * @param {*} done
 * @param {object} message
 * @param {*} previous
 */
function scheduleEnd(callback, done, message, previous) {
  schedule(callback, done, message, previous);
  ending = message;
}

/** @returns {object|null} the message whose end the last such tick will tell */
function pendingEnd() {
  return ending;
}

/**
 * To be called behind all that a tick of `scheduleEnd()` does: runs what `runBehind()` was given for it.
 * @param {object} message
 */
function endOf(message) {
  if (ending === message) ending = null;
  if (owed.length === 0 || owed.first() !== message) return;
  owed.shift();
  behind(owed.shift());
}

// An id costs a fifth of a tick.
function countOthers() {
  return new AsyncResource('TickObject', 0).asyncId() - ++given;
}

/** Takes note of how many ids anything else has been given, where much may have happened since the last tick. */
function remember() {
  remembered = countOthers();
}

/**
 * In place of `schedule(callback, argument)`, where that tick would be the next one behind that of `pendingEnd()`: there it becomes a part of it.
 * @param {Function} callback the same in each call
 * @param {*} argument
 * @returns {boolean} whether it is that
 */
function runBehind(callback, argument) {
  const others = countOthers();
  // Since before that tick was scheduled.
  if (others !== otherIds && others !== remembered) return false;
  behind = callback;
  owed.push(ending);
  owed.push(argument);
  return true;
}

/**
 * A message ends.
 * @param {number} [mark] of the tick, where it is one of `scheduleEnd()`
 */
function beginEnd(mark) {
  begun = mark !== undefined;
  if (begun) isQueueOurs(mark, mark);
}

/** @returns {boolean} whether this is such a tick, and only ticks of this module are scheduled behind it; asked once in each */
function isAloneBehind() {
  if (!begun) return false;
  begun = false;
  return countOthers() === otherIds;
}

/**
 * Looks at the queue; to be called in a tick of `schedule()`.
 * @param {number} mark of this tick
 * @param {number} since mark of an earlier tick, which has looked, and has scheduled this one
 * @returns {boolean} whether only ticks of this module were scheduled between the two. Those of the program that ran between them, and so
 *   any that these have scheduled behind this one, would have been.
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

/** @returns {number} the mark of the last tick that has looked */
function lastMark() {
  return lastLook;
}

// node runs ticks and microtasks behind each call of its parser that brings a piece of a body. There is one function by which a program
// can do so; where its use is told of (--pending-deprecation), nothing is run before the read is over.
const { _tickCallback: runTicks } = process;
const tellsDeprecations = process.execArgv.includes('--pending-deprecation') || process.env.NODE_PENDING_DEPRECATION === '1' ||
  /--pending-deprecation/.test(process.env.NODE_OPTIONS ?? '');

/** Runs all ticks and microtasks that are due, as node does when it returns to its event loop; nothing where it cannot. */
const drainTicks = isNode && !tellsDeprecations ? () => runTicks.call(process) : () => {};

module.exports = {
  beginEnd, beginTick, drainTicks, endOf, isAloneBehind, isQueueOurs, lastMark, pendingEnd, remember, runBehind, schedule, scheduleEnd,
};
