import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PumpServer } from '@tidb-js/pump-stub';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalCluster } from './local-cluster.js';

const browserPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
/** Set to a folder to look at the page oneself. */
const pictures = process.env.PAGE_PICTURES;

describe.skipIf(browserPath === undefined)(`the page${browserPath ? '' : ' (skipped: no chromium here)'}`, () => {
  let browser: Browser;
  let cluster: LocalCluster;
  let pump: PumpServer;
  let dataDir: string;

  beforeAll(async () => {
    cluster = await LocalCluster.start(0);
    dataDir = await mkdtemp(join(tmpdir(), 'page-test-'));
    pump = await PumpServer.start({
      pdUrls: cluster.etcd.endpoints,
      dataDir,
      address: '127.0.0.1:0',
      nodeId: 'pump-of-the-test',
      stopWriteAtAvailableSpace: 0,
    });
    for (let i = 0; i < 3; i += 1) await cluster.add({ binlog: {} });
    browser = await chromium.launch({ executablePath: browserPath ?? '', args: ['--no-sandbox'] });
  });

  afterAll(async () => {
    await browser?.close();
    await cluster?.[Symbol.asyncDispose]();
    await pump?.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  async function open(width: number, height: number): Promise<{ page: Page; strangers: string[]; errors: string[] }> {
    const page = await browser.newPage({ viewport: { width, height } });
    const origin = `http://127.0.0.1:${cluster.node(0).statusPort}`;
    const strangers: string[] = [];
    const errors: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(origin)) strangers.push(request.url());
    });
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    await page.goto(origin);
    return { page, strangers, errors };
  }

  const picture = async (page: Page, name: string) => {
    if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
  };

  it('shows nodes, owner, jobs and Pumps, and who keeps a schema change waiting, as it happens', {
    timeout: 120_000,
  }, async () => {
    const { page, strangers, errors } = await open(1_200, 900);
    await page.locator('.node').nth(2).waitFor();
    expect(await page.locator('.node').count()).toBe(3);
    expect(await page.locator('.node .tag', { hasText: 'DDL owner' }).count()).toBe(1);
    await page.locator('.pump', { hasText: 'pump-of-the-test' }).waitFor();

    const [a, b] = await Promise.all([cluster.connect(0), cluster.connect(1)]);
    await a.query('create table t (id int primary key)');
    await page.locator('.job', { hasText: 'create table t' }).waitFor();
    await b.query('begin');
    await b.query('select * from t');
    const altering = a.query('alter table t add column v int');
    const barrier = page.locator('.barrier', { hasText: `127.0.0.1:${cluster.node(1).port}` });
    await barrier.waitFor();
    await page.locator('.job', { hasText: 'add column v' }).locator('.states .now').waitFor();
    await picture(page, 'barrier');
    await b.query('rollback');
    await altering;
    await barrier.waitFor({ state: 'detached' });
    await page.locator('.job', { hasText: 'add column v' }).locator('.tag', { hasText: 'synced' }).waitFor();

    let counting = true;
    const busy = (async () => {
      for (let i = 0; counting; i += 1) await a.query('insert into t (id) values (?)', [i]);
    })();
    await expect.poll(() => page.locator('#rate b').textContent(), { timeout: 30_000 }).not.toBe('0');
    await picture(page, 'desk');
    counting = false;
    await busy;
    expect(strangers).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('fits a phone', { timeout: 60_000 }, async () => {
    const { page } = await open(360, 740);
    await page.locator('.node').nth(2).waitFor();
    const { scroll, inner } = (await page.evaluate(
      '({ scroll: document.documentElement.scrollWidth, inner: innerWidth })',
    )) as {
      scroll: number;
      inner: number;
    };
    expect(scroll).toBeLessThanOrEqual(inner);
    await picture(page, 'phone');
  });

  it('says so when its node is gone, and shows a node that does not answer', { timeout: 60_000 }, async () => {
    const { page } = await open(1_200, 900);
    await page.locator('.node').nth(2).waitFor();
    await cluster.node(0).close();
    await page.locator('#link.lost').waitFor();
    expect(await page.locator('#link').textContent()).toContain('connection lost');
  });
});
