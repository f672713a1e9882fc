'use strict';

const { Array } = require('../globals/primordials');

const NO_SLOTS = [];

/**
 * First in, first out. An Array moves all that is left when its first element is taken, which costs more than the rest of a pipelined
 * answer's turn: here nothing moves, and room is taken twice as much when it runs out.
 */
class Queue {
  constructor() {
    this.slots = NO_SLOTS;
    this.mask = -1;
    this.head = 0;
    this.length = 0;
  }

  /** @param {*} item the newest from here on */
  push(item) {
    if (this.length > this.mask) this.grow();
    this.slots[(this.head + this.length) & this.mask] = item;
    this.length++;
  }

  /** @returns {*} the oldest, which is no longer in the queue; undefined when there is none */
  shift() {
    if (this.length === 0) return undefined;
    const item = this.slots[this.head];
    this.slots[this.head] = undefined;
    this.head = (this.head + 1) & this.mask;
    this.length--;
    return item;
  }

  /** @returns {*} the oldest; undefined when there is none */
  first() {
    return this.slots[this.head];
  }

  /** @returns {*} the newest; undefined when there is none */
  last() {
    return this.length === 0 ? undefined : this.slots[(this.head + this.length - 1) & this.mask];
  }

  grow() {
    const { head, slots } = this;
    // Most queues never hold more than the first four.
    this.slots = slots.length === 0 ?
      [undefined, undefined, undefined, undefined] :
      [...slots.slice(head), ...slots.slice(0, head), ...new Array(slots.length).fill(undefined)];
    this.mask = this.slots.length - 1;
    this.head = 0;
  }
}

module.exports = Queue;
