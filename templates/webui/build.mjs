// Bundles the page: `npm run build`, in a copy of this folder that builder/mkexe/page/bundle.py makes.
//
//   dist/page/         what is served. The first load is early.js, app.js and app.css; sw.js stays behind the page
//   dist/page/lazy/    what few need, fetched when it is needed; a hash in every name, because browsers keep it for good
//   dist/inputs.json   the files that went into it, from which the licences are collected

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const pdfjs = "node_modules/pdfjs-dist";
const lazySources = "src/text/lazy";
// The legacy build holds parts of core-js, and no file says so to esbuild.
const packedInside = ["node_modules/core-js/package.json"];

const predefinedCMaps = [
  "GB-EUC", "GBpc-EUC", "GBK-EUC", "GBKp-EUC", "GBK2K", "UniGB-UCS2", "UniGB-UTF16", "Adobe-GB1-UCS2",
  "B5pc", "HKscs-B5", "ETen-B5", "ETenms-B5", "CNS-EUC", "UniCNS-UCS2", "UniCNS-UTF16", "Adobe-CNS1-UCS2",
  "83pv-RKSJ", "90ms-RKSJ", "90msp-RKSJ", "90pv-RKSJ", "Add-RKSJ", "EUC", "Ext-RKSJ", "UniJIS-UCS2", "UniJIS-UCS2-HW",
  "UniJIS-UTF16", "Adobe-Japan1-UCS2",
  "KSC-EUC", "KSCms-UHC", "KSCms-UHC-HW", "KSCpc-EUC", "UniKS-UCS2", "UniKS-UTF16", "Adobe-Korea1-UCS2",
];

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
  entryPoints: readdirSync(lazySources).sort().map((name) => `${lazySources}/${name}`),
});
// Classic scripts, which run before the page is drawn, and beside it.
const classic = await build({ ...common, entryNames: "[name]", format: "iife", entryPoints: ["src/shell/early.ts", "src/shell/sw.ts"] });
const app = await build({
  ...common,
  ...hashedName,
  entryNames: "[name]",
  format: "esm",
  entryPoints: ["src/shell/app.ts", "src/styles/app.css"],
  loader: { ".woff2": "file" },
  plugins: [{ name: "lazy-parts", setup: ({ onResolve }) => onResolve({ filter: /\/lazy\// }, resolveLazy) }],
  define: {
    PDF_WORKER_FILE: JSON.stringify(servedName(Object.keys(worker.metafile.outputs)[0])),
    PDF_CMAPS_FILE: JSON.stringify(cmaps.name),
  },
});

const inputs = [worker, lazy, classic, app].flatMap(({ metafile }) => Object.keys(metafile.inputs));
writeFileSync("dist/inputs.json", JSON.stringify([...inputs, ...cmaps.inputs, ...packedInside].sort(), null, 1));

/** `import("…/lazy/NAME")` stays in the bundle, under the name of the part's own file. */
function resolveLazy({ kind, path }) {
  if (kind !== "dynamic-import") return { errors: [{ text: `${path} is a part to be fetched later: use import()` }] };
  const source = `${lazySources}/${path.split("/").at(-1)}.ts`;
  const [output] = Object.entries(lazy.metafile.outputs).find(([, { entryPoint }]) => entryPoint === source) ?? [];
  if (!output) return { errors: [{ text: `there is no ${source}` }] };
  return { path: `./${servedName(output)}`, external: true };
}

function servedName(output) {
  return output.slice("dist/page/".length);
}

/**
 * pdf.js's CMaps, without which the text of many Chinese, Japanese and Korean PDFs cannot be read, in one file: a line of
 * JSON, `{"NAME": [[offset, size], …]}` with offsets from the end of the line, and their bytes in pieces. It holds those
 * that PDFs may name (ISO 32000-1, table 118), Adobe's to Unicode, and none that they would refer to is missing.
 *
 * Two that say nearly the same (of UCS-2 and of UTF-16) lie piece beside piece: gzip sees 32 KB back.
 */
function writeCMaps() {
  const folder = `${pdfjs}/cmaps`;
  const wanted = new RegExp(`^(${predefinedCMaps.join("|")})(-[HV])?\\.bcmap$|^[HV]\\.bcmap$`);
  const names = readdirSync(folder).filter((name) => wanted.test(name)).sort();
  const groups = new Map();
  for (const name of names) {
    const group = name.replace(/-UCS2|-UTF16/, "");
    groups.set(group, [...(groups.get(group) ?? []), name]);
  }
  const pieces = [...groups.values()].flatMap((members) => interleaved(folder, members));
  const index = Object.fromEntries(names.map((name) => [name, []]));
  let offset = 0;
  for (const { name, bytes } of pieces) {
    index[name].push([offset, bytes.length]);
    offset += bytes.length;
  }
  const file = Buffer.concat([Buffer.from(`${JSON.stringify(index)}\n`), ...pieces.map(({ bytes }) => bytes)]);
  const name = `lazy/pdf-cmaps-${createHash("sha256").update(file).digest("hex").slice(0, 8)}.bin`;
  mkdirSync("dist/page/lazy", { recursive: true });
  writeFileSync(`dist/page/${name}`, file);
  return { name, inputs: names.map((file) => `${folder}/${file}`) };
}

/** The files `names` in pieces: the first of each, the second of each, and so on. */
function interleaved(folder, names) {
  const count = names.length > 1 ? 16 : 1;
  const contents = names.map((name) => readFileSync(`${folder}/${name}`));
  const cut = (content, at) => Math.floor((content.length * at) / count);
  return Array.from({ length: count }, (_, at) =>
    contents.map((content, member) => ({ name: names[member], bytes: content.subarray(cut(content, at), cut(content, at + 1)) })),
  ).flat();
}
