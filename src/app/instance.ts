/** What tells one proxy from another: random, and the same in all workers of one. */
import { randomBytes } from 'node:crypto'

const INSTANCE = 'SEAWALL_INSTANCE'

export function newInstance (): string {
  return randomBytes(6).toString('hex')
}

/** For the environment of workers. */
export function instanceEnv (): Record<string, string> {
  return { [INSTANCE]: newInstance() }
}

/** As a worker was told; a worker is always told. */
export function givenInstance (env: NodeJS.ProcessEnv): string {
  return env[INSTANCE]!
}
