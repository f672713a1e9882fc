'use strict';

// The two sides of the judge: processes of one binary that perform programs, with the built-in http or with ours.

const path = require('node:path');
const { fork } = require('node:child_process');

const register = path.resolve(__dirname, '../../lib/register.js');
const worker = path.join(__dirname, 'worker.js');
// A process that has sent nothing for this many milliseconds hangs.
const SILENCE = 20000;

/** How long nothing may happen before the next step is taken. The I/O of offload runs in other threads. */
const SETTLE = { native: { turns: 8, ms: 1 }, stream: { turns: 8, ms: 1 }, offload: { turns: 8, ms: 12 } };

/**
 * One side: `transport` is undefined for the built-in; `preload` is another module to load first. Its process is
 * started when needed, and again if it has died.
 */
class Side {
  #child;

  constructor({ line = process.execPath, transport, settle, preload = transport === undefined ? undefined : register }) {
    this.line = line;
    this.transport = transport;
    this.preload = preload;
    this.settle = settle ?? SETTLE[transport];
  }

  #start() {
    this.#child = fork(worker, [], {
      execPath: this.line,
      execArgv: this.preload === undefined ? [] : ['-r', this.preload],
      env: { ...process.env, ...(this.transport === undefined ? {} : { RUST_HTTP_TRANSPORT: this.transport }) },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.stderr = '';
    this.#child.stderr.on('data', (text) => { this.stderr = (this.stderr + text).slice(-2000); });
    return this.#child;
  }

  /** The traces of programs. If one ends the process or hangs, that is its trace. */
  async perform(programs) {
    const traces = [];
    while (traces.length < programs.length) {
      const failure = await this.#batch(programs.slice(traces.length), traces);
      if (failure !== undefined) traces.push({ process: [failure] });
    }
    return traces;
  }

  #batch(programs, traces) {
    const child = this.#child ?? this.#start();
    return new Promise((resolve) => {
      let left = programs.length;
      let timer;
      const over = (failure) => {
        clearTimeout(timer);
        child.removeAllListeners('message').removeAllListeners('exit');
        if (failure !== undefined) this.stop();
        resolve(failure);
      };
      const watch = () => {
        clearTimeout(timer);
        timer = setTimeout(() => over('hangs'), SILENCE);
      };
      child.on('message', ({ trace }) => {
        traces.push(trace);
        left -= 1;
        if (left === 0) over();
        else watch();
      });
      child.on('exit', (code, signal) => over(`the process ended with ${signal ?? code}${code === 1 ? `: ${this.stderr.split('\n').find((text) => text.includes('Error')) ?? ''}` : ''}`));
      watch();
      child.send({ programs, settle: this.settle });
    });
  }

  stop() {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }
}

// Performed first in a program's own process: what happens for the first time is slow, and its events are spread out.
const WARM_UP = {
  server: { kind: 'server', handlers: [[['res.end', 'a']]], script: [['send', 0, 'GET /0-0-1 HTTP/1.1\r\nHost: a\r\n\r\n']] },
  client: { kind: 'client', script: [['do', [['request', 1, {}, [['req.end']]]]], ['answer', 0, 'send', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na', 'last']] },
};

/** The trace of one program in its own process. */
async function alone(options, program) {
  const side = new Side(options);
  try {
    return (await side.perform([WARM_UP[program.kind], WARM_UP[program.kind], program]))[2];
  } finally {
    side.stop();
  }
}

module.exports = { Side, SETTLE, alone };
