'use strict';

const { Array } = require('../globals/primordials');

const NO_SLOTS = [];

/**
 * A FIFO queue. Taking the first element of an Array moves all the others, which costs more than the rest of a pipelined answer's
 * turn. Here nothing moves, and the capacity doubles when it runs out.
 */
class Queue {
  constructor() {
    this.slots = NO_SLOTS;
    this.mask = -1;
    this.head = 0;
    this.length = 0;
  }

  /** @param {*} item becomes the newest */
  push(item) {
    if (this.length > this.mask) this.grow();
    this.slots[(this.head + this.length) & this.mask] = item;
    this.length++;
  }

  /** @returns {*} the oldest item, removed from the queue; undefined if it is empty */
  shift() {
    if (this.length === 0) return undefined;
    const item = this.slots[this.head];
    this.slots[this.head] = undefined;
    this.head = (this.head + 1) & this.mask;
    this.length--;
    return item;
  }

  /** @returns {*} the oldest; undefined if the queue is empty */
  first() {
    return this.slots[this.head];
  }

  /** @returns {*} the newest; undefined if the queue is empty */
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
