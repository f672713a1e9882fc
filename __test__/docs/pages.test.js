'use strict';

// Everything that README.md, CONTRIBUTING.md and docs/ tell readers to run is run: commands as
// __test__/docs/commands.js says (by building.test.js, measuring.test.js and commands.test.js), programs as programs.js
// says. What is in neither fails here, and so do an unmarked block that is not a drawing and a broken link.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { documents, extract, read, root } = require('./extract');
const { COMMANDS } = require('./commands');
const { PROGRAMS } = require('./programs');
const { startProgram, ask } = require('./run');

const all = documents.map((document) => ({ document, ...read(document) }));
const commands = [...new Set(all.flatMap((found) => found.commands))];

test('the extractor finds commands between backticks and in shell blocks, programs, and links', () => {
  const text = 'Run `npm test` or `node:http`, see [a](b.md) and [c](https://x.y).\n\n```sh\nnpm ci && A=1 node x.js\n```\n\n```js\nrequire(\'x\');\n```\n';
  const { blocks, commands: list, links } = extract(text);
  assert.deepEqual(list, ['npm test', 'npm ci', 'A=1 node x.js']);
  assert.deepEqual(blocks.map(({ language }) => language), ['sh', 'js']);
  assert.deepEqual(links, ['b.md']);
});

test('every command of the documents is in commands.js, and every one there is in a document', () => {
  assert.deepEqual(commands.filter((command) => !COMMANDS[command]), [], 'say in __test__/docs/commands.js how these are run');
  assert.deepEqual(Object.keys(COMMANDS).filter((command) => !commands.includes(command)), []);
});

test('each block is in a language that is run, or a drawing', () => {
  for (const { document, blocks } of all) {
    for (const { language, code } of blocks) {
      assert.ok(['sh', 'js', 'mjs', ''].includes(language), `${document}: a block in ${language}`);
      if (language === '') assert.match(code, /[│┌─▼]/, `${document}: a block without a language that is no drawing:\n${code}`);
    }
  }
});

for (const { document, blocks } of all) {
  for (const { language, code } of blocks.filter((block) => ['js', 'mjs'].includes(block.language))) {
    const key = Object.keys(PROGRAMS).find((line) => code.split('\n').includes(line));
    test(`${document}: the program with "${key ?? code.split('\n')[0]}" does what programs.js says`, { skip: process.platform === 'win32' && PROGRAMS[key]?.unix }, async () => {
      assert.ok(key, `say in __test__/docs/programs.js how this is run:\n${code}`);
      const { answer, prints } = PROGRAMS[key];
      assert.ok(answer !== undefined || prints !== undefined);
      const program = await startProgram(code, language === 'mjs');
      try {
        if (answer !== undefined) {
          assert.ok(program.port, program.output());
          assert.equal(await ask(program.port), answer);
        }
        if (prints !== undefined) {
          await program.ended;
          assert.match(program.output(), prints);
        }
      } finally {
        await program.stop();
      }
    });
  }
}

test('every link to a file, and every path between backticks, leads somewhere', () => {
  for (const { document, links } of all) {
    for (const link of links) {
      const [file, anchor] = link.split('#');
      const target = path.resolve(root, path.dirname(document), file || path.basename(document));
      assert.ok(fs.existsSync(target), `${document}: ${link}`);
      if (anchor) {
        const anchors = [...fs.readFileSync(target, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, title]) => title.toLowerCase().replace(/[^\w\s-]/g, '').replaceAll(' ', '-'));
        assert.ok(anchors.includes(anchor), `${document}: ${link}`);
      }
    }
    const paths = [...fs.readFileSync(path.join(root, document), 'utf8').matchAll(/`((?:lib|src|bench|scripts|fuzz|tests|__test__|\.github|examples)\/[\w./-]+\.\w+)`/g)].map(([, name]) => name);
    for (const name of paths) assert.ok(fs.existsSync(path.join(root, name)), `${document}: ${name}`);
  }
});
