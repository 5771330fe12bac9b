/**
 * The tour: what the cache does, shown by real requests. Nothing of a line is known beforehand; each is held against
 * what it claims.
 */
import { createWalk, miscounted, said, type Claims, type Reporter, type Stage, type Walk } from './walk.js'

const CLIENTS = 200
/** Beyond the second that /prices and /stock are fresh for. */
const EXPIRY = 1050

/**
 * Resolves to the names of the lines that did not show what they should. Rejects when a request gets no answer at all,
 * and when it is called off.
 */
export async function tour (stage: Stage, reporter: Reporter, calledOff: AbortSignal): Promise<readonly string[]> {
  const walk = createWalk(stage, reporter, calledOff)
  try {
    // so that no line pays for the first connections
    await walk.ask('/')
    for (const part of [freshness, variants, collapsing, writing, expiry, purging, failing]) await part(walk)
    return walk.wrong
  } finally {
    walk.close()
  }
}

const hit: Claims = { 'a hit': a => a.status === 200 && /^hit\b/.test(said(a)), 'its Age': a => a.field('age') !== undefined }
const miss: Claims = { 'an answer fetched and stored': a => a.status === 200 && /^fwd=(uri|vary)-miss\b.*\bstored\b/.test(said(a)) }
const validated: Claims = { 'the stored answer, validated by a 304': a => a.status === 200 && /^fwd=stale; fwd-status=304\b/.test(said(a)) }
const staleIfError: Claims = { 'the stale answer': a => a.status === 200 && /\bstale-if-error\b/.test(said(a)) }

async function freshness (walk: Walk): Promise<void> {
  const path = '/products/42'
  const first = await walk.show({ what: 'miss', path, origin: 1, claims: miss })
  await walk.show({ what: 'hit', path, origin: 0, claims: { ...hit, 'the same bytes': a => a.body === first.body } })
  await walk.show({
    what: '304', path, headers: { 'If-None-Match': first.field('etag') ?? '' }, origin: 0,
    claims: { 'a 304 from the store, without a body': a => a.status === 304 && a.body === '' && /^hit\b/.test(said(a)) }
  })
  await walk.show({ what: 'private', path: '/cart', origin: 1, claims: { 'an answer that is not stored, and why': a => a.status === 200 && /\bdetail=private\b/.test(said(a)) && !/\bstored\b/.test(said(a)) } })
}

async function variants (walk: Walk): Promise<void> {
  const step = (what: string, language: string, origin: number, claims: Claims) => walk.show({
    what, path: '/greeting', headers: { 'Accept-Language': language }, origin,
    claims: { ...claims, 'the language asked for': a => a.field('content-language') === language }
  })
  await step('variant', 'de', 1, miss)
  await step('another variant', 'fr', 1, miss)
  await step('each is kept', 'de', 0, hit)
}

async function collapsing ({ stage: { origin }, ask, line }: Walk): Promise<void> {
  const before = origin.requests()
  const begun = performance.now()
  const answers = await Promise.all(Array.from({ length: CLIENTS }, () => ask('/report')))
  const time = performance.now() - begun
  const saw = origin.requests() - before
  const [first] = answers
  const same = answers.filter(a => a.status === first!.status && a.body === first!.body)
  const waited = answers.filter(a => /\bcollapsed\b/.test(said(a)))
  // on a busy machine some ask only when the answer is there
  const late = answers.filter(a => /^hit\b/.test(said(a)))
  line({
    what: `${CLIENTS} clients, one fetch`, sent: `GET /report  ×${CLIENTS} at once`, status: `${first!.status} ×${same.length}`,
    said: `${said(waited[0] ?? first!)} ×${waited.length}${late.length === 0 ? '' : `, hit ×${late.length}`}`, age: undefined, time, origin: saw
  }, [
    ...same.length === CLIENTS && first!.status === 200 ? [] : [`the same answer for all, not for ${same.length}`],
    ...waited.length > 0 && waited.length + late.length === CLIENTS - 1 ? [] : [`all but one waiting for its fetch, not ${waited.length}`],
    ...miscounted(saw, 1)
  ])
}

async function writing (walk: Walk): Promise<void> {
  const stored = ['/prices/42', '/prices/7', '/stock/42', '/products/7']
  await Promise.all(stored.map(path => walk.ask(path)))
  walk.note(`now ${stored.join(', ')} are stored too`)
  await walk.show({ what: 'a write', method: 'POST', path: '/products/42', origin: 1, claims: { 'a write passed on': a => a.status === 200 && /^fwd=method\b/.test(said(a)) } })
  await walk.show({ what: 'its URL is forgotten', path: '/products/42', origin: 1, claims: miss })
}

async function expiry (walk: Walk): Promise<void> {
  walk.note('a second passes, and what had max-age=1 is stale')
  await walk.wait(EXPIRY)
  await walk.show({ what: 'revalidated', path: '/prices/42', origin: 1, claims: validated })
  const path = '/stock/42'
  const stale = await walk.show({ what: 'stale-while-revalidate', path, origin: 1, claims: { 'the stale answer': a => a.status === 200 && /^hit\b.*\bstale-while-revalidate\b/.test(said(a)) } })
  await walk.show({ what: 'refreshed behind it', path, origin: 0, soon: true, claims: { ...hit, 'the stock after the write': a => a.body !== stale.body } })
}

async function purging (walk: Walk): Promise<void> {
  await walk.show({
    what: 'purge by tag', method: 'POST', path: `${walk.stage.admin}/purge`, headers: { 'Content-Type': 'application/json' }, body: '{"tags":["product-42"]}', origin: 0,
    claims: { 'an acknowledgement': a => a.status === 200 && /"applied":1\b/.test(a.body) }
  })
  await walk.show({ what: 'gone', path: '/products/42', origin: 1, claims: miss })
  await walk.show({ what: 'another tag is not', path: '/products/7', origin: 0, claims: hit })
}

async function failing (walk: Walk): Promise<void> {
  const { origin } = walk.stage
  const path = '/prices/7'
  walk.note('the origin answers 503 to everything')
  await walk.ask(`${origin.url}/fail/on`, { method: 'POST' })
  await walk.show({ what: 'stale-if-error', path, origin: 1, claims: staleIfError })
  walk.note('the origin is gone: it refuses connections')
  await origin.stop()
  await walk.show({ what: 'origin down', path, origin: 0, claims: staleIfError })
  await walk.show({ what: 'fresh all the while', path: '/products/7', origin: 0, claims: hit })
  await walk.show({ what: 'never stored', path: '/products/99', origin: 0, claims: { 'a 502 that says why': a => a.status === 502 && a.body.includes('origin_refused') } })
  await origin.restart()
  await walk.ask(`${origin.url}/fail/off`, { method: 'POST' })
  walk.note('the origin is back')
  await walk.show({ what: 'revalidated', path, origin: 1, claims: validated })
}
