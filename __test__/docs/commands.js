'use strict';

// How the tests run each command of the documents. Keys are the commands as written there.
//   run     a shell runs this instead: the same program with its smallest work. {tmp} is an empty directory
//   in      'copy' of the repository, because it writes into it, with the installed packages; 'clone': without them
//   expect  what its output must contain
//   needs   what the machine must have (see `needs` in test-commands.js); without it the test is skipped and says so
//   ci      .ci/run contains this line
//   test    that test contains this text: it runs the command, with more around it than fits here

const node = 'node __test__/node-suite/run.js';
const quick = 'parallel/test-http-(abort-before-end|chunked-304)';
const selected = { expect: /\d+ tests of Node/, needs: 'node tests' };
const smoke = '--rounds 1 --seconds 1 --only \'^(hello|get-1)$\'';

const COMMANDS = {
  'npm install rust-http': { test: 'package/pack.test.js', text: '\'install\', \'--no-audit\'' },
  'npm ci': { run: 'npm ci --ignore-scripts --no-audit --no-fund --prefer-offline', in: 'clone', expect: /added \d+ packages/ },
  'npm start': { test: 'docs/start.test.js', text: 'spawn(\'npm\', [\'start\']' },
  'npm test': { ci: 'npm test' },
  'npm run test:all': { ci: 'npm run test:all' },
  'npm run test:apps': { run: 'npm run test:apps -- --list', expect: /__test__\/apps\/next\.test\.js/ },
  'npm run build': { run: 'npm run build -- --output-dir {tmp}', expect: /Finished `release`/ },
  'npm run build:debug': { run: 'npm run build:debug -- --output-dir {tmp}', expect: /Finished `dev`/ },
  'npm run build -- --target aarch64-unknown-linux-gnu.2.17 -x': {
    run: 'npm run build -- --target aarch64-unknown-linux-gnu.2.17 -x --output-dir {tmp}', expect: /Finished `release`/, needs: 'cargo-zigbuild',
  },
  'npm run test:programs': { run: 'npm run test:programs -- 6 7 --transport native', expect: /\d+ passed, 0 failed/ },
  'npm run test:programs -- 3000 7 --kind server': { run: 'npm run test:programs -- 6 7 --kind server --transport native', expect: /\d+ passed, 0 failed/ },
  'node --test __test__/server/drain.test.js': { run: 'REQUESTS=500 node --test __test__/server/drain.test.js', expect: /500 requests on \d+ connections, 0 lost/ },
  'node --test __test__/server/limits.test.js': { run: 'node --test __test__/server/limits.test.js', expect: /bytes of a steady upload/ },
  'node --test __test__/agent/retries.test.js': { run: 'REQUESTS=200 node --test __test__/agent/retries.test.js', expect: /0 with retries/ },
  'npm run lint': { ci: 'npm run lint' },
  'npm run fmt': { run: 'npm run fmt && git diff --exit-code', in: 'copy' },
  'bash .ci/run': { run: 'bash -n .ci/run && grep -c "^  step" .ci/run', expect: /^\d\d?$/m },
  'cargo test': { run: 'cargo test --quiet --lib limits', expect: /test result: ok/ },
  'cargo bench': { run: 'cargo bench --quiet --profile dev --bench serializer -- --test', expect: /Success/ },
  'rustup target add': { run: 'rustup target add "$(rustc -vV | sed -n \'s/^host: //p\')"', expect: /up to date/, needs: 'rustup' },
  'apt-get install wrk': { ci: 'apt-get -qq install -y' },
  'npx napi version': { run: 'npx --no napi version && git diff --exit-code', in: 'copy' },
  'npx napi pre-publish': { test: 'package/pack.js', text: '\'pre-publish\', \'--skip-optional-publish\'' },

  'node -r rust-http/register -r ./examples/opentelemetry/tracing.js examples/opentelemetry/app.js': {
    test: 'examples/opentelemetry.test.js', text: "start(t, 'opentelemetry/app.js', { options: ['--require', register, '--require', tracing] })",
  },
  'node -r rust-http/register -p "typeof require(\'http\').Server.prototype.stats"': {
    run: 'node -r rust-http/register -p "typeof require(\'http\').Server.prototype.stats"', expect: /^function$/m,
  },
  'npx rust-http-compare --path / --header \'Accept: application/json\' -- node app.js': { test: 'package/pack.test.js', text: 'node_modules/.bin/rust-http-compare' },
  'node scripts/compare/page.js': {
    run: 'node scripts/compare/page.js --rounds 1 --seconds 1 --to {tmp} && cat {tmp}/plots/compare-fastify.svg {tmp}/ADOPTING.md', expect: /<\/svg>[^]*, 1 rounds of 1 s; the load average[^]*Served by [^]*, 1 rounds of 1 s\./,
  },
  'node -r rust-http/register app.js': { run: 'cp __test__/docs/app.js target/app.js && node -r rust-http/register target/app.js', expect: /^true$/m },
  'node scripts/test.js outgoing': { run: 'node scripts/test.js outgoing --list', expect: /__test__\/outgoing\// },
  'node scripts/test.js package': { run: 'node scripts/test.js package --list', expect: /__test__\/package\/pack/ },
  'node scripts/test.js api/members api/examples': { run: 'node scripts/test.js api/members api/examples --list', expect: /members[\s\S]*|examples[\s\S]*members/ },
  'node scripts/test.js api/surface': { run: 'node scripts/test.js api/surface', expect: /pass [1-9]/ },
  'node scripts/test.js https': { run: 'node scripts/test.js https --list', expect: /https\.test\.js/ },
  'node scripts/test.js api/types api/esm': { run: 'node scripts/test.js api/types api/esm --list', expect: /esm\.test\.js[\s\S]*types\.test\.js/ },
  'node scripts/test.js managers': { run: 'node scripts/test.js managers --list', expect: /managers\.test\.js/ },
  'node scripts/test.js runners': { run: 'node scripts/test.js runners --list', expect: /runners\.test\.js/ },
  'node scripts/test.js bundlers': { run: 'node scripts/test.js bundlers --list', expect: /bundlers\.test\.js/ },
  'node scripts/test.js ecosystem': { run: 'node scripts/test.js ecosystem --list', expect: /web-frameworks\.test\.js/ },
  'node scripts/valgrind.js': { run: 'node scripts/valgrind.js stream', expect: /1 passed/, needs: 'valgrind' },
  'node scripts/compatibility.js native.json stream.json': { run: `${node} --filter '${quick}' --json {tmp}/native.json && node scripts/compatibility.js --check {tmp}/native.json`, ...selected },

  'npm run test:node -- --group all --json native.json': { run: `npm run test:node -- --group all --filter '${quick}' --json {tmp}/native.json`, ...selected },
  'RUST_HTTP_TRANSPORT=stream npm run test:node -- --group all --json stream.json': {
    run: `RUST_HTTP_TRANSPORT=stream npm run test:node -- --group all --filter '${quick}' --json {tmp}/stream.json && grep '"transport": "stream"' {tmp}/stream.json`, ...selected,
  },
  'npm run test:node -- --group all --builtin --json built-in.json': { run: `npm run test:node -- --group all --builtin --filter '${quick}' --json {tmp}/built-in.json`, ...selected },
  'node scripts/compatibility.js native.json stream.json built-in.json': { test: 'docs/compatibility.test.js', text: '\'native.json\', \'stream.json\', \'built-in.json\'' },

  'node scripts/test.js lines': { run: 'node scripts/test.js lines --list', expect: /__test__\/lines\// },
  'node scripts/test.js runtimes': { run: 'node scripts/test.js runtimes --list', expect: /__test__\/runtimes\// },
  // They build for minutes and emulate for longer; .ci/platforms has the results of whole runs.
  'npm run test:platform -- musl': { run: 'npm run test:platform -- musl --list', expect: /^server\/answers\.test\.js$/m },
  'npm run test:platform -- arm64': { run: 'npm run test:platform -- arm64 --list', expect: /^server\/answers\.test\.js$/m },
  'npm run test:platform -- windows': { run: 'npm run test:platform -- windows --list', expect: /^server\/answers\.test\.js$/m },
  'npm run test:platform -- macos': { run: 'npm run test:platform -- macos --list', expect: /^aarch64-apple-darwin$/m },
  'npm run test:asan': { run: 'npm run test:asan -- --list', expect: /^RUST_HTTP_TRANSPORT=offload __test__\/node-suite\/run\.js/m },
  'npm run test:nightly -- miri': { run: 'npm run test:nightly -- miri --list', expect: /^cargo \+nightly miri test/m },
  'npm run test:nightly -- thread': { run: 'npm run test:nightly -- thread --list', expect: /^cargo \+nightly test -Zbuild-std/m },
  'npm run test:matrix': { ci: 'npm run test:matrix' },
  'npm run test:vectors': { ci: 'npm run test:vectors' },
  'npm run test:differential -- 2000000 7': { run: 'npm run test:differential -- 2000 7', expect: /\d+ passed, 0 failed/ },
  'npm run test:differential -- N SEED': { run: 'npm run test:differential -- 1000 1', expect: /\d+ passed, 0 failed/ },
  'npm run fuzz -- split 600': { ci: 'npm run fuzz -- all 5' },
  'npm run fuzz -- TARGET SECONDS': { ci: 'npm run fuzz -- all 5' },
  'npm run fuzz -- hand_over': { ci: 'npm run fuzz -- all 5' },
  'npm run test:node': { run: `npm run test:node -- --filter '${quick}'`, ...selected },
  'npm run test:node -- --group all': { ci: 'npm run test:node -- --group all' },
  'npm run test:node -- --group all --builtin': { run: `npm run test:node -- --group all --builtin --filter '${quick}'`, ...selected },
  'npm run test:node -- --filter agent': { run: 'npm run test:node -- --filter agent-false', ...selected },
  'npm run test:node -- --source ../node': { run: `npm run test:node -- --filter '${quick}' --source {node tests}`, ...selected },
  'npm run test:node -- --json FILE': { run: `npm run test:node -- --filter '${quick}' --json {tmp}/run.json && grep -c '"transport": "native"' {tmp}/run.json`, ...selected },

  'npm run bench': { run: `npm run bench -- --node-only ${smoke}`, expect: /^rust-http .* 0$/m, needs: 'wrk' },
  'npm run bench:client': { run: `npm run bench:client -- ${smoke}`, expect: /^rust-http .* 0$/m },
  'npm run bench:client -- --only \'^(get|post)-50\' --transport stream --transport native': {
    run: 'npm run bench:client -- --rounds 1 --seconds 1 --only \'^get-50\' --transport stream --transport native', expect: /stream[\s\S]* 0$/m,
  },
  'npm run bench -- --report': { test: 'docs/report.test.js', text: '\'--report\', \'--report-to\'' },
  'npm run bench -- --frameworks': {
    run: 'npm run bench -- --frameworks --node-only --rounds 1 --seconds 1 --only \'^(express4-post|fastify-hello)$\'', expect: /^rust-http .* 0$/m, needs: 'wrk',
  },
  'npm run bench -- --node-only': { run: 'npm run bench -- --node-only --rounds 1 --seconds 1 --only \'^pipelined$\'', expect: /^rust-http .* 0$/m, needs: 'wrk' },
  'npm run bench -- --node-only --spread --transport native --transport offload --only \'^(hello|headers|post|json|latency|c4|c16|busy-(5|20|50))$\'': {
    run: 'npm run bench -- --node-only --spread --transport native --transport offload --rounds 1 --seconds 1 --only \'^busy-20$\'', expect: /^rust-http offload .* 0$/m, needs: 'wrk',
  },
  'npm run bench -- --node-only --only \'^fixed\' --transport native --transport offload': {
    run: 'npm run bench -- --node-only --only \'^fixed$\' --transport native --transport offload --rounds 1 --seconds 1', expect: /^rust-http offload .* 0$/m, needs: 'wrk',
  },
  'npm run bench:floods': { run: 'npm run bench:floods -- --rounds 1 --ms 200 --only \'^slow heads$\'', expect: /^\| slow heads \|/m },
  'npm run bench:floods -- --ms 2500': { run: 'npm run bench:floods -- --rounds 1 --ms 250 --only \'^empty lines$\'', expect: /^\| empty lines \|/m },
  // Its verdict is for the full number of requests: with few, memory that is kept once counts as a leak. Here it only
  // has to reach a verdict; __test__/leaks judges.
  'npm run bench:leaks': { run: 'npm run bench:leaks -- 2000 2 || true', expect: /^\| ours, native \|[\s\S]*^\| ours, stream \|[\s\S]*^\d+ leaks?$/m },
  'npm run bench:start': { run: 'npm run bench:start -- --processes 2 --workers 2', expect: /^\| require\('rust-http'\) \|[\s\S]*^An idle server: /m },
  'npm run bench:cores': { run: 'npm run bench:cores -- --rounds 1 --seconds 1', expect: /^\| a connection each \| rust-http \| threads, port shared \| [\d,]+ \| /m, needs: 'wrk' },
  'npm run bench:idle': { run: 'npm run bench:idle -- 200', expect: /native/ },
  'RUST_HTTP_TRANSPORT=offload npm run bench:soak -- 600': { run: 'RUST_HTTP_TRANSPORT=offload npm run bench:soak -- 2' },
  'npm run bench:soak': { run: 'npm run bench:soak -- 2' },
  'npm run bench:instructions': { run: 'npm run bench:instructions', expect: /^read hello +\d+ instructions[\s\S]*^write head +\d+ instructions/m, needs: 'valgrind' },
  'npm run bench:syscalls': { run: 'npm run bench:syscalls', expect: /^rust-http: .*recvfrom 1\.0\d+, sendto 1\.0\d+/m, needs: 'strace and wrk' },
};

module.exports = { COMMANDS };
