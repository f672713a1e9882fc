'use strict';
// process.nextTick() where an exchange needs a place in the queue of ticks, and what can be known about that queue.
//
// node gives each tick the next async id of the thread. So a tick of ours that knows how many ticks this module has scheduled up to
// itself can tell whether an id was given to anything else in between: to a tick of the program, a timer, a request of libuv.
// Where there was nothing else, no code of the program can run before the queue is empty.

const { process } = require('../globals/primordials');
const { executionAsyncId } = require('node:async_hooks');
const { isNode } = require('../compat/node-features');

const { nextTick } = process;

/** Ticks of this module that have run or are running: the mark of the last one. They run in the order in which they were scheduled. */
let ran = 0;
/** Async ids given to anything else up to the last tick that looked; the mark of that tick, and of the first that saw this number. */
let otherIds = -1;
let lastLook = 0;
let unchangedFrom = 0;

/**
 * `process.nextTick()`. The callback begins with `beginTick()`, whatever else it does.
 * @param {Function} callback
 * @param {*} first
 * @param {*} [second]
 * @param {*} [third]
 */
function schedule(callback, first, second, third) {
  // The fewer arguments, the less there is to keep for it.
  if (second === undefined) nextTick(callback, first);
  else nextTick(callback, first, second, third);
}

/**
 * To be called once by each tick of `schedule()`.
 * @returns {number} its mark: how many ticks were scheduled up to this one
 */
function beginTick() {
  return ++ran;
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

/** Runs all ticks and microtasks that are due, as node does when it returns to its event loop. */
const drainTicks = isNode && !tellsDeprecations ? () => runTicks.call(process) : () => {};

module.exports = { beginTick, drainTicks, isQueueOurs, lastMark, schedule };
