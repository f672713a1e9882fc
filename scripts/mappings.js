'use strict';

// Reads and writes the mappings of a source map, so that lines can be put in another order. Each number in them is the difference to
// the one before (ECMA-426 section 5.3).

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUE = new Map([...DIGITS].map((digit, n) => [digit, n]));

function numbersOf(segment) {
  const numbers = [];
  let number = 0;
  let shift = 0;
  for (const digit of segment) {
    const value = VALUE.get(digit);
    number |= (value & 31) << shift;
    shift += 5;
    if (value & 32) continue;
    numbers.push(number & 1 ? -(number >> 1) : number >> 1);
    number = shift = 0;
  }
  return numbers;
}

function textOf(number) {
  let text = '';
  let rest = number < 0 ? -number << 1 | 1 : number << 1;
  do {
    text += DIGITS[rest > 31 ? rest & 31 | 32 : rest];
    rest >>>= 5;
  } while (rest > 0);
  return text;
}

/** @param {string} mappings @returns {number[][][]} for each line its segments: column, source, its line and column, name, from the beginning */
function decode(mappings) {
  const last = [0, 0, 0, 0, 0];
  return mappings.split(';').map((line) => {
    last[0] = 0;
    return line === '' ? [] : line.split(',').map((segment) => numbersOf(segment).map((number, n) => last[n] += number));
  });
}

/** @param {number[][][]} lines @returns {string} */
function encode(lines) {
  const last = [0, 0, 0, 0, 0];
  return lines.map((line) => {
    last[0] = 0;
    return line.map((segment) => segment.map((number, n) => {
      const text = textOf(number - last[n]);
      last[n] = number;
      return text;
    }).join('')).join(',');
  }).join(';');
}

module.exports = { decode, encode };
