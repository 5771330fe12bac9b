/** Who is taken out of a log that workers share with other machines. */
import { expect, it } from 'vitest'
import { Memberships } from '../../src/app/memberships.js'
import { silentLogger } from '../../src/core/logger.js'

function roll (refuse = false): { memberships: Memberships, removed: string[], warned: () => number, begin (id: string, member?: string): void } {
  const removed: string[] = []
  let warned = 0
  const memberships = new Memberships(async member => {
    if (refuse) throw new Error('Redis is away')
    removed.push(member)
  }, { ...silentLogger, warn: () => { warned++ } })
  return {
    memberships, removed, warned: () => warned,
    begin (id, member) {
      memberships.begun({ on: (_, handler: (body: never) => unknown) => { if (member !== undefined) handler(member as never) } }, id)
    }
  }
}

it('a worker that ended, once, by the name it had there', async () => {
  const { memberships, removed, begin } = roll()
  begin('worker 0.1', 'host:1')
  begin('worker 1.2', 'host:2')
  begin('worker 2.3')
  memberships.ended('worker 1.2')
  memberships.ended('worker 1.2')
  memberships.ended('worker 2.3')
  await memberships.settled()
  expect(removed).toEqual(['host:2'])
})

it('that it could not be is said, and holds nothing up', async () => {
  const { memberships, warned, begin } = roll(true)
  begin('worker 0.1', 'host:1')
  memberships.ended('worker 0.1')
  await memberships.settled()
  expect(warned()).toBe(1)
})
