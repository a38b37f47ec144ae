import type { BankClient } from './client.js';
import type { Random } from './random.js';

const ACCOUNTS = 16;
const OPENING = 1_000;

/** The tables, each with another kind of row key. */
export const TABLES = ['savings', 'current', 'ledger'] as const;

/** Makes the tables and opens the accounts. */
export async function openBank(client: BankClient): Promise<void> {
  await client.query('create table savings (id int primary key, balance bigint not null)');
  await client.query('create table current (id varchar(10), balance bigint not null, primary key (id) nonclustered)');
  await client.query(
    `create table ledger (id bigint primary key auto_increment, token varchar(40) not null, account int not null,
       amount int not null, at timestamp default current_timestamp, unique key by_token (token))`,
  );
  const ids = Array.from({ length: ACCOUNTS }, (_, i) => i);
  await client.query(`insert into savings values ${ids.map((id) => `(${id}, ${OPENING})`).join(',')}`);
  await client.query(`insert into current values ${ids.map((id) => `('c${id}', ${OPENING})`).join(',')}`);
}

/**
 * Moves money from a savings account to a current account, or back, and writes it down.
 *
 * @returns what was moved: the entry with the token is in the ledger if this returned, and may be if this failed.
 */
export async function transfer(client: BankClient, random: Random, token: string): Promise<number> {
  const account = random.below(ACCOUNTS);
  const amount = random.below(41) - 20;
  await client.query('begin');
  await client.query('update savings set balance = balance - ? where id = ?', [amount, account]);
  await client.query('update current set balance = balance + ? where id = ?', [amount, `c${account}`]);
  await client.query('insert into ledger (token, account, amount) values (?, ?, ?)', [token, account, amount]);
  // Entries also go: the replay must see deletes.
  if (random.next() < 0.05) {
    await client.query('delete from ledger where amount = 0 and account = ? limit 3', [account]);
  }
  await client.query('commit');
  return amount;
}

/** Reads all tables in one snapshot. @throws Error when money was lost or made. */
export async function checkSums(client: BankClient): Promise<void> {
  await client.query('begin');
  const [savings] = await client.query('select sum(balance) s, count(*) n from savings');
  const [current] = await client.query('select sum(balance) s, count(*) n from current');
  const [ledger] = await client.query('select sum(amount) s from ledger');
  await client.query('commit');
  const moved = Number(ledger?.s ?? 0);
  const [a, b] = [Number(savings?.s), Number(current?.s)];
  if (a !== ACCOUNTS * OPENING - moved || b !== ACCOUNTS * OPENING + moved) {
    throw new Error(
      `the sums do not hold: savings ${a} in ${savings?.n} rows, current ${b} in ${current?.n} rows, moved ${moved}`,
    );
  }
}
