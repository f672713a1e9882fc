'use strict';

// What the documents tell readers to run.

const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '../..');
const documents = ['README.md', 'CONTRIBUTING.md', ...fs.readdirSync(path.join(root, 'docs')).filter((file) => file.endsWith('.md')).map((file) => `docs/${file}`)];
const programs = ['npm', 'npx', 'node', 'bash', 'cargo', 'curl', 'git', 'apt-get', 'rustup', 'pip'];
const command = new RegExp(`^([A-Z_]+=\\S+ )*(${programs.join('|')}) `);

// The benchmark report contains the command that made it: another duration does not make it another command.
const howLong = / --(rounds|seconds) \d+/g;

// Takes the text of a document; returns { blocks: [{ language, code }], commands: [string], links: [string] }: fenced
// blocks; commands in shell blocks and between backticks; and linked files.
function extract(text) {
  const blocks = [];
  const prose = text.replace(/^```(\w*)\n([\s\S]*?)^```$/gm, (_, language, code) => {
    blocks.push({ language, code });
    return '';
  });
  const inline = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code).filter((code) => command.test(code)).map((code) => code.replace(howLong, ''));
  const shell = blocks.filter(({ language }) => language === 'sh').flatMap(({ code }) => code.trim().split(/\n| && /));
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link).filter((link) => !/^https?:/.test(link));
  return { blocks, commands: [...new Set([...inline, ...shell])], links };
}

function read(document) {
  return extract(fs.readFileSync(path.join(root, document), 'utf8'));
}

module.exports = { documents, extract, read, root };
