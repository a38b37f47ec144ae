import { get } from 'node:http';

/**
 * One GET. Not `fetch`, which refuses the status port's default: 10080 is on the list of ports that browsers, and so fetch, keep away from.
 */
export function httpGet(url: string, signal: AbortSignal): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const request = get(url, { signal, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
      response.once('error', reject);
    });
    request.once('error', reject);
  });
}
