// Lets node run the TypeScript of this repository: `node --import ./build/register.mjs FILE.ts`.
// `ts-node --esm` fails on Node 20 with ERR_UNKNOWN_FILE_EXTENSION; registering its loader works.
import { register } from 'node:module'

process.removeAllListeners('warning')
register('ts-node/esm', import.meta.url)
