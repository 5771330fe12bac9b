/** Connections to workers a test can tell apart. */
import { Agent } from 'node:http'
import { onTestFinished } from 'vitest'
import { ownerOf } from '../../src/workers/owners.js'
import type { Asked, Reply } from './client.js'
import { stats, type Crew } from './crew.js'

/** One client's connection to one worker. */
export interface Seat {
  get (path: string, asked?: Asked): Promise<Reply>
  leave (): void
}

/** A path of shop.test whose owner is that worker. */
export function owned (worker: number, prefix: string, workers = 2): string {
  for (let i = 0; ; i++) if (ownerOf(`http://shop.test${prefix}${i}`, workers) === worker) return `${prefix}${i}`
}

/** A connection to worker 0, and one to worker 1, of two. */
export async function seats (c: Crew): Promise<[Seat, Seat]> {
  const found: Seat[] = []
  for (let i = 0; found[0] === undefined || found[1] === undefined; i++) {
    const seat = sit(c)
    const before = await relayed(c)
    await seat.get(owned(0, `/seat${i}-`))
    const worker = await relayed(c) === before ? 0 : 1
    if (found[worker] === undefined) found[worker] = seat
    else seat.leave()
  }
  return [found[0], found[1]]
}

async function relayed (c: Crew): Promise<number> {
  return (await stats(c) as unknown as { relayed: number }).relayed
}

function sit (c: Crew): Seat {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => { agent.destroy() })
  return { get: (path, asked = {}) => c.get(path, { ...asked, agent }), leave: () => { agent.destroy() } }
}
