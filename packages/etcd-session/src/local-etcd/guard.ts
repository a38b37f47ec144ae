import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Waits on a pipe from this process. However this process ends, the pipe ends too: then the guard kills what is listed in
 * `pids` (if it still is an etcd of this folder) and removes the folder, unless its data is to be kept.
 */
const script = `
cat >/dev/null
for pid in $(cat "$1/pids" 2>/dev/null); do
  case "$(ps -o args= -p "$pid" 2>/dev/null)" in *"$1"*) kill -CONT "$pid"; kill -9 "$pid" ;; esac
done
if [ "$2" = keep ]; then rm -f "$1/pids"; else rm -rf "$1"; fi
`;

/** Cleans up behind a process that dies without a chance to do so. Where there is no POSIX shell it guards nothing. */
export class Guard {
  readonly #folder: string;
  readonly #child: ChildProcess | undefined;

  constructor(folder: string, after: 'keep' | 'remove') {
    this.#folder = folder;
    if (process.platform === 'win32') return;
    // Its own process group: an interrupt at the terminal reaches the parent alone.
    this.#child = spawn('sh', ['-c', script, 'local-etcd-guard', folder, after], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.#child.on('error', () => undefined);
    this.#child.stdin?.on('error', () => undefined);
    this.#child.unref();
  }

  /** Says which processes are to be killed. */
  async watch(pids: readonly number[]): Promise<void> {
    await writeFile(join(this.#folder, 'pids'), pids.join('\n'));
  }

  /** The folder is empty of processes: the guard may go. */
  dismiss(): void {
    this.#child?.kill('SIGKILL');
  }
}
