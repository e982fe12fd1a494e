// Runs the vectors in the module under V8, and compares every reply byte for byte.
//
//     node wasm/runners/node/vectors.mjs [folder of vectors] [module]
//
// Needs Node 20 or later and nothing else. The status is 1 if a reply differs, or if there are no vectors.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const limits = ['steps', 'error_steps', 'tuples', 'tables', 'arena_bytes', 'depth', 'string_bytes', 'collect'];
const entities = { override: 0, add: 1, refuse: 2 };
const absent = 0xffffffff;
const verbs = {
  'request.json': 'authorize', 'batch.json': 'batch', 'evaluation.json': 'evaluation', 'evaluations.json': 'evaluations', 'query.json': 'query',
  'update.json': 'update', 'facts.csv': 'facts', 'describe.json': 'describe', 'test.json': 'test', 'overlay.json': 'overlay',
};
const isStep = (name) => name in verbs || name === 'host.json' || name === 'want.json';

/** The imports of WASI that a running module may call: no files, no arguments, no randomness. Memory is known once there is an instance. */
function wasi(module, memory) {
  const badFile = 8;
  const functions = {
    sched_yield: () => 0,
    clock_time_get: (id, precision, ptr) => {
      new DataView(memory().buffer).setBigUint64(ptr, process.hrtime.bigint(), true);
      return 0;
    },
    proc_exit: (code) => { throw new Error(`the module exited with status ${code}`); },
  };
  const names = WebAssembly.Module.imports(module).map((i) => i.name);
  return Object.fromEntries(names.map((name) => [name, functions[name] ?? (() => badFile)]));
}

/** One instance. It starts ready: nothing is to be called first. */
class Instance {
  constructor(module) {
    const imports = { wasi_snapshot_preview1: wasi(module, () => this.exports.memory) };
    this.exports = new WebAssembly.Instance(module, imports).exports;
    if (this.exports.rune_abi_version() !== 1) throw new Error('the module speaks another version of the ABI');
  }

  /** Calls an export that answers address << 32 | length, and returns those bytes. */
  reply(name, ...args) {
    const result = BigInt.asUintN(64, this.exports[name](...args));
    const start = Number(result >> 32n);
    return Buffer.from(this.exports.memory.buffer, start, Number(result & 0xffffffffn)).toString('latin1');
  }

  /** Copies bytes into a new buffer of the module, and returns its address. */
  put(bytes) {
    const ptr = this.exports.rune_alloc(bytes.length) >>> 0;
    new Uint8Array(this.exports.memory.buffer).set(bytes, ptr);
    return ptr;
  }

  /** Loads a configuration whose files are a map of names to bytes. Returns the reply to the commit. */
  load(name, text, files) {
    const n = Buffer.from(name);
    this.reply('rune_load_begin', this.put(n), n.length, this.put(text), text.length, 0);
    for (;;) {
      const want = JSON.parse(Buffer.from(this.reply('rune_load_next'), 'latin1'));
      if ('read' in want) this.give(want.read, files.get(want.read));
      else if ('list' in want) this.give(want.list, listing(files, want.list));
      else return this.reply('rune_load_commit');
    }
  }

  give(name, data) {
    const n = Buffer.from(name);
    if (data) this.reply('rune_load_give', this.put(n), n.length, this.put(data), data.length);
    else this.reply('rune_load_give', this.put(n), n.length, 0, absent);
  }

  /** Calls a verb with the fields of a host.json, and returns its reply. */
  verb(verb, request, host) {
    const context = Buffer.from(host.context === undefined ? '' : JSON.stringify(host.context));
    const buffers = [this.put(request), this.put(context)];
    buffers.push(this.put(hostBlock(host, buffers[1], context.length)));
    const reply = this.reply(`rune_${verb}`, buffers[0], request.length, buffers[2]);
    for (const b of buffers) this.exports.rune_free(b);
    return reply;
  }
}

/** The names of the files in a folder as JSON, or undefined: there are no empty folders. */
function listing(files, folder) {
  const parent = folder === '' ? '.' : folder;
  const names = [...files.keys()].filter((f) => path.posix.dirname(f) === parent).map((f) => path.posix.basename(f));
  return names.length > 0 ? Buffer.from(JSON.stringify(names)) : undefined;
}

