// Compiles src/*.sol into artifacts/NAME.json: ABI, creation code, and the digest of artifacts/MANIFEST, which
// lists everything the compilation depends on. A Go test recomputes the manifest, so a stale artefact is found
// without node. Run by build.sh.
'use strict';
const { createHash } = require('crypto');
const fs = require('fs');
const path = require('path');
const solc = require('solc');

const settings = {
  optimizer: { enabled: true, runs: 800 },
  evmVersion: 'cancun',
  metadata: { bytecodeHash: 'none', appendCBOR: false },
  outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } },
};
const maxCode = 24576; // EIP-170

const sha256 = (b) => createHash('sha256').update(b).digest('hex');
const sol = fs.readdirSync('src').filter((f) => f.endsWith('.sol')).sort();
const inputs = [...sol.map((f) => 'src/' + f), 'compile.js', 'package-lock.json'];
const manifest = inputs.map((f) => `${sha256(fs.readFileSync(f))}  ${f}\n`).join('');

const sources = {};
for (const f of sol) sources['src/' + f] = { content: fs.readFileSync('src/' + f, 'utf8') };
const read = (p) => {
  try {
    return { contents: fs.readFileSync(path.join('node_modules', p), 'utf8') };
  } catch (e) {
    return { error: e.message };
  }
};
const out = JSON.parse(solc.compile(JSON.stringify({ language: 'Solidity', sources, settings }), { import: read }));
let failed = false;
for (const e of out.errors || []) {
  const ours = (e.sourceLocation?.file ?? 'src/').startsWith('src/');
  if (e.severity !== 'error' && !ours) continue; // OpenZeppelin's warnings are OpenZeppelin's
  console.error(e.formattedMessage);
  failed = true; // a warning of ours is a failure too
}
if (failed) process.exit(1);

fs.rmSync('artifacts', { recursive: true, force: true });
fs.mkdirSync('artifacts');
fs.mkdirSync('build', { recursive: true });
fs.writeFileSync('artifacts/MANIFEST', manifest);
for (const f of sol) {
  const name = path.basename(f, '.sol');
  const c = out.contracts['src/' + f][name];
  const size = c.evm.deployedBytecode.object.length / 2;
  if (size > maxCode) throw new Error(`${name}: ${size} bytes of code, at most ${maxCode}`);
  const artefact = { name, compiler: solc.version(), manifest: sha256(manifest), abi: c.abi, bytecode: '0x' + c.evm.bytecode.object };
  fs.writeFileSync(`artifacts/${name}.json`, JSON.stringify(artefact, null, 1) + '\n');
  fs.writeFileSync(`build/${name}.abi`, JSON.stringify(c.abi)); // what abigen reads
  fs.writeFileSync(`build/${name}.bin`, c.evm.bytecode.object);
  console.log(`${name.padEnd(10)} ${size} bytes of code`);
}
