'use strict';
// Preloaded where another program runs Node: what a process starts as itself is the script that calls both.

if (process.env.RUST_HTTP_EXEC_PATH) process.execPath = process.env.RUST_HTTP_EXEC_PATH;
// Each process is given this anew: a program sees the options that it was started with.
const own = `--require ${__filename} `;
if (process.env.NODE_OPTIONS?.startsWith(own)) {
  const others = process.env.NODE_OPTIONS.slice(own.length);
  if (others === '') delete process.env.NODE_OPTIONS;
  else process.env.NODE_OPTIONS = others;
}
