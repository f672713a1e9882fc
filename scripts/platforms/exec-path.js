'use strict';
// Preloaded when another program runs Node: a process that starts process.execPath must start the script that calls
// both.

if (process.env.RUST_HTTP_EXEC_PATH) process.execPath = process.env.RUST_HTTP_EXEC_PATH;
// Each process gets this again: the program sees only the options it was started with.
const own = `--require ${__filename} `;
if (process.env.NODE_OPTIONS?.startsWith(own)) {
  const others = process.env.NODE_OPTIONS.slice(own.length);
  if (others === '') delete process.env.NODE_OPTIONS;
  else process.env.NODE_OPTIONS = others;
}
