'use strict';
// Prints the names, lengths and attributes of everything reachable from the given modules.
const seen = new Set();
const lines = [];

function look(value, at) {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return;
  seen.add(value);
  if (typeof value === 'function') lines.push(`${at} ${value.name} ${value.length}`);
  for (const key of Reflect.ownKeys(value)) {
    const own = Object.getOwnPropertyDescriptor(value, key);
    lines.push(`${at}.${String(key)} ${own.configurable} ${own.enumerable} ${own.writable}`);
    for (const part of ['value', 'get', 'set']) look(own[part], `${at}.${String(key)}`);
  }
}

for (const [n, name] of process.argv.slice(2).entries()) look(require(name), String(n));
console.log(lines.join('\n'));
