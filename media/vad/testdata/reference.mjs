// Runs the published Silero model in ONNX Runtime over a raw clip (16 kHz mono
// s16le) and prints the reference values that model_test.go compares with.
//
//   node reference.mjs silero_vad.onnx clip.s16 > reference.json
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

// Resolved from the working folder, where onnxruntime-node is installed.
const require = createRequire(process.cwd() + '/');
const ort = require('onnxruntime-node');
const { version } = require('onnxruntime-node/package.json');

const CONTEXT = 64;
const WINDOW = 512;
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

const [modelPath, clipPath] = process.argv.slice(2);
const model = readFileSync(modelPath);
const pcm = readFileSync(clipPath);
const session = await ort.InferenceSession.create(modelPath, { intraOpNumThreads: 1, interOpNumThreads: 1 });

const input = new Float32Array(CONTEXT + WINDOW);
let state = new Float32Array(2 * 128);
const probabilities = [];
for (let at = 0; at + 2 * WINDOW <= pcm.length; at += 2 * WINDOW) {
  input.copyWithin(0, WINDOW);
  for (let i = 0; i < WINDOW; i++) input[CONTEXT + i] = pcm.readInt16LE(at + 2 * i) / 32768;
  const out = await session.run({
    input: new ort.Tensor('float32', input, [1, CONTEXT + WINDOW]),
    state: new ort.Tensor('float32', state, [2, 1, 128]),
    sr: new ort.Tensor('int64', BigInt64Array.of(16000n)),
  });
  state = Float32Array.from(out.stateN.data);
  probabilities.push(Number(out.output.data[0].toFixed(7)));
}
console.log(JSON.stringify({
  runtime: `onnxruntime-node ${version}`,
  model_sha256: sha256(model),
  audio_sha256: sha256(pcm),
  probabilities,
}));
