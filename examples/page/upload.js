'use strict';
// Reads an upload piece by piece: it is never in memory as a whole.

const { createHash } = require('node:crypto');
const { pipeline } = require('node:stream/promises');
const { send } = require('./events');

/** Answers with the length and the digest of the upload; sends its progress to the event listeners. */
async function takeUpload(req, res) {
  const total = Number(req.headers['content-length']);
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    await pipeline(req, async (pieces) => {
      for await (const piece of pieces) {
        bytes += piece.length;
        hash.update(piece);
        send('received', { bytes, total });
      }
    });
  } catch {
    // The client disconnected in the middle.
    send('broken', { bytes, total });
    return;
  }
  res.writeHead(201, { 'Content-Type': 'application/json' });
  res.end(JSON.stringify({ bytes, sha256: hash.digest('hex') }));
}

module.exports = { takeUpload };
