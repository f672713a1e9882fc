'use strict';

// Compares ours with the built-in on programs. A difference counts if three more runs of each side, each in its own
// process, show it again, and the built-in does the same in all of its runs.

const { execFileSync } = require('node:child_process');
const { Side, SETTLE, alone } = require('./side');
const { differences } = require('./trace');
const { intended } = require('./intended');

const RERUNS = 3;

const sameTrace = (a, b) => differences(a, b).length === 0;

/**
 * The outcome of a program: 'same', 'differs', 'intended', 'unstable' (the built-in itself is) or 'vanished' (only when
 * run with others).
 */
class Judge {
  /** `builtin` and `ours` are options of another side that replaces the one, for tests of the judge. */
  constructor({ line, transport, ours, builtin, settle = SETTLE[transport] }) {
    this.release = line === undefined ? process.versions.node : execFileSync(line, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim();
    this.sides = { builtin: { line, settle, ...builtin }, ours: ours === undefined ? { line, transport, settle } : { line, settle, ...ours } };
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
      else verdicts.push(intended(program, this.release, differing) ? { program, outcome: 'intended' } : { program, ...await this.confirm(program) });
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
      if (intended(program, this.release, differing)) return { outcome: 'intended' };
      shown ??= differing;
    }
    return { outcome: 'differs', differing: shown };
  }

  /** How a program differs in two runs of the running processes; empty if it does not. For the shrinker. */
  async differs(program) {
    let first;
    let shown;
    for (let n = 0; n < 2; n += 1) {
      const [[builtin], [ours]] = await Promise.all([this.builtin.perform([program]), this.ours.perform([program])]);
      first ??= builtin;
      shown = differences(builtin, ours);
      if (shown.length === 0 || !sameTrace(first, builtin) || intended(program, this.release, shown)) return [];
    }
    return shown;
  }

  stop() {
    this.builtin.stop();
    this.ours.stop();
  }
}

module.exports = { Judge };
