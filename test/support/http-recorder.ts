/** A local HTTP server that writes down what it is asked and answers as the test says; ended with the running test. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Asked {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  text: string;
  /** The body as JSON; null when it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: bodies are of the outside; a test says what it expects of one.
  json: any;
}

/** `hang`: no answer at all; `drop`: the connection is cut. */
export type Reply =
  | { status: number; json?: unknown; text?: string; headers?: Record<string, string> }
  | 'hang'
  | 'drop';

export interface Recorder {
  /** `http://127.0.0.1:<port>` */
  url: string;
  asked: Asked[];
  close(): Promise<void>;
}

/** Starts the server; `answer` is called with each request. */
export async function recordHttp(answer: (asked: Asked) => Reply): Promise<Recorder> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const one: Asked = { method, path: url, headers, text, json: parsed(text) };
      asked.push(one);
      const reply = answer(one);
      if (reply === 'hang') return;
      if (reply === 'drop') return void request.socket.destroy();
      const body = reply.json === undefined ? (reply.text ?? '') : JSON.stringify(reply.json);
      const type = reply.json === undefined ? 'text/plain' : 'application/json';
      response.writeHead(reply.status, { 'content-type': type, ...reply.headers }).end(body);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(close);
  return { url: `http://127.0.0.1:${port}`, asked, close };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
