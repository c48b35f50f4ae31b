// Stands for the program `telec up` starts: answers on a socket and says so, or ends as FAKE_DAEMON tells it to.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

const folder = process.env.FAKE_FOLDER;
const answers = {
  '/v1/status': { from: 'daemon', argv: process.argv.slice(2) },
  '/v1/candidate?selector=a%2Fb%40c': { from: 'daemon' },
  '/v1/why?slug=x': { error: { code: 'NOT_FOUND', message: 'no x', hint: 'telec candidates', exit: 1 } },
};

if (process.env.FAKE_DAEMON === 'refuse') {
  process.stderr.write('error: no\nhint: no\n');
  process.stdout.write(
    `${JSON.stringify({ error: { code: 'NOT_INITIALIZED', message: 'not set up', hint: 'telec init' } })}\n`,
  );
  process.exitCode = 6;
} else if (process.env.FAKE_DAEMON !== 'die') {
  mkdirSync(folder, { recursive: true });
  const socket = `${folder}/d.sock`;
  const server = createServer((request, response) => {
    if (process.env.FAKE_DAEMON === 'silent') return request.socket.destroy();
    response.end(JSON.stringify(answers[request.url] ?? {}));
    if (request.url === '/v1/stop') server.close(() => process.exit(0));
    if (request.url === '/v1/stop') server.closeIdleConnections();
  });
  server.listen(socket, () => {
    writeFileSync(
      `${folder}/daemon.json`,
      JSON.stringify({ pid: process.pid, socket, since: '2026-01-01T00:00:00Z', version: '0' }),
    );
    process.stderr.write('redis is loading\n');
    process.stdout.write(`${JSON.stringify({ running: true, pid: process.pid, changed: true })}\n`);
  });
  process.on('exit', () => rmSync(`${folder}/daemon.json`, { force: true }));
}
