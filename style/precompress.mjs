// Writes FILE.br and FILE.gz beside every file of a folder that gains by it: `node precompress.mjs FOLDER`.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const COMPRESSIBLE = new Set([".css", ".ico", ".js", ".json", ".svg", ".txt", ".wasm", ".webmanifest"]);
// A saving below this many bytes is not worth a second copy in the binary.
const SAVING_BYTES_MIN = 64;

const [folder] = process.argv.slice(2);
if (!folder) {
  console.error("usage: node precompress.mjs FOLDER");
  process.exit(2);
}

for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !COMPRESSIBLE.has(extname(entry.name))) continue;
  const file = join(entry.parentPath, entry.name);
  const bytes = readFileSync(file);
  const brotli = brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
  const gzip = gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION });
  if (brotli.length + SAVING_BYTES_MIN <= bytes.length) writeFileSync(`${file}.br`, brotli);
  if (gzip.length + SAVING_BYTES_MIN <= bytes.length) writeFileSync(`${file}.gz`, gzip);
}
