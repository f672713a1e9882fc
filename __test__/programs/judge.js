'use strict';

// Compares ours with the built-in on programs. A difference counts when three more runs of each side, each in a process of its own, show it again,
// and when the built-in does the same in all of its runs.

const { Side, alone } = require('./side');
const { differences } = require('./trace');
const { intended } = require('./intended');

const RERUNS = 3;

const sameTrace = (a, b) => differences(a, b).length === 0;

/** How a program came out: 'same', 'differs', 'intended', 'unstable' (the built-in itself is) or 'vanished' (only in company). */
class Judge {
  constructor({ line, transport, ours, settle }) {
    const builtin = { line, settle: settle ?? new Side({ transport }).settle };
    this.transport = transport;
    this.sides = { builtin, ours: ours ?? { line, transport, settle } };
    this.builtin = new Side(this.sides.builtin);
    this.ours = new Side(this.sides.ours);
  }

  /** @returns {Promise<{program: object, outcome: string, differing?: object[]}[]>} */
  async judge(programs) {
    const [builtin, ours] = await Promise.all([this.builtin.perform(programs), this.ours.perform(programs)]);
    const verdicts = [];
    for (const [n, program] of programs.entries()) {
      const differing = differences(builtin[n], ours[n]);
      if (differing.length === 0) verdicts.push({ program, outcome: 'same' });
      else verdicts.push(intended(program, this.transport, differing) ? { program, outcome: 'intended' } : { program, ...await this.confirm(program) });
    }
    return verdicts;
  }

  /** Runs a program again, alone. */
  async confirm(program) {
    let first;
    let shown;
    for (let n = 0; n < RERUNS; n += 1) {
      const [builtin, ours] = await Promise.all([alone(this.sides.builtin, program), alone(this.sides.ours, program)]);
      first ??= builtin;
      const unlike = differences(first, builtin);
      if (unlike.length > 0) return { outcome: 'unstable', differing: unlike };
      const differing = differences(builtin, ours);
      if (differing.length === 0) return { outcome: 'vanished' };
      if (intended(program, this.transport, differing)) return { outcome: 'intended' };
      shown ??= differing;
    }
    return { outcome: 'differs', differing: shown };
  }

  /** Whether a program differs, by two runs in the processes at hand; for the shrinker. */
  async differs(program) {
    const twice = [program, program];
    const [builtin, ours] = await Promise.all([this.builtin.perform(twice), this.ours.perform(twice)]);
    if (!sameTrace(builtin[0], builtin[1])) return [];
    const differing = ours.map((trace) => differences(builtin[0], trace));
    return differing.every((list) => list.length > 0 && !intended(program, this.transport, list)) ? differing[0] : [];
  }

  stop() {
    this.builtin.stop();
    this.ours.stop();
  }
}

module.exports = { Judge };
