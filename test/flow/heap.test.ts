/** That the program keeps its heap as it means to, whatever V8 would do. */
import { expect, it, onTestFinished } from 'vitest'
import { ask } from '../support/client.js'
import { answer, startOrigin } from '../support/origin.js'
import { ANYWHERE, startSeawall, type Seawall } from '../support/seawall.js'

const MIB = 2 ** 20

/** One that has stored so many answers that V8 would have let the young generation grow to its 32 MiB. */
async function busy (flags: readonly string[] = [], env?: Record<string, string>): Promise<Seawall> {
  const origin = await startOrigin(answer({ 'cache-control': 'max-age=60' }, 'x'.repeat(10_000)))
  onTestFinished(() => origin.stop())
  const seawall = await startSeawall(['--origin', origin.url, ...ANYWHERE, '--access-log', 'off', ...flags], env)
  let next = 0
  const fetching = async (): Promise<void> => { while (next < 4_000) await seawall.get(`/${next++}`) }
  await Promise.all(Array.from({ length: 64 }, fetching))
  return seawall
}

async function young ({ adminUrl }: Seawall): Promise<number> {
  const { body } = await ask(`${adminUrl}/metrics`)
  return Number(/nodejs_heap_space_size_total_bytes\{space="new"\} (\d+)/.exec(body)![1])
}

it('holds the young generation to two halves of 4 MiB', async () => {
  const size = await young(await busy())
  expect(size).toBeLessThanOrEqual(8 * MIB)
  expect(size).toBeGreaterThan(2 * MIB)
})

it('leaves it to who said otherwise', async () => {
  expect(await young(await busy([], { NODE_OPTIONS: '--max-semi-space-size=16' }))).toBeGreaterThan(8 * MIB)
})
