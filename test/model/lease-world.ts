/**
 * A model of the purge lease (see docs/architecture.md): processes that stop, are cut off or hear late, a log that
 * is emptied or trimmed now and then, and purges. Once a purge is acknowledged no process answers with what it purged.
 */
import type { Ms } from '../../src/core/types.js'
import { chance } from '../support/chance.js'
import { LogServer } from '../support/log-server.js'
import { ModelProcess, type Mutant, type World } from './lease-process.js'

export interface LeaseRun { readonly violations: number, readonly acknowledged: number, readonly served: number, readonly epochs: number }

/** `ticks` milliseconds of three processes, all of it decided by `seed`. */
export async function leaseRun (seed: number, ticks: number, mutant?: Mutant): Promise<LeaseRun> {
  const random = chance(seed)
  let now = 1_000
  let version = 0
  let acknowledged = 0
  const count = { violations: 0, acknowledged: 0, served: 0, epochs: 0 }
  let agenda: { readonly at: Ms, readonly what: () => void }[] = []
  const server = new LogServer({ now: () => now, wall: () => now, after: () => ({ cancel: () => undefined }) })
  const world: World = {
    server, random,
    now: () => now,
    version: () => version,
    schedule: (at, what) => { agenda.push({ at, what }) },
    served (answer) {
      count.served++
      if (answer < acknowledged) count.violations++
    }
  }
  const processes = ['a', 'b', 'c'].map(id => new ModelProcess(world, id, mutant))

  /** The resource changes, and whoever changed it purges it. */
  function purge (through: ModelProcess): void {
    const changed = ++version
    through.log.append(['all'], 'hard', 'cluster').then(() => {
      count.acknowledged++
      acknowledged = Math.max(acknowledged, changed)
    }, () => undefined)
  }

  for (let tick = 0; tick < ticks; tick++) {
    now++
    const due = agenda.filter(one => one.at <= now)
    agenda = agenda.filter(one => one.at > now)
    for (const { what } of due) what()
    if (random(1_000) === 0) {
      count.epochs++
      if (random(2) === 0) server.flush()
      else server.lose()
    }
    if (random(500) === 0) server.trim(random(3))
    if (random(300) === 0) server.fleeting = random(4) === 0
    for (const process of processes) {
      if (random(250) === 0) process.stoppedUntil = now + random(3 * 50)
      if (random(250) === 0) process.cutUntil = now + random(4 * 50)
      if (process.stopped) continue
      if (random(150) === 0) purge(process)
      process.turn()
    }
    await new Promise(resolve => { setImmediate(resolve) })
  }
  return count
}
