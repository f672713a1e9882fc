'use strict';
// The system refuses the core's calls: each exchange ends with an answer, or with an error that both sides notice.
// Nothing hangs or is lost, and descriptors are returned.

const assert = require('node:assert');
const { mkdtempSync, rmSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, test } = require('node:test');
const { CONNECTIONS, REQUESTS, ask, build, serve } = require('./exchanges');
const { SLOWNESS } = require('../support/slowness');

const folder = mkdtempSync(path.join(os.tmpdir(), 'faults-'));
const library = process.platform === 'linux' ? build(folder) : undefined;
const skip = library === undefined && 'needs a C compiler, and a system that preloads libraries as Linux does';

after(() => rmSync(folder, { recursive: true }));

const ALL = CONNECTIONS * REQUESTS;
const ON_A_SERVER = ['stream', 'native', 'offload'];
const ON_A_CLIENT = ['stream', 'native'];

// `isUnnoticed`: neither side needs to notice; otherwise the failure is reported to the program.
const FAULTS = [
  { call: 'recv', error: 'EINTR', every: 3, isUnnoticed: true },
  { call: 'recv', error: 'ENOMEM', every: 60 },
  { call: 'send', error: 'EINTR', every: 3, isUnnoticed: true },
  { call: 'send', error: 'ENOBUFS', every: 5, isUnnoticed: true },
  { call: 'send', error: 'ENOMEM', every: 30 },
  { call: 'epoll_ctl_mod', error: 'ENOMEM', every: 2, isUnnoticed: true },
  { call: 'epoll_ctl_mod', error: 'ENOMEM', every: 1, isUnnoticed: true },
  { call: 'epoll_ctl_add', error: 'ENOSPC', every: 2, isUnnoticed: true },
  { call: 'epoll_wait', error: 'EBADF', every: 40 },
  { call: 'epoll_wait', error: 'EBADF', every: 3 },
  { call: 'epoll_wait', error: 'EBADF', every: 1 },
  { call: 'dup', error: 'EMFILE', every: 2, isUnnoticed: true },
  { call: 'thread', error: 'EAGAIN', every: 1, isUnnoticed: true },
  { call: 'accept', error: 'EMFILE', every: 5 },
];
/** Calls that connections of a client do not need. */
const OF_SERVERS = new Set(['dup', 'thread', 'accept']);

// Which transports make the call in each run, so that it fails there; the others must work without it. (A client that
// pauses reads by its stream, and a reactor may be done within 40 turns.)
function makes(side, transport, { call, every }) {
  switch (call) {
    case 'epoll_ctl_mod': return side === 'server' && transport === 'native';
    case 'epoll_ctl_add': return transport !== 'stream';
    case 'epoll_wait': return transport === 'offload' || (transport === 'native' && every < 40);
    case 'dup':
    case 'thread': return transport === 'offload';
    default: return true;
  }
}

// Up to Node 18 libuv waits with epoll_wait too, and ends the process if that fails. If it can neither accept a connection
// nor close it, it reports that to the server; later versions do not.
const oldLibuv = Number(process.versions.uv.split('.')[1]) < 45;
const skipOf = (call) => skip || (oldLibuv && call === 'epoll_wait' && 'this libuv ends the process where epoll_wait fails');

function check({ answered, made, errors = [], ...rest }, { call, error, isUnnoticed }, isMade) {
  if (isMade) assert.ok(made, 'no call has failed');
  const meant = oldLibuv && call === 'accept' ? `${call} ${error}` : '';
  assert.deepStrictEqual(errors.filter((told) => told !== meant), []);
  const { failed } = rest;
  assert.deepStrictEqual(rest, { failed, hung: 0, lost: 0, unheard: 0, leaked: 0 });
  if (isUnnoticed) assert.deepStrictEqual({ answered, failed }, { answered: ALL, failed: 0 });
}

for (const fault of FAULTS) {
  const what = `one ${fault.call} in ${fault.every} fails with ${fault.error}`;
  for (const transport of ON_A_SERVER) {
    test(`a ${transport} server answers or fails where ${what}`, { skip: skipOf(fault.call), timeout: 60_000 * SLOWNESS }, async () => {
      check(await serve(library, { transport, ...fault }), fault, makes('server', transport, fault));
    });
  }
  if (OF_SERVERS.has(fault.call)) continue;
  for (const transport of ON_A_CLIENT) {
    test(`a ${transport} client is answered or fails where ${what}`, { skip: skipOf(fault.call), timeout: 60_000 * SLOWNESS }, async () => {
      check(await ask(library, { transport, ...fault }), fault, makes('client', transport, fault));
    });
  }
}
