'use strict';

// What a program shows: for every object the lines of what happened to it, in order. The order between objects is not
// compared. Successive bytes and 'data' are one line: where a stream is cut is not promised.

const { masked } = require('./values');

class Trace {
  #objects = new Map();
  #closed = false;
  /** Counts everything that happens, so that a wait can see that nothing does. */
  activity = 0;

  /** Adds a line to an object. @param {string} name @param {string} text */
  add(name, text) {
    this.activity += 1;
    if (this.#closed) return;
    let lines = this.#objects.get(name);
    if (lines === undefined) this.#objects.set(name, lines = []);
    lines.push({ text });
  }

  /** Adds bytes or text of a stream, as `label "text"`; joined with those just before it. */
  addData(name, label, text) {
    this.activity += 1;
    if (this.#closed) return;
    const lines = this.#objects.get(name);
    const last = lines?.[lines.length - 1];
    if (last !== undefined && last.label === label) last.data += text;
    else if (lines === undefined) this.#objects.set(name, [{ label, data: text }]);
    else lines.push({ label, data: text });
  }

  /** Nothing later belongs to the program. */
  close() { this.#closed = true; }

  /** @returns {Object<string, string[]>} the lines of each object */
  toJSON() {
    const all = {};
    for (const [name, lines] of this.#objects) {
      all[name] = lines.map((line) => (line.label === undefined ? line.text : `${line.label} ${JSON.stringify(masked(line.data))}`));
    }
    return all;
  }
}

/**
 * Where two traces differ.
 * @returns {{object: string, builtin: string[], ours: string[]}[]}
 */
function differences(builtin, ours) {
  const names = [...new Set([...Object.keys(builtin), ...Object.keys(ours)])].sort();
  return names
    .map((object) => ({ object, builtin: builtin[object] ?? [], ours: ours[object] ?? [] }))
    .filter(({ builtin: a, ours: b }) => a.length !== b.length || a.some((line, n) => line !== b[n]));
}

module.exports = { Trace, differences };
