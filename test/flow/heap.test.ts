/** That the program keeps its heap as it means to, whatever V8 would do. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
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
  expect(size).toBeGreaterThan(4 * MIB)
})

it('leaves it to who said otherwise', async () => {
  expect(await young(await busy([], { NODE_OPTIONS: '--max-semi-space-size=16' }))).toBeGreaterThan(8 * MIB)
})

it('lets it grow again after V8 has made it small', async () => {
  const heap = new URL('../../dist/src/app/heap.js', import.meta.url).href
  const program = `
    import { Session } from 'node:inspector'
    import { setImmediate as turn } from 'node:timers/promises'
    import { getHeapSpaceStatistics } from 'node:v8'
    import { keepHeap } from '${heap}'
    // what is to be looked at later is looked at when the test says so
    let due
    globalThis.setTimeout = run => {
      due = run
      return { unref: () => undefined }
    }
    const sizes = []
    const look = () => sizes.push(getHeapSpaceStatistics().find(space => space.space_name === 'new_space').space_size / ${MIB})
    let last
    const work = async () => {
      for (let round = 0; round < 20; round++, await turn()) for (let i = 0; i < 50_000; i++) last = { of: [i] }
      look()
    }
    const idle = new Session()
    idle.connect()
    keepHeap('')()
    await work()
    while (sizes.at(-1) > 2) {
      idle.post('HeapProfiler.collectGarbage')
      await turn()
      look()
    }
    due()
    await work()
    console.log(JSON.stringify([sizes[0], sizes.at(-1)]))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program])
  expect(JSON.parse(stdout)).toEqual([8, 8])
})
