import { createServer } from 'node:net';
import { PlaygroundError } from './errors.js';

/** The first port from `from` on that nobody listens on and `taken` does not hold; it is added to `taken`. */
export async function freePort(from: number, taken: Set<number>, host = '127.0.0.1'): Promise<number> {
  for (let port = from; port < Math.min(from + 1_000, 65_536); port += 1) {
    if (taken.has(port)) continue;
    // Taken before it is tried: others look for a port meanwhile.
    taken.add(port);
    if (await canListen(port, host)) return port;
    taken.delete(port);
  }
  throw new PlaygroundError(
    `no free port on ${host} from ${from} to ${from + 999}; stop what listens there or choose another --port-offset`,
  );
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}
