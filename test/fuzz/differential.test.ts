/**
 * src/http against node's parser and an independent grammar. FUZZ_SECONDS says for how long (5, a minute where CI=true). FUZZ_SEED
 * repeats a run; without it the seed is new each time, but the same where CI=true: a build's verdict is the code's, not luck's.
 * A failure prints its seed and the shortest input found, as a JavaScript string of one character a byte.
 */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkMemory, checkSplit, checkVerdict, type Problem } from './check.js'
import { CLIENTS, HOSTILE } from './corpus.js'
import { requests } from './generate.js'
import { mutate, pick, randomFrom, shrink } from './mutate.js'
import { parseWithNode } from './node-parser.js'
import { parseWithSeawall } from './seawall-parser.js'

const SECONDS = Number(process.env.FUZZ_SECONDS ?? (process.env.CI === 'true' ? 60 : 5))
const SEED = Number(process.env.FUZZ_SEED ?? (process.env.CI === 'true' ? 20261121 : Date.now() % 2 ** 31))
/** What was accepted is mutated again. */
const POOL = 2000
const ROUND = 400

const seeds = [...Object.values(CLIENTS), ...HOSTILE]
const verdicts = { accepted: 0, refused: 0, incomplete: 0 }
let executions = 0

/** One execution: the verdict of the whole, held against both parsers, cut here and there, and after another request. */
function checkAll (bytes: Buffer, cuts: Iterable<number>, before: Buffer): Problem {
  executions++
  const whole = parseWithSeawall(bytes, undefined)
  verdicts[whole.kind]++
  let problem = checkVerdict(bytes, whole) ?? checkMemory(bytes, whole, before)
  for (const cut of cuts) problem ??= checkSplit(bytes, whole, cut)
  return problem
}

function * everyCut (bytes: Buffer): Iterable<number> {
  for (let cut = 0; cut < bytes.length; cut++) yield cut
}

function report (bytes: Buffer, before: Buffer): never {
  const least = shrink(bytes, candidate => checkAll(candidate, everyCut(candidate), before) !== undefined)
  throw new Error(`FUZZ_SEED=${SEED}: ${checkAll(least, everyCut(least), before)}\ninput: ${JSON.stringify(least.toString('latin1'))}`)
}

describe('the corpus', () => {
  test.each(Object.entries(CLIENTS))('%s is accepted, cut anywhere', (_, bytes) => {
    expect(parseWithSeawall(bytes, undefined)).toMatchObject({ kind: 'accepted', consumed: bytes.length })
    expect(checkAll(bytes, everyCut(bytes), bytes)).toBeUndefined()
  })

  test.each(HOSTILE.map(bytes => [bytes.toString('latin1').slice(0, 80), bytes] as const))('%j is judged alike', (_, bytes) => {
    expect(checkAll(bytes, everyCut(bytes.subarray(0, 2000)), seeds[0]!)).toBeUndefined()
  })
})

test('node’s opinion can be told from ours', () => {
  const { requests, failure } = parseWithNode(Buffer.from('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nabGET /next HTTP/1.0\r\n\r\nG@T'))
  expect(requests).toMatchObject([{ method: 'POST', body: 'ab', persistent: true, complete: true }, { sent: '/next', persistent: false, complete: true }])
  expect(failure).toBeDefined()
})

test(`whatever is accepted is read alike by all, for ${SECONDS} s`, async () => {
  const random = randomFrom(SEED)
  const pool = [...seeds]
  const until = performance.now() + SECONDS * 1000
  for (let round = 0; performance.now() < until; round++) {
    for (let i = 0; i < ROUND; i++) mutateOne(pool, random)
    const details = fc.check(fc.property(requests, fc.nat(600), (bytes, cut) => checkAll(bytes, [cut % (bytes.length + 1)], bytes) === undefined), { seed: SEED + round, numRuns: ROUND / 4 })
    if (details.counterexample !== null) report(details.counterexample[0], details.counterexample[0])
    // node lets go of a connection on a later turn
    await new Promise(resolve => { setImmediate(resolve) })
  }
  console.log(`fuzz: ${executions} executions in ${SECONDS} s, seed ${SEED}: ${verdicts.accepted} accepted, ${verdicts.refused} refused, ${verdicts.incomplete} incomplete`)
}, SECONDS * 1000 + 30_000)

function mutateOne (pool: Buffer[], random: (below: number) => number): void {
  const parent = pick(random, pool)
  const bytes = mutate(parent, pick(random, pool), random)
  const accepted = verdicts.accepted
  const cuts = [random(bytes.length + 1), random(bytes.length + 1)]
  if (checkAll(bytes, cuts, parent) !== undefined) report(bytes, parent)
  if (verdicts.accepted === accepted || bytes.length > 4096) return
  if (pool.length < POOL) pool.push(bytes)
  else pool[seeds.length + random(POOL - seeds.length)] = bytes
}
