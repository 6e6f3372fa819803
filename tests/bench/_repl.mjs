// MicroPython in its REPL, on a port: fd 0 and 1 are the master of a pty.
//
// usage: node _repl.mjs NODE_MODULES
//
// The REPL of this build takes characters one by one and cannot wait for more, so that raw-paste mode, which reads on by
// itself, is spoken here: its handshake, its window, and what is pasted goes in as raw mode's lines.
import fs from 'node:fs';
import path from 'node:path';
import tty from 'node:tty';
import {pathToFileURL} from 'node:url';

const MODULE = '@micropython/micropython-webassembly-pyscript/micropython.mjs';
const {loadMicroPython} = await import(pathToFileURL(path.join(process.argv[2], MODULE)).href);

const WINDOW = 128;
const BEGIN = [0x05, 0x41, 0x01];
const END = 0x04;
let begun = 0;
let pasted = null;
let unsaid = 0;

function say(...bytes) {
  fs.writeSync(1, Uint8Array.from(bytes));
}

// Raw mode says OK before it runs a line; raw-paste mode has said its own word by then.
function stdout(bytes) {
  const skipped = Math.min(unsaid, bytes.length);
  unsaid -= skipped;
  if (skipped < bytes.length) fs.writeSync(1, bytes.subarray(skipped));
}

const vm = await loadMicroPython({stdout, linebuffer: false, heapsize: 1024 * 1024});

// Ctrl-D alone is a soft reset. Here only the REPL starts anew, what it holds stays.
function put(byte) {
  if (!vm.replProcessChar(byte)) return;
  say(...Buffer.from('soft reboot\r\n'));
  vm.replInit();
}

function take(byte) {
  if (pasted) takePasted(byte);
  else if (byte !== BEGIN[begun]) {
    for (const held of BEGIN.slice(0, begun)) put(held);
    begun = 0;
    put(byte);
  } else if (++begun === BEGIN.length) {
    begun = 0;
    pasted = [];
    say(0x52, 0x01, WINDOW, 0);
  }
}

function takePasted(byte) {
  if (byte !== END) {
    pasted.push(byte);
    if (pasted.length % WINDOW === 0) say(0x01);
    return;
  }
  const line = pasted;
  pasted = null;
  say(END);
  unsaid = 2;
  for (const one of line) put(one);
  put(END);
}

vm.replInit();
const port = new tty.ReadStream(0);
port.on('data', (bytes) => bytes.forEach(take));
port.on('error', () => process.exit(0));
