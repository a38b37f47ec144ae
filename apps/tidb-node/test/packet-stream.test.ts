import { connect, createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { PacketStream, PacketTooLarge } from '../src/server/packet-stream.js';
import { MalformedPacket, PayloadReader, PayloadWriter } from '../src/server/payload.js';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** A client's raw socket, and the server's stream at its other end. */
async function pair(maxPacket = 64 << 20): Promise<{ client: Socket; packets: PacketStream }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const client = connect((server.address() as { port: number }).port, '127.0.0.1');
  const packets = new PacketStream(await accepted, maxPacket);
  open.push(() => {
    client.destroy();
    packets.destroy();
    server.close();
  });
  return { client, packets };
}

function frame(sequence: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(4);
  header.writeUIntLE(payload.length, 0, 3);
  header[3] = sequence;
  return Buffer.concat([header, payload]);
}

async function received(client: Socket, length: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of client) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size >= length) break;
  }
  return Buffer.concat(chunks);
}

describe('packets', () => {
  it('come out whole however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 97 }), { minLength: 1, maxLength: 20 }),
        async (payloads, cuts) => {
          const { client, packets } = await pair();
          const bytes = Buffer.concat(payloads.map((payload) => frame(0, Buffer.from(payload))));
          for (let at = 0, i = 0; at < bytes.length; i += 1) {
            const end = at + (cuts[i % cuts.length] ?? 1);
            client.write(bytes.subarray(at, end));
            at = end;
          }
          for (const payload of payloads) expect(await packets.read()).toEqual(Buffer.from(payload));
        },
      ),
      { numRuns: 20 },
    );
  });

  it('of 16 MiB and more travel in several frames, both ways', async () => {
    const { client, packets } = await pair();
    const payload = Buffer.alloc(0xffffff + 5, 7);
    client.write(Buffer.concat([frame(0, payload.subarray(0, 0xffffff)), frame(1, payload.subarray(0xffffff))]));
    expect((await packets.read())?.equals(payload)).toBe(true);
    packets.write(payload.subarray(0, 0xffffff));
    const sent = packets.flush();
    const bytes = await received(client, 4 + 0xffffff + 4);
    await sent;
    expect([bytes[3], bytes.readUIntLE(0, 3)]).toEqual([2, 0xffffff]);
    // A payload that fills its frame is closed by an empty one.
    expect([...bytes.subarray(4 + 0xffffff)]).toEqual([0, 0, 0, 3]);
  });

  it('are answered with the numbers that follow, also when the next command came early', async () => {
    const { client, packets } = await pair();
    client.write(Buffer.concat([frame(0, Buffer.from('a')), frame(0, Buffer.from('b'))]));
    await packets.read();
    packets.write(Buffer.from('1'));
    packets.write(Buffer.from('2'));
    await packets.read();
    packets.write(Buffer.from('3'));
    await packets.flush();
    const bytes = await received(client, 15);
    expect([bytes[3], bytes[8], bytes[13]]).toEqual([1, 2, 1]);
  });

  it('above max_allowed_packet are refused before they are taken in', async () => {
    const { client, packets } = await pair(1000);
    client.write(Buffer.from([0xff, 0xff, 0x7f, 0]));
    await expect(packets.read()).rejects.toThrow(PacketTooLarge);
  });

  it('with a hole in their numbers are malformed', async () => {
    const { client, packets } = await pair();
    client.write(Buffer.concat([frame(0, Buffer.alloc(0xffffff)), frame(3, Buffer.from('x'))]));
    await expect(packets.read()).rejects.toThrow(MalformedPacket);
  });

  it('end when the client leaves', async () => {
    const { client, packets } = await pair();
    client.end();
    expect(await packets.read()).toBeUndefined();
  });
});

describe('payload fields', () => {
  it('of lengths survive in each of their four forms', () => {
    for (const length of [0, 250, 251, 0xffff, 0x10000, 0xffffff, 0x1000000]) {
      const bytes = Buffer.alloc(length, 1);
      const reader = new PayloadReader(new PayloadWriter().lenencBytes(bytes).uint8(9).finish());
      expect(reader.lenencBytes().length).toBe(length);
      expect(reader.uint8()).toBe(9);
    }
  });

  it('that run over the end are malformed, whatever bytes came', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const reader = new PayloadReader(Buffer.from(bytes));
        try {
          while (reader.remaining > 0) {
            reader.lenencBytes();
            reader.nullTerminated();
          }
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedPacket);
        }
      }),
    );
  });
});
