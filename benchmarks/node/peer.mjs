// node-llama-cpp as a peer: loads a model, then answers one JSON request per line of stdin with one line on stdout.
//
// usage: node peer.mjs SETTINGS        {"model": PATH, "threads": N, "sequences": N, "context": N, "batch": N};
//                                      without threads, context and batch the library's own defaults hold
// request                              {"prompts": [[TOKEN, ...], ...], "predict": N}
// answer                               {"wall_s": S, "answers": [{"first_token_s": S, "end_s": S, "predicted": N}, ...]}
import { createInterface } from "node:readline";

const settings = JSON.parse(process.argv[2]);
const { getLlama } = await import(settings.library);
const say = (value) => process.stdout.write(JSON.stringify(value) + "\n");

const llama = await getLlama({
    gpu: false, build: "never", skipDownload: true, logLevel: "error",
    ...(settings.threads ? { maxThreads: settings.threads } : {}),
});
const model = await llama.loadModel({ modelPath: settings.model, gpuLayers: 0 });
const context = await model.createContext({
    sequences: settings.sequences,
    ...(settings.threads ? { threads: { ideal: settings.threads, min: settings.threads } } : {}),
    ...(settings.context ? { contextSize: settings.context } : {}),
    ...(settings.batch ? { batchSize: settings.batch } : {}),
});
const sequences = Array.from({ length: settings.sequences }, () => context.getSequence());
say({ ready: true, threads: context.currentThreads, context: context.contextSize, batch: context.batchSize });

async function complete(sequence, prompt, predict, began) {
    let first = 0;
    let predicted = 0;
    for await (const _ of sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true })) {
        predicted += 1;
        first ||= (performance.now() - began) / 1e3;
        if (predicted === predict) break;
    }
    return { first_token_s: first, end_s: (performance.now() - began) / 1e3, predicted };
}

for await (const line of createInterface({ input: process.stdin })) {
    const { prompts, predict } = JSON.parse(line);
    await Promise.all(prompts.map((_, index) => sequences[index].clearHistory()));
    const began = performance.now();
    const answers = await Promise.all(
        prompts.map((prompt, index) => complete(sequences[index], prompt, predict, began)));
    say({ wall_s: (performance.now() - began) / 1e3, answers });
}
await llama.dispose();
process.exit(0);
