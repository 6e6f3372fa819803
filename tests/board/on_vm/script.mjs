// Runs one script on the MicroPython of the virtual board, with nothing of that board around it.
//
// usage: node script.mjs VM SCRIPT [STDIN]
//
// VM is the folder that holds @micropython/micropython-webassembly-pyscript. The script finds the firmware in /firmware,
// the modules of fixtures/board in /machine and its neighbours in /script. Its standard input are the bytes of the file
// STDIN; what it writes to its standard output goes to ours.
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';

const [, , vmFolder, script, stdin] = process.argv;
const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.resolve(HERE, '../../..');
const FOLDERS = {'/script': HERE, '/machine': path.join(ROOT, 'fixtures/board'), '/firmware': path.join(ROOT, 'firmware')};

const {loadMicroPython} = await import(
  pathToFileURL(path.join(vmFolder, '@micropython/micropython-webassembly-pyscript/micropython.mjs')).href
);
const input = stdin ? [...fs.readFileSync(stdin)] : [];
const vm = await loadMicroPython({
  stdin: () => (input.length ? input.shift() : null),
  stdout: (bytes) => fs.writeSync(1, bytes),
  linebuffer: false,
});
for (const [mount, folder] of Object.entries(FOLDERS)) {
  vm.FS.mkdir(mount);
  for (const file of fs.readdirSync(folder)) {
    if (file.endsWith('.py')) vm.FS.writeFile(`${mount}/${file}`, fs.readFileSync(path.join(folder, file)));
  }
}
try {
  vm.runPython(`
import sys
sys.path[:0] = ['/script', '/machine', '/firmware']
import ${script}
`);
} catch (error) {
  fs.writeSync(1, `${error.message}\n`);
  process.exit(1);
}
