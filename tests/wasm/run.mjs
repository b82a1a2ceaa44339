// Runs the tests on CPython in WebAssembly: node run.mjs PYODIDE PACKAGES [arguments of pytest]
// PYODIDE is the folder of the npm package, PACKAGES a folder of pure-Python libraries.
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const [pyodide, packages, ...args] = process.argv.slice(2);
const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const { loadPyodide } = await import(pathToFileURL(path.resolve(pyodide, "pyodide.mjs")));

const python = await loadPyodide({ env: { HOME: "/home/tests", PYTHONDONTWRITEBYTECODE: "1" } });
for (const [inside, outside] of [["/repository", repository], ["/packages", path.resolve(packages)]]) {
  python.FS.mkdirTree(inside);
  python.mountNodeFS(inside, outside);
}
python.FS.mkdirTree("/home/tests");

python.globals.set("arguments", python.toPy(args));
process.exitCode = python.runPython(`
import os, sys
os.chdir("/repository")
sys.path[:0] = ["/repository/src", "/repository/tests/wasm", "/packages"]
sys.dont_write_bytecode = True
import pytest
int(pytest.main(["-p", "left_out", "-p", "no:cacheprovider", "-o", "faulthandler_timeout=0", *arguments]))
`);
