'use strict';

// Intended differences: `explains` returns whether a difference is this one, `explainsAll` whether all differences of a
// program come from it; `row` is its row in docs/COMPATIBILITY.md.

/**
 * @typedef {{object: string, builtin: string[], ours: string[]}} Difference
 * @type {{why: string, row: string, explains?: function(Difference & {program: object, release: string}): boolean,
 *   explainsAll?: function({program: object, differing: Difference[]}): boolean}[]}
 */
const INTENDED = [
  {
    why: 'bytes that no request asked for end their connection on every line',
    row: 'a socket of the pool that has ended, or on which bytes have come',
    explains: ({ object, builtin, ours }) => object.startsWith('peer') && !builtin.includes('end') &&
      JSON.stringify(ours.filter((line) => line !== 'end' && line !== 'close')) === JSON.stringify(builtin),
  },
  {
    why: 'a request that has waited for room connects with its own options: the built-in agent takes those of the request whose socket has closed',
    row: 'a request that has waited for room in an agent',
    explains: ({ program, object, builtin, ours }) => object === 'agent' && Boolean(program.agent?.maxSockets ?? program.agent?.maxTotalSockets) &&
      sameBut(builtin, ours, /(?<=^.*free\(an? \w+, )\{.*\}(?=\))/),
  },
  {
    why: 'the same, where that other request could not connect, and so the one that has waited cannot: with the agent that calls all origins one',
    row: 'a request that has waited for room in an agent',
    explainsAll: ({ program, differing }) => program.own === 'named' && Boolean(program.agent?.maxSockets ?? program.agent?.maxTotalSockets) &&
      JSON.stringify(program.script).includes('"to":"refused"') && differing.some(({ builtin, ours }) => failures(builtin) > failures(ours)),
  },
  {
    why: 'an idle connection of another origin is ended for a request that waits only because of it; the built-in leaves the request waiting',
    row: 'an idle socket makes room for a request to another origin',
    explainsAll: ({ program, differing }) => program.agent?.maxTotalSockets !== undefined && hasOtherOrigins(program) &&
      differing.some(({ object, builtin, ours }) => (object.startsWith('peer') && ours.includes('end') &&
        (!builtin.includes('end') || isCutShort(ours[0], builtin[0]))) || (object.endsWith('.req') && getsSocketFirst(builtin, ours))),
  },
  {
    // uncork() of a message that is not corked makes its count negative, which counts as corked.
    why: 'chunks that were written while the message was corked go before the last chunk',
    row: 'chunks written while corked go before the last chunk',
    // What is done in the callbacks of those chunks: with the built-in the message has finished before them.
    explainsAll: ({ program, differing }) => /\.(?:un)?cork"/.test(JSON.stringify(program)) &&
      (differing.some(isEarlyLastChunk) || hidesBytes(program)) &&
      differing.every((one) => isEarlyLastChunk(one) || /\.(?:res|source[\d.]*)$/.test(one.object) || differsInPlace(one)),
  },
  {
    why: 'a request that ends behind its answer returns its connection once: the second time, the built-in takes the socket from the answer',
    row: 'a request whose answer has ended, but whose \'finish\' is still to come',
    explains: ({ program, release, object, builtin, ours }) => returnsTwice(release) && object.endsWith('.res') && /"later".*"req\.end"/.test(JSON.stringify(program)) &&
      builtin.some((line) => /^at last: .*, complete true, .* socket null$/.test(line)) && sameBut(builtin, ours, /(?<=^at last: .*, socket )(?:null|object)$/),
  },
];

/**
 * Whether a peer gets the same, except for the position of the last chunk; what the program wrote to the socket may
 * precede it.
 */
function isEarlyLastChunk({ object, builtin, ours }) {
  return object.startsWith('peer') && sameBut(builtin, ours, /(?<=\\r\\n[^\\]*)0\\r\\n(?:X-T: 1\\r\\n)?\\r\\n/g);
}

/** Whether a socket shows the same, except for when it has room, and where the last chunk is written. */
function differsInPlace({ object, builtin, ours }) {
  const rest = (lines) => lines.filter((line) => line !== 'drain()' && !line.startsWith('wrapped write("0\\r\\n')).join('\n');
  return /^sock\d+$/.test(object) && rest(builtin) === rest(ours);
}

/** Whether a peer received the first part of what it received with the other. */
function isCutShort(ours, builtin) {
  return ours.startsWith('received "') && builtin.length > ours.length && builtin.startsWith(ours.slice(0, -1));
}

/** Whether an observed request has a socket, and none with the built-in. */
function getsSocketFirst(builtin, ours) {
  return builtin.length === ours.length && builtin.some((line, n) => line.startsWith('look#') && line.includes('socket null') && ours[n] === line.replace('socket null', 'socket object'));
}

/** How often a refused connection, or the end of the request that asked for it, was noticed. */
const failures = (lines) => lines.filter((line) => /ECONNREFUSED|ERR_STREAM_PREMATURE_CLOSE/.test(line)).length;

/** The releases that return a connection once, by line: from these minor numbers on. Lines that are not here never do, or always (26). */
const RETURN_ONCE = { 22: 23, 24: 15, 25: 7 };

/** Whether the built-in of a release returns the connection of a request twice, if its answer ends first. */
function returnsTwice(release) {
  const [major, minor] = release.split('.').map(Number);
  return major < 26 && minor < (RETURN_ONCE[major] ?? Infinity);
}

/** Whether a peer does not read, so that what was sent to it is not compared. */
const hidesBytes = (program) => program.script.some(([step, , what]) => step === 'on-data' && what === 'pause');

/** Whether a program may use two origins: another port, or with TLS another name, that of the Host field. */
function hasOtherOrigins(program) {
  const script = JSON.stringify(program.script);
  return script.includes('"to":"refused"') || (Boolean(program.tls) && script.includes('"CONNECT"'));
}

/** Whether two traces are the same except for matches of a pattern. */
function sameBut(builtin, ours, pattern) {
  return builtin.length === ours.length && builtin.every((line, n) => line.replace(pattern, '') === ours[n].replace(pattern, ''));
}

/** Whether every difference of a program is intended, on a release of Node. */
function intended(program, release, differing) {
  return differing.length > 0 && (INTENDED.some(({ explainsAll }) => explainsAll?.({ program, differing })) ||
    differing.every((one) => INTENDED.some(({ explains }) => explains?.({ program, release, ...one }))));
}

module.exports = { INTENDED, intended };
