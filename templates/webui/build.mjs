// Bundles the page: `npm run build`, in a copy of this folder that builder/mkexe/page.py makes.
//
//   dist/page/         what is served. The first load is early.js, app.js and app.css; sw.js stays behind the page
//   dist/page/lazy/    what few need, fetched when it is needed; a hash in every name, because browsers keep it for good
//   dist/inputs.json   the files that went into it, from which the licences are collected

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const pdfjs = "node_modules/pdfjs-dist";
// The legacy build holds parts of core-js, and no file says so to esbuild.
const packedInside = ["node_modules/core-js/package.json"];

const common = {
  bundle: true,
  minify: true,
  metafile: true,
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  target: ["chrome100", "firefox100", "safari15.4"],
  outdir: "dist/page",
};
const hashedName = { entryNames: "lazy/[name]-[hash]", assetNames: "lazy/[name]-[hash]" };

const cmaps = writeCMaps();
// Not a module: those run as workers only in Firefox 114 and later.
const worker = await build({
  ...common,
  ...hashedName,
  format: "iife",
  entryPoints: { "pdf-worker": `${pdfjs}/legacy/build/pdf.worker.mjs` },
});
// Every part on its own and whole, not split: a chunk that app.js shares with one would belong to the first load.
const lazy = await build({
  ...common,
  ...hashedName,
  format: "esm",
  entryPoints: readdirSync("src/lazy").sort().map((name) => `src/lazy/${name}`),
});
// Classic scripts, which run before the page is drawn, and beside it.
const classic = await build({ ...common, format: "iife", entryPoints: ["src/early.ts", "src/sw.ts"] });
const app = await build({
  ...common,
  ...hashedName,
  entryNames: "[name]",
  format: "esm",
  entryPoints: ["src/app.ts", "src/app.css"],
  loader: { ".woff2": "file" },
  plugins: [{ name: "lazy-parts", setup: ({ onResolve }) => onResolve({ filter: /\/lazy\// }, resolveLazy) }],
  define: {
    PDF_WORKER_FILE: JSON.stringify(servedName(Object.keys(worker.metafile.outputs)[0])),
    PDF_CMAPS_FILE: JSON.stringify(cmaps.name),
  },
});

const inputs = [worker, lazy, classic, app].flatMap(({ metafile }) => Object.keys(metafile.inputs));
writeFileSync("dist/inputs.json", JSON.stringify([...inputs, ...cmaps.inputs, ...packedInside].sort(), null, 1));

/** `import("./lazy/NAME")` stays in the bundle, under the name of the part's own file. */
function resolveLazy({ kind, path }) {
  if (kind !== "dynamic-import") return { errors: [{ text: `${path} is a part to be fetched later: use import()` }] };
  const source = `src/lazy/${path.split("/").at(-1)}.ts`;
  const [output] = Object.entries(lazy.metafile.outputs).find(([, { entryPoint }]) => entryPoint === source) ?? [];
  if (!output) return { errors: [{ text: `there is no ${source}` }] };
  return { path: `./${servedName(output)}`, external: true };
}

function servedName(output) {
  return output.slice("dist/page/".length);
}

/**
 * One file of pdf.js's CMaps, without which the text of many Chinese, Japanese and Korean PDFs cannot be read. Left out
 * are those of UTF-8 and UTF-32, half of the bytes: no PDF names them (ISO 32000-1, 9.7.5.2, table 118).
 */
function writeCMaps() {
  const folder = `${pdfjs}/cmaps`;
  const names = readdirSync(folder).filter((name) => name.endsWith(".bcmap") && !/-UTF(8|32)-/.test(name)).sort();
  const texts = names.map((name) => [name, readFileSync(`${folder}/${name}`, "base64")]);
  const json = JSON.stringify(Object.fromEntries(texts));
  const name = `lazy/pdf-cmaps-${createHash("sha256").update(json).digest("hex").slice(0, 8)}.json`;
  mkdirSync("dist/page/lazy", { recursive: true });
  writeFileSync(`dist/page/${name}`, json);
  return { name, inputs: names.map((file) => `${folder}/${file}`) };
}
