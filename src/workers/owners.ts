/** Which worker owns a key, and where it is reached: a socket each, in a folder nobody else may enter. */
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hash32 } from '../core/hash.js'

/** Bytes of a socket's path that the system takes; what is longer it cuts, on Linux without a word. */
const LONGEST_PATH = process.platform === 'linux' ? 107 : 103

/** Removed when this process ends. Throws where sockets in it would have too long a name. */
export function socketFolder (): string {
  const longest = socketOf(join(tmpdir(), 'seawall-XXXXXX'), 999)
  if (Buffer.byteLength(longest) > LONGEST_PATH) {
    throw new Error(`${longest} is too long a path for a socket (allowed: ${LONGEST_PATH} bytes): name a shorter folder in TMPDIR`)
  }
  const folder = mkdtempSync(join(tmpdir(), 'seawall-'))
  chmodSync(folder, 0o700)
  process.on('exit', () => { rmSync(folder, { recursive: true, force: true }) })
  return folder
}

export function socketOf (folder: string, worker: number): string {
  return join(folder, `${worker}.sock`)
}

/** What an earlier worker of that number left behind would be in the way. */
export function clearSocket (path: string): void {
  if (existsSync(path)) rmSync(path)
}

/** What it is called where origins have their names. */
export function nameOf (worker: number): string {
  return `worker ${worker}`
}

/** The number of the worker that asks the origin for this URL; the same in every worker. */
export function ownerOf (url: string, count: number): number {
  return hash32(url) % count
}
