'use strict';
// A program written for node:http compiles against our types, under every module resolution.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const ts = require('typescript');
const { installed, installTypes } = require('./package');

const { ModuleKind, ModuleResolutionKind } = ts;
const resolutions = {
  node10: [{ module: ModuleKind.CommonJS, moduleResolution: ModuleResolutionKind.Node10, ignoreDeprecations: '6.0' }, ['.ts']],
  node16: [{ module: ModuleKind.Node16, moduleResolution: ModuleResolutionKind.Node16 }, ['.cts', '.mts']],
  nodenext: [{ module: ModuleKind.NodeNext, moduleResolution: ModuleResolutionKind.NodeNext }, ['.cts', '.mts']],
  bundler: [{ module: ModuleKind.ESNext, moduleResolution: ModuleResolutionKind.Bundler }, ['.ts', '.mts']],
};

let dir;
let home;
test.before(() => {
  dir = installed();
  installTypes(dir);
  // Where the compiler finds the package, as it writes paths.
  home = fs.realpathSync(path.join(dir, 'node_modules/rust-http')).replaceAll('\\', '/');
});
test.after(() => fs.rmSync(dir, { recursive: true }));

const source = (name) => fs.readFileSync(path.join(__dirname, 'types', name), 'utf8');
const programs = {
  'node-http': source('program.ts').replaceAll("'MODULEs'", "'node:https'").replaceAll('MODULE', 'node:http'),
  'rust-http': source('program.ts').replaceAll("'MODULEs'", "'rust-http/https'").replaceAll('MODULE', 'rust-http'),
  'ours': source('ours.ts'),
};

/** Compiles texts and returns the compiler's messages about them and about our declarations. */
function compile(texts, options, endings) {
  const files = Object.entries(texts).flatMap(([name, text]) => endings.map((ending) => {
    const file = path.join(dir, name + ending);
    fs.writeFileSync(file, text);
    return file;
  }));
  const program = ts.createProgram(files, {
    ...options, target: ts.ScriptTarget.ES2022, lib: ['lib.es2022.d.ts'], strict: true, skipDefaultLibCheck: true, noEmit: true, esModuleInterop: true, types: ['node'],
    typeRoots: [path.join(dir, 'node_modules/@types')],
  });
  const ours = program.getSourceFiles().map(({ fileName }) => fileName).filter((name) => name.startsWith(`${home}/`) && !name.slice(home.length).includes('node_modules'));
  const said = ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const where = file ? `${path.basename(file.fileName)}:${file.getLineAndCharacterOfPosition(start).line + 1} ` : '';
    return where + ts.flattenDiagnosticMessageText(messageText, '\n');
  });
  return { said, declarations: ours.map((name) => name.slice(home.length + 1)).sort() };
}

for (const [name, [options, endings]] of Object.entries(resolutions)) {
  test(`a program for node:http compiles against rust-http under ${name}`, () => {
    const { said, declarations } = compile(programs, options, endings);
    assert.deepEqual(said, []);
    const expected = endings.includes('.mts')
      ? ['https.d.mts', 'https.d.ts', 'index.d.mts', 'index.d.ts', 'register.d.ts']
      : ['https.d.ts', 'index.d.ts', 'register.d.ts'];
    assert.deepEqual(declarations, expected);
  });
}

test('a wrong program does not compile', () => {
  const text = "import { createServer, noSuchName } from 'rust-http';\ncreateServer({ transport: 5 });\nnoSuchName();\n";
  const { said } = compile({ wrong: text }, ...resolutions.node16);
  assert.equal(said.length, 4, said.join('\n'));
});
