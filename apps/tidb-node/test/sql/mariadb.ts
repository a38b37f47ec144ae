import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import mysql from 'mysql2/promise';

/** The server's program, where Debian's package puts it. */
const PROGRAM = ['/usr/sbin/mariadbd', '/usr/bin/mariadbd'].find((path) => existsSync(path));

/** MariaDB runs as root only when it is told to. */
const AS_ROOT = process.getuid?.() === 0 ? ['--user=root'] : [];

/** Why the comparison cannot be made; undefined when it can. */
export const WITHOUT_MARIADB =
  PROGRAM === undefined ? 'mariadbd is not installed (Debian: apt install mariadb-server)' : undefined;

/** A real MariaDB on a folder and a socket of its own, without a port and without root. */
export class MariaDb {
  private constructor(
    readonly connection: mysql.Connection,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  static async start(): Promise<MariaDb> {
    if (PROGRAM === undefined) throw new Error(WITHOUT_MARIADB);
    const folder = mkdtempSync(join(tmpdir(), 'mariadb-'));
    const socketPath = join(folder, 's');
    execFileSync(
      '/usr/bin/mariadb-install-db',
      [
        '--no-defaults',
        `--datadir=${folder}/data`,
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
        ...AS_ROOT,
      ],
      { stdio: 'ignore' },
    );
    const child = spawn(
      PROGRAM,
      [
        '--no-defaults',
        `--datadir=${folder}/data`,
        `--socket=${socketPath}`,
        '--skip-networking',
        '--skip-grant-tables',
        `--pid-file=${folder}/pid`,
        '--character-set-server=utf8mb4',
        '--collation-server=utf8mb4_bin',
        '--innodb-buffer-pool-size=32M',
        '--innodb-flush-log-at-trx-commit=0',
        ...AS_ROOT,
      ],
      { stdio: 'ignore' },
    );
    const end = performance.now() + 60_000;
    for (;;) {
      try {
        const connection = await mysql.createConnection({
          socketPath,
          user: 'root',
          rowsAsArray: true,
          dateStrings: true,
          supportBigNumbers: true,
          bigNumberStrings: true,
          charset: 'utf8mb4',
          flags: ['-FOUND_ROWS'],
        });
        await connection.query(
          "set sql_mode='ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO', time_zone='+00:00'",
        );
        await connection.query('set names utf8mb4 collate utf8mb4_bin');
        return new MariaDb(connection, child, folder);
      } catch (error) {
        if (performance.now() > end || child.exitCode !== null) {
          child.kill('SIGKILL');
          throw error;
        }
        await delay(100);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.end();
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await gone;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
