'use strict';
// One side of the comparison: the program with node's own http, or with ours.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { once } = require('node:events');

const startMs = 60000;
const stopMs = 5000;

/** A path quoted for NODE_OPTIONS. */
const quoted = (file) => `"${file.replace(/["\\]/g, '\\$&')}"`;

/** The running program. */
class Arm {
  /**
   * @param {string} label
   * @param {string[]} command
   * @param {string[]} preloads files
   */
  constructor(label, command, preloads) {
    this.label = label;
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-http-compare-'));
    const options = [process.env.NODE_OPTIONS, ...preloads.map((file) => `--require ${quoted(file)}`)].filter(Boolean).join(' ');
    // In its own process group: what it starts (the workers of a cluster) is measured and ends with it.
    this.child = spawn(command[0], command.slice(1), { env: { ...process.env, NODE_OPTIONS: options, COMPARE_DIR: this.dir }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    this.output = '';
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.output = (this.output + text).slice(-4000);
      });
    }
    this.exited = once(this.child, 'close').catch((error) => {
      this.output += error.message;
    });
  }

  /** What the preload has reported under this name, or undefined. */
  told(name) {
    const file = path.join(this.dir, name);
    return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : undefined;
  }

  /** Waits until it listens. @returns {Promise<{ port: number, host: string, isTls: boolean }>} */
  async listens() {
    const until = Date.now() + startMs;
    for (;;) {
      const found = this.told('listens');
      if (found) return found;
      const ended = this.child.exitCode !== null || this.child.signalCode !== null || this.child.pid === undefined;
      if (ended) await this.exited;
      if (ended || Date.now() > until) throw new Error(`the program ${ended ? 'has ended' : 'does not listen'} (${this.label}):\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** @returns {{ cpu: number, memory: number } | null} CPU seconds so far and resident bytes of all its processes; null where there is no /proc */
  usage() {
    let cpu = 0;
    let memory = 0;
    try {
      for (const pid of fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        const fields = statOf(pid);
        // proc(5), counted from the third field: the group is the 5th, utime and stime in ticks of 10 ms the 14th and
        // 15th, resident pages the 24th.
        if (fields === null || Number(fields[2]) !== this.child.pid) continue;
        cpu += (Number(fields[11]) + Number(fields[12])) / 100;
        memory += Number(fields[21]) * 4096;
      }
    } catch {
      return null;
    }
    return { cpu, memory };
  }

  /** Ends it. */
  async stop() {
    const send = (signal) => {
      try {
        process.kill(-this.child.pid, signal);
      } catch {
        // All of it has already ended.
      }
    };
    if (this.child.pid !== undefined) {
      send('SIGTERM');
      const timer = setTimeout(send, stopMs, 'SIGKILL');
      await this.exited;
      clearTimeout(timer);
      send('SIGKILL');
    }
    fs.rmSync(this.dir, { recursive: true, force: true });
  }
}

function statOf(pid) {
  try {
    const text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

module.exports = { Arm };
