'use strict';
/* global document, EventSource */

const WIDTH = 600;
const BASE = 130;
const SHOWN_MS = 30000;
const AT_ONCE = 6;
const TIMES = 1000;
const MEANINGS = {
  native: 'the core reads and writes the sockets itself',
  stream: 'bytes come and go through net.Socket',
  offload: 'threads of the core read, parse and send',
};

const element = (id) => document.getElementById(id);
const show = (id, value) => {
  element(id).textContent = value;
};
const number = (value) => value.toLocaleString('en');
const sum = (counts) => Object.values(counts).reduce((all, count) => all + count, 0);

// Samples of { at, rate }, in milliseconds and requests per second.
const samples = [];
let before;

// The end of the axis: 1, 2 or 5 times a power of ten.
function topOf(most) {
  const power = 10 ** Math.floor(Math.log10(Math.max(10, most)));
  return [1, 2, 5, 10].map((n) => n * power).find((top) => top >= most);
}

function draw(now) {
  const top = topOf(Math.max(...samples.map(({ rate }) => rate)));
  const x = (at) => (WIDTH - (now - at) / SHOWN_MS * WIDTH).toFixed(1);
  const y = (rate) => (BASE - rate / top * (BASE - 12)).toFixed(1);
  const points = samples.map(({ at, rate }) => `${x(at)},${y(rate)}`);
  element('line').setAttribute('d', `M${points.join('L')}`);
  element('area').setAttribute('d', `M${x(samples[0].at)},${BASE}L${points.join('L')}L${x(now)},${BASE}Z`);
  element('grid').innerHTML = [0, top / 2, top].map((rate) => `<line x1="0" x2="${WIDTH}" y1="${y(rate)}" y2="${y(rate)}"></line><text x="0" y="${y(rate) - 3}">${number(rate)}</text>`).join('');
}

new EventSource('stats').onmessage = ({ data }) => {
  const { at, version, node, platform, stats } = JSON.parse(data);
  show('version', `rust-http ${version}, ${platform}`);
  show('node', node);
  show('transport', stats.transport);
  show('meaning', MEANINGS[stats.transport]);
  for (const name of ['requests', 'bytesRead', 'bytesWritten', 'attached']) show(name, number(stats[name]));
  for (const name of ['accepted', 'open']) show(name, number(stats.connections[name]));
  for (const name of ['parseErrors', 'otherErrors']) show(name, number(sum(stats[name])));
  if (before !== undefined && at > before.at) {
    const rate = (stats.requests - before.requests) * 1000 / (at - before.at);
    samples.push({ at, rate });
    while (samples[0].at < at - SHOWN_MS) samples.shift();
    show('rate', number(Math.round(rate)));
    draw(at);
  }
  before = { at, requests: stats.requests };
};

element('ask').addEventListener('click', async () => {
  element('ask').disabled = true;
  let left = TIMES;
  let right = 0;
  const started = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (left-- > 0) {
      const res = await fetch('hello');
      if (await res.text() === 'Hello from rust-http\n') right++;
    }
  }));
  show('asked', `${number(right)} right answers in ${Math.round(performance.now() - started)} ms`);
  element('ask').disabled = false;
});
