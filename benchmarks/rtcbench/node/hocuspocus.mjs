// A bare Hocuspocus server: node hocuspocus.mjs PORT MODULES_DIR
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
const [port, modules] = process.argv.slice(2);
const require = createRequire(`${modules}/package.json`);
const { Server } = await import(
  pathToFileURL(require.resolve('@hocuspocus/server'))
);
await new Server({
  port: Number(port),
  address: '127.0.0.1',
  quiet: true
}).listen();