/** The host block for the fields of a host.json. */
function hostBlock(host, context, contextLength) {
  const block = Buffer.alloc(128);
  block.writeUInt32LE(128, 0);
  block.writeUInt32LE(host.now === undefined ? 0 : 4, 4);
  block.writeBigInt64LE(BigInt(host.now ?? 0), 8);
  block.writeUInt32LE(context, 16);
  block.writeUInt32LE(contextLength, 20);
  block.writeBigUInt64LE(BigInt(`0x${host.overlay ?? '0'}`), 24);
  block.writeUInt32LE(entities[host.entities ?? 'override'], 32);
  limits.forEach((name, i) => block.writeBigUInt64LE(BigInt(host.limits?.[name] ?? 0), 40 + 8 * i));
  return block;
}

/** The files of a txtar archive, as [name, bytes] pairs. Bytes are latin1 characters while they are text. */
function parseTxtar(data) {
  const parts = data.toString('latin1').split(/^-- *(\S.*?) *--\r?\n/m).slice(1);
  const files = [];
  for (let i = 0; i < parts.length; i += 2) {
    files.push([Buffer.from(parts[i], 'latin1').toString(), Buffer.from(parts[i + 1], 'latin1')]);
  }
  return files;
}

/** Runs one vector, and returns what differs. */
function runVector(instance, sections) {
  const first = sections.findIndex(([name]) => isStep(name));
  const files = sections.slice(0, first);
  let reply = instance.load(files[0][0], files[0][1], new Map(files));
  let replied = !reply.startsWith('{"error":');
  let host = {};
  const differences = [];
  for (const [name, data] of sections.slice(first)) {
    if (name === 'host.json') host = JSON.parse(data);
    else if (name === 'want.json') {
      replied = true;
      const want = data.toString('latin1');
      if (`${reply}\n` !== want) differences.push(`got\n${reply}\nwant\n${want}`);
    } else reply = instance.verb(verbs[name], data.at(-1) === 0x0a ? data.subarray(0, -1) : data, host);
  }
  if (!replied) differences.push(`the load failed: ${reply}`);
  return differences;
}

/** Adds a space to one reply, and sees that the comparison fails. */
function checkCanFail(file, module) {
  const sections = parseTxtar(readFileSync(file));
  const last = sections.findLast(([name]) => name === 'want.json');
  last[1] = Buffer.from(last[1].toString('latin1').replace(':', ': '), 'latin1');
  if (runVector(new Instance(module), sections).length > 0) return 0;
  console.log("a space too many isn't noticed");
  return 1;
}

/** A reply's code, or "ok", and its SHA-256. */
function summary(reply) {
  const code = reply.match(/^{"error":{"code":"([^"]*)"/)?.[1] ?? 'ok';
  return `${code} ${createHash('sha256').update(reply, 'latin1').digest('hex')}`;
}

/** Runs texts that nest to the limit, one further, and a million deep, and returns the number of replies that differ. */
function runDeep(file, module) {
  let count = 0;
  let failed = 0;
  for (const c of JSON.parse(readFileSync(file))) {
    const instance = new Instance(module);
    for (const [times, want] of Object.entries(c.want)) {
      const n = Number(times);
      const text = Buffer.from(c.head + c.open.repeat(n) + c.middle + c.close.repeat(n) + c.tail);
      let reply;
      if (c.file in verbs) {
        instance.load('config.rune', Buffer.from(c.config), new Map());
        reply = instance.verb(verbs[c.file], text, {});
      } else reply = instance.load(c.file, text, new Map());
      count++;
      if (summary(reply) !== want) {
        failed++;
        console.log(`${c.name}, ${n} times: ${summary(reply)}, want ${want}`);
      }
    }
  }
  console.log(`deep: ${count} texts, ${failed} differ`);
  return failed + (count === 0);
}

function main(folder, file) {
  const module = new WebAssembly.Module(readFileSync(file));
  const vectors = readdirSync(folder, { recursive: true }).filter((f) => f.endsWith('.txtar')).sort();
  let failed = 0;
  for (const vector of vectors) {
    const differences = runVector(new Instance(module), parseTxtar(readFileSync(path.join(folder, vector))));
    if (differences.length > 0) failed++;
    for (const d of differences) console.log(`${vector}: ${d}`);
  }
  console.log(`node: ${vectors.length} vectors, ${failed} differ`);
  if (vectors.length > 0) failed += checkCanFail(path.join(folder, vectors[0]), module);
  failed += runDeep(path.join(folder, '../deep.json'), module);
  process.exitCode = failed > 0 || vectors.length === 0 ? 1 : 0;
}

main(process.argv[2] ?? path.join(root, 'testdata/vectors'), process.argv[3] ?? path.join(root, 'wasm/module/rune.wasm'));
