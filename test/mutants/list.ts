/**
 * Deliberate defects, each breaking one rule. `text` stands once in `file` and becomes `defect`; at least one of `tests`
 * must then fail.
 */
export interface Mutant { readonly rule: string, readonly file: string, readonly text: string, readonly defect: string, readonly tests: readonly string[] }

const SCAN = ['test/unit/scan-refusals.test.ts', 'test/unit/scan.test.ts']
const FRAMING = ['test/unit/framing.test.ts', 'test/unit/scan-refusals.test.ts']
const DECIDE = ['test/unit/policy-decide.test.ts']
const STORING = ['test/unit/policy-store-time.test.ts']
const FORWARD = ['test/unit/policy-forward.test.ts']
const CONDITIONAL = ['test/unit/http-conditional.test.ts']
const LINK = ['test/unit/redis-deadlines.test.ts']
const MODEL = ['test/model/proxy.test.ts']

function mutant (rule: string, file: string, tests: readonly string[], text: string, defect: string): Mutant {
  return { rule, file: `src/${file}`, text, defect, tests }
}

const PARSING: readonly Mutant[] = [
  mutant('Content-Length beside Transfer-Encoding is refused', 'http/section.ts', SCAN, "if (length !== undefined) return 'length_conflict'", ''),
  mutant('only chunked is a transfer coding', 'http/section.ts', SCAN, "coding.toLowerCase() === 'chunked'", "coding.toLowerCase().endsWith('chunked')"),
  mutant('chunked is for HTTP/1.1', 'http/section.ts', SCAN, "return version === '1.1' && coding", 'return coding'),
  mutant('Content-Length comes once', 'http/section.ts', SCAN, "if (found.length !== undefined) return 'bad_content_length'", ''),
  mutant('Content-Length is digits', 'http/section.ts', SCAN, '!/^[0-9]+$/.test(length)', 'Number.isNaN(Number(length))'),
  mutant('Host comes once', 'http/section.ts', SCAN, "if (found.host !== undefined) return 'host_repeated'", ''),
  mutant('Host is there', 'http/section.ts', SCAN, "if (found.host === undefined && version === '1.1') return 'host_missing'", ''),
  mutant('Host is a host', 'http/section.ts', SCAN, "if (found.host !== undefined && !isHost(found.host)) return 'bad_host'", ''),
  mutant('Connection names no field we need', 'http/section.ts', SCAN, "|| NOT_OPTIONS.has(option) || option", '|| option'),
  mutant('an absolute target names the Host', 'http/scan.ts', SCAN, "if (authority !== '' && authority.toLowerCase() !== fields.host) return refuse('host_mismatch')", ''),
  mutant('a target is bounded', 'http/scan.ts', SCAN, "if (at === tooLong) return 'url_too_long'", ''),
  mutant('CONNECT and TRACE are refused in any case', 'http/scan.ts', SCAN, "upper === 'CONNECT' || upper === 'TRACE'", "method === 'CONNECT' || method === 'TRACE'"),
  mutant('dot-segments do not climb', 'http/target.ts', SCAN, "return climbs(path) ? 'bad_target' : read", 'return read'),
  mutant('a chunk size is bounded', 'http/framing.ts', FRAMING, 'const SIZE_DIGITS = 13', 'const SIZE_DIGITS = 1300'),
  mutant('a chunk has a size', 'http/framing.ts', FRAMING, "if (this.digits === 0) return 'refused'", ''),
  mutant('a chunk ends with CR', 'http/framing.ts', FRAMING, "case 'data-cr': return byte === CR ?", "case 'data-cr': return byte !== 0 ?"),
  mutant('trailers frame nothing', 'http/framing.ts', FRAMING, 'if (name === undefined || NOT_TRAILERS.has(name.toLowerCase()))', 'if (name === undefined)'),
  mutant('a body ends where its length says', 'http/framing.ts', FRAMING, 'Math.min(end - start, this.length - this.total)', 'end - start')
]

const POLICY: readonly Mutant[] = [
  mutant('fresh is before freshUntil', 'policy/decide.ts', DECIDE, "if (now < until.freshUntil) return trusted", 'if (now <= until.freshUntil + 1000) return trusted'),
  mutant('no-cache is never used unvalidated', 'policy/decide.ts', DECIDE, 'const unvalidated = (flags & POLICY.noCache) !== 0', 'const unvalidated = false'),
  mutant('a request\'s no-cache counts', 'policy/decide.ts', DECIDE, 'const unwanted = directives.noCache ||', 'const unwanted ='),
  mutant('a request\'s max-age counts', 'policy/decide.ts', DECIDE, 'now - bornAt > directives.maxAge)', 'now - bornAt > directives.maxAge * 2)'),
  mutant('stale-while-revalidate ends', 'policy/decide.ts', DECIDE, 'if (now < until.swrUntil && !wantsFresh)', 'if (!wantsFresh)'),
  mutant('stale-if-error ends', 'policy/decide.ts', DECIDE, 'if (until.sieUntil > until.freshUntil && q.now < until.sieUntil) return true', 'if (until.sieUntil > until.freshUntil) return true'),
  mutant('max-stale never goes past must-revalidate', 'policy/decide.ts', DECIDE, '(flags & (POLICY.noCache | POLICY.mustRevalidate)) === 0 && q.now', 'q.now'),
  mutant('only-if-cached never asks', 'policy/decide.ts', DECIDE, "if (directives.onlyIfCached && decision.kind !== 'hit'", "if (directives.onlyIfCached && decision.kind === 'pass' && decision.kind !== 'hit'"),
  mutant('what was purged hard is not there', 'policy/decide.ts', DECIDE, "q.verdict.kind === 'hard' || expired", 'expired'),
  mutant('a soft purge makes stale', 'policy/decide.ts', DECIDE, "const until = verdict.kind === 'soft' ?", "const until = verdict.kind === 'hard' && 'since' in verdict ?"),
  mutant('a pass record sends past the store', 'policy/decide.ts', DECIDE, "case 'pass': return { kind: 'pass', why: 'uncacheable' }", "case 'pass': return unanswered(q, miss)"),
  mutant('a GET with content passes', 'policy/decide.ts', DECIDE, 'if (q.hasBody === true) return', 'if (q.hasBody === undefined) return'),
  mutant('Authorization needs the origin\'s word', 'policy/store-time.ts', STORING, 'if (facts.authorization && !sharedByWord(response))', 'if (facts.authorization && response.status === 0)'),
  mutant('s-maxage is such a word', 'policy/store-time.ts', STORING, 'directives.public || directives.sMaxage !== undefined || directives', 'directives.public || directives'),
  mutant('private is not stored', 'policy/store-time.ts', STORING, "if (directives.private) return 'private'", ''),
  mutant('no-store is not stored', 'policy/store-time.ts', STORING, "if (directives.noStore && !lifted(response)) return 'no-store'", ''),
  mutant('Vary: * is not stored', 'policy/store-time.ts', STORING, "if (vary === '*') return 'vary-star'", ''),
  mutant('Set-Cookie is refused', 'policy/store-time.ts', STORING, "if (response.setsCookie && route.setCookie === 'refuse') return 'set-cookie'", ''),
  mutant('s-maxage goes before max-age', 'policy/lifetime.ts', STORING, 'directives.sMaxage ?? directives.maxAge', 'directives.maxAge ?? directives.sMaxage'),
  mutant('must-revalidate forbids stale use', 'policy/windows.ts', STORING, 'if (directives.noCache || directives.mustRevalidate ||', 'if (directives.noCache ||'),
  mutant('age counts the way here', 'policy/age.ts', STORING, 'response.age + delay)', 'response.age)'),
  mutant('variants differ by the values Vary names', 'policy/key.ts', ['test/unit/policy-key.test.ts'], 'for (const name of names) key += part(\'v\', name, selectingValue(name, facts.value(name), vary))', ''),
  mutant('parts of a key carry their length', 'policy/key.ts', ['test/unit/policy-key.test.ts'], '`${named}=${value.length}:${value}`', '`${named}=${value}`'),
  mutant('a picked cookie splits the key', 'policy/key.ts', ['test/unit/policy-key.test.ts'], "for (const pair of own) parts += part('c', name, pair)", ''),
  mutant('a 304 keeps Content-Encoding', 'policy/freshen.ts', ['test/unit/policy-freshen.test.ts'], "'content-length', 'content-encoding',", "'content-length',"),
  mutant('a 304 brings new fields', 'policy/freshen.ts', ['test/unit/policy-freshen.test.ts'], 'merged.push(...update)', '')
]

const FIELDS: readonly Mutant[] = [
  mutant('hop-by-hop fields stay', 'http/fields.ts', ['test/unit/http-fields.test.ts'], "'te', 'trailer', 'transfer-encoding', 'upgrade'", "'te', 'trailer', 'transfer-encoding'"),
  mutant('names are the same in whatever case', 'http/names.ts', ['test/unit/http-names.test.ts'], 'alike.has(name.toLowerCase())', 'alike.has(name)'),
  mutant('what Connection names stays', 'http/fields.ts', ['test/unit/http-fields.test.ts'], '|| options?.has(name) === true) continue', ') continue'),
  mutant('weak tags never match strongly', 'http/conditional.ts', CONDITIONAL, "return a === b && a.startsWith('\"') &&", 'return a === b &&'),
  mutant('If-None-Match compares weakly', 'http/conditional.ts', CONDITIONAL, "const ENTITY_TAG = /^(W\\/)?(", 'const ENTITY_TAG = /^(X\\/)?('),
  mutant('If-None-Match hides If-Modified-Since', 'http/conditional.ts', CONDITIONAL, 'if (facts.ifNoneMatch !== undefined) return noneMatchFails', 'if (facts.ifNoneMatch !== undefined && facts.ifModifiedSince === undefined) return noneMatchFails'),
  mutant('a range ends within the body', 'http/range.ts', ['test/unit/http-range.test.ts'], 'last: Math.min(last, length - 1) }', 'last: Math.min(last, length) }'),
  mutant('a suffix range counts from the end', 'http/range.ts', ['test/unit/http-range.test.ts'], 'first: Math.max(0, length - wanted)', 'first: Math.max(0, wanted)'),
  mutant('the origin is sent the Host it is to be sent', 'policy/forward.ts', FORWARD, "const headers = ['Host', input.originHost]", "const headers = ['Host', input.facts.host]"),
  mutant('Via names us', 'policy/forward.ts', FORWARD, "'Via', [...fieldLines(raw, 'via'), `${input.version} ${PSEUDONYM}`].join(', ')", "'Via', [...fieldLines(raw, 'via'), `${input.version} proxy`].join(', ')"),
  mutant('X-Forwarded-For of strangers is not believed', 'policy/forward.ts', FORWARD, 'peer.trusted ? fieldLines(raw, name) : []', 'fieldLines(raw, name)'),
  mutant('other names for the URL do not pass', 'policy/forward.ts', FORWARD, "if (peer.trusted || !spoofs(received[i]!.toLowerCase(), input.keyed)) headers", 'headers'),
  mutant('conditions stay here when a fill goes out', 'policy/forward.ts', FORWARD, 'const FILL = new FieldNames([...OWN, ...CONDITIONS])', 'const FILL = new FieldNames(OWN)')
]

const PATHS: readonly Mutant[] = [
  mutant('a hard purge is hard', 'invalidation/tables.ts', ['test/unit/invalidation-tables.test.ts', ...MODEL], 'if (purges.hard > base) return ALWAYS', ''),
  mutant('a purge by prefix reaches below it', 'invalidation/tables.ts', ['test/contract/invalidation-log.test.ts'], 'if (length <= record.url.length) since', 'if (length === record.url.length) since'),
  mutant('only clean is remembered', 'invalidation/log.ts', ['test/contract/invalidation-log.test.ts'], 'if (verdict === CLEAN) record.checkedAt = head', 'record.checkedAt = head'),
  mutant('what was forgotten is not vouched for', 'invalidation/log.ts', ['test/contract/invalidation-log.test.ts', 'test/unit/invalidation-sweep.test.ts'], 'if (base < this.floor) return UNSURE', ''),
  mutant('tags are capped in number', 'http/tags.ts', ['test/unit/http-tags.test.ts'], 'tags.length <= MAX_TAGS && ', ''),
  mutant('tags are capped in length', 'http/tags.ts', ['test/unit/http-tags.test.ts'], ' && tags.every(tag => tag.length <= MAX_TAG_BYTES)', ''),
  mutant('what cannot be purged by all it says is not stored', 'proxy/store-verdict.ts', ['test/flow/cache-status.test.ts'], "tagsFit(tags) ? { kind: 'store', time, tags } : TOO_MANY_TAGS", "{ kind: 'store', time, tags }"),
  mutant('a path that may be another route\'s is not cached', 'policy/routes.ts', ['test/flow/cache-attacks.test.ts'], '? found.route : found.uncached', '? found.route : found.route'),
  mutant('a purge names only what requests can ask for', 'app/purge-keys.ts', ['test/flow/purge.test.ts'], "return typeof readTarget(target, 'GET', seen) === 'string' ? undefined : target", 'return target'),
  mutant('what is of another type in Redis is a log that was lost', 'invalidation/scripts.ts', ['test/contract/invalidation-gaps.test.ts'], "if string.find(reply.err, 'WRONGTYPE', 1, true) then return nil end", ''),
  mutant('an epoch is believed under its seal', 'invalidation/scripts.ts', ['test/contract/invalidation-damage.test.ts'], 'and state[5] == sealOf(state[1], state[3], state[4])', ''),
  mutant('an answer that was overtaken takes nobody off the list', 'invalidation/members.ts', ['test/regress/010-purge-acknowledged-before-all-were-known.test.ts'], 'else if (later) this', 'else this'),
  mutant('no member is further than the log', 'invalidation/redis-reply.ts', ['test/contract/invalidation-damage.test.ts'], '...(possible ? { epoch, seq } : { epoch: 0, seq: 0 })', 'epoch, seq'),
  mutant('epochs that do not last begin ever later', 'invalidation/epochs.ts', ['test/unit/invalidation-epochs.test.ts'], "(by === 'poll' && now - this.since >= this.pause)", "(by === 'poll' && now >= this.since)"),
  mutant('variants are capped', 'store/variants.ts', ['test/contract/store-memory.test.ts'], 'return count > this.most ? victim : undefined', 'return undefined'),
  mutant('an older fill never replaces a newer', 'store/memory.ts', ['test/contract/store-memory.test.ts'], 'return this.supersedes(record, held) && this.replace(held, record, fitting)', 'return this.replace(held, record, fitting)'),
  mutant('a truncated body is not committed', 'store/memory.ts', ['test/contract/store-memory.test.ts'], 'if (this.closed || (length ?? 0) > this.maxObject || !this', 'if (this.closed || !this'),
  mutant('what a purge overtook is not stored', 'proxy/keeping.ts', ['test/flow/purge.test.ts'], "return kind === 'hard' || kind === 'unsure'", 'return false'),
  mutant('a purge is later than the fetch it overtakes', 'proxy/fill.ts', [...MODEL, 'test/flow/purge.test.ts'],
    "const failing = answer.status >= 500 && (verdict.kind === 'refuse' || entry !== undefined)", "this.startedAt = this.parts.log.head\n    const failing = answer.status >= 500 && (verdict.kind === 'refuse' || entry !== undefined)"),
  mutant('what changed its mind is as old as when it was asked for', 'proxy/uncacheable.ts', ['test/flow/uncacheable.test.ts'], '{ exchange, startedAt, beganAt, generation })', '{ exchange, startedAt: parts.log.head, beganAt, generation })'),
  mutant('what was asked for later is stored over what was asked for before', 'proxy/uncacheable.ts', ['test/flow/uncacheable.test.ts'], '{ exchange, startedAt, beganAt, generation })', '{ exchange, startedAt, beganAt, generation: nextGeneration() })'),
  mutant('a body that ends with its connection is not stored', 'proxy/keeping.ts', ['test/flow/faults.test.ts', 'test/flow/storing.test.ts', 'test/wire/answers.test.ts'], "if (framing === 'close') return 'unverifiable-length'", ''),
  mutant('many ask, one fetches', 'proxy/collapse.ts', [...MODEL, 'test/flow/collapse.test.ts'], 'if (fill !== undefined && (!alone || holdsRanges(fill)) && this.mayWait(fill, r)) return', 'if (fill !== undefined && (!alone || holdsRanges(fill)) && this.mayWait(fill, r) && round.turns > 9) return'),
  mutant('one refresh a key', 'proxy/collapse.ts', [...MODEL, 'test/flow/stale.test.ts'], 'if (this.fills.busy(this.keyFor(r, found))) return', ''),
  mutant('a variant is for those who select it', 'proxy/collapse.ts', [...MODEL, 'test/flow/vary.test.ts'], 'if (key !== meta.key) return false', ''),
  mutant('who waited is not given what was purged', 'proxy/collapse.ts', [...MODEL, 'test/flow/not-modified.test.ts', 'test/flow/collapse-edges.test.ts', 'test/flow/purge.test.ts'], 'if (meta === undefined || this.parts.log.verdict(fill.judged) !== CLEAN) return false', 'if (meta === undefined) return false'),
  mutant('credentials are a class of their own', 'proxy/fills.ts', [...MODEL, 'test/flow/collapse.test.ts'], 'const slots = [keyFor(plan.r, plan.key)]', 'const slots = [plan.key]'),
  mutant('a write invalidates', 'proxy/pass.ts', [...MODEL, 'test/flow/write-invalidation.test.ts'], 'await parts.log.appendWrite(scopes)', ''),
  mutant('a write that failed invalidates nothing', 'proxy/invalidate.ts', ['test/flow/write-invalidation.test.ts'], '|| status < 200 || status >= 400) return []', ') return []'),
  mutant('what is given again is what is stored', 'proxy/again.ts', ['test/flow/given-again.test.ts'], 'return store.holds(entry, now) && log', 'return log'),
  mutant('what is given again is not purged', 'proxy/again.ts', ['test/flow/given-again.test.ts'], '&& log.verdict(judged) === CLEAN && log.trusted', '&& log.trusted'),
  mutant('what is given again was selected by Vary', 'proxy/again.ts', ['test/flow/given-again.test.ts'], 'selection(facts, vary.names, rule) !== selected || ', ''),
  mutant('what is given again is as old as it says', 'proxy/again.ts', ['test/flow/given-again.test.ts'], 'if (now < given.until) return given.response', 'if (given.response !== undefined) return given.response'),
  mutant('a 304 speaks of the entry it names', 'proxy/freshened.ts', ['test/flow/revalidation.test.ts'], 'if (etag !== undefined) return entry.etag !== undefined && weakMatch(etag, entry.etag)', 'if (etag !== undefined) return true')
]

const EDGES: readonly Mutant[] = [
  mutant('a body has the length announced', 'server/writer.ts', ['test/unit/server-answers.test.ts'], 'if (length !== undefined && left > 0) throw', 'if (length === undefined && left < 0) throw'),
  mutant('what a socket has yet to send is not written over', 'server/scratch.ts', ['test/unit/server-scratch.test.ts'], 'if (socket.writableLength > 0) taken', 'if (socket.writableLength < 0) taken'),
  mutant('a chunked body ends', 'server/writer.ts', ['test/unit/server-answers.test.ts'], "if (delivery === 'chunked') sink.write('0\\r\\n\\r\\n')", ''),
  mutant('a broken answer is a reset', 'server/writer.ts', ['test/unit/server-answers.test.ts'], 'else socket.resetAndDestroy()', 'else socket.end()'),
  mutant('under TLS it is the transport that is reset', 'server/outbound.ts', ['test/unit/server-tls.test.ts'], 'reset(this.transport)', 'reset(this.socket)'),
  mutant('requests wait for the end of the turn', 'server/connection.ts', ['test/unit/server-turns.test.ts'], 'this.turnEnd.leave(request, undefined)', 'this.serve(request)'),
  mutant('what came out of the store is not left lying', 'server/connection.ts', ['test/unit/server-turns.test.ts'], "if ('socket' in answer || isStored(answer))", "if ('socket' in answer)"),
  mutant('nothing behind a refused request is looked at', 'server/connection.ts', ['test/unit/server-requests.test.ts'], '    this.in.drop()\n    this.closing = true\n', '    this.in.drop()\n'),
  mutant('a head takes no longer than it may', 'server/connection.ts', ['test/unit/server-requests.test.ts'], "if (this.state === 'head') this.refuse('header_timeout')", "if (this.state === 'head') return"),
  mutant('who reads nothing is let go', 'server/outbound.ts', ['test/unit/server-slow-readers.test.ts', 'test/unit/server-tls.test.ts'], 'else if (serving.clock.now() - this.progressAt >= serving.limits.writeStall) return', 'else if (serving.clock.now() < 0) return'),
  mutant('a part of a write that is taken is progress', 'server/taken.ts', ['test/unit/server-taken.test.ts'], 'handle.bytesWritten - handle.writeQueueSize', 'handle.bytesWritten'),
  mutant('an answer begun before a drain is finished', 'server/connection.ts', ['test/unit/server-listener.test.ts'], "if (this.state === 'idle') this.end()\n    // a", "if (this.state !== 'closed') this.end()\n    // a"),
  mutant('draining closes what is idle', 'server/listener.ts', ['test/unit/server-listener.test.ts'], 'for (const connection of serving.connections) connection.drain()', ''),
  mutant('an oversized body is refused', 'server/inbound.ts', ['test/unit/server-bodies.test.ts'], "if (length !== undefined && length > limit) body.fail(new SeawallError('body_too_large'))", ''),
  mutant('the admin token is compared', 'admin/guard.ts', ['test/unit/admin-server.test.ts'], '!timingSafeEqual(digest(given), expected)', 'digest(given).length !== expected.length'),
  mutant('a page of another origin may not purge', 'admin/guard.ts', ['test/unit/admin-server.test.ts'], 'if (origin === undefined) return', 'if (origin !== null) return'),
  mutant('TLS is 1.2 or later', 'server/certificates.ts', ['test/unit/server-tls.test.ts'], "export const MIN_VERSION = 'TLSv1.2'", "export const MIN_VERSION = 'TLSv1'"),
  mutant('a handshake has a deadline', 'server/tls.ts', ['test/unit/server-tls.test.ts'], 'wheel.touch(deadline, limits.headerTimeout)', ''),
  mutant('the heap bounds the store', 'store/admission.ts', ['test/unit/store-admission.test.ts'], '|| this.heap + heap > this.heapLimit) {', ') {'),
  mutant('an origin that sends nothing is given up', 'origin/deadlines.ts', ['test/contract/origins-failures.test.ts'], 'this.stall.start(this.timeouts.headers)', ''),
  mutant('what is not idempotent is not sent twice', 'origin/exchange.ts', ['test/contract/origins-failures.test.ts', 'test/contract/origins-pool.test.ts'], '&& this.wire.content === undefined && IDEMPOTENT.has(this.request.method)', '&& this.wire.content === undefined'),
  mutant('chunk extensions and trailers of an origin are bounded', 'origin/overhead.ts', ['test/unit/overhead.test.ts', 'test/wire/answers.test.ts'], 'return this.bytes > ALLOWED', 'return false'),
  mutant('no copy is kept that was asked for before its owner outdated it', 'workers/copies.ts', ['test/unit/workers-copies.test.ts'], 'if (since > this.outdatedAt) return', 'if (since > 0) return'),
  mutant('no copy is used of an owner that ended', 'workers/copies.ts', ['test/unit/workers-copies.test.ts'], 'if (had(url)) await', 'if (!had(url)) await'),
  mutant('who ended is asked about for as long as copies of it last', 'workers/lately.ts', ['test/unit/workers-copies.test.ts'], 'this.before = this.now', ''),
  mutant('a copy has what upstream caches said', 'workers/copies.ts', ['test/unit/workers-copies.test.ts'], "names.lastIndexOf('cache-status')", "names.indexOf('cache-status')"),
  mutant('who was late himself blames no worker', 'workers/pulse.ts', ['test/unit/workers-pulse.test.ts'], 'else if (late < ROUND) missed++', 'else missed++'),
  mutant('a question to a worker has a deadline', 'workers/channel.ts', ['test/unit/workers-channel.test.ts'], 'this.clock.after(limit, () => {', 'this.clock.after(2 * limit, () => {'),
  mutant('what a worker has counted outlives it', 'app/sums.ts', ['test/unit/worker-sums.test.ts'], 'this.gone = sum([this.gone, countsOf(report)])', ''),
  mutant('who wrote asks no owner that cannot know', 'invalidation/write-batch.ts', ['test/unit/invalidation-write-batch.test.ts'], '(batch.vague || batch.paths.has(path))', 'batch.paths.has(path)'),
  mutant('an owner that says nothing is not waited for', 'workers/relay.ts', ['test/unit/workers-relay.test.ts'], 'setImmediate(() => { if (!over) onQuiet() })', ''),
  mutant('a worker believes no field but the last', 'workers/envelope.ts', ['test/unit/workers-envelope.test.ts'], 'let i = headers.length - 2; i >= 0; i -= 2', 'let i = 0; i < headers.length; i += 2'),
  mutant('what a worker has written itself it does not ask an owner for', 'workers/relay.ts', ['test/unit/workers-relay.test.ts'], '!r.route.cache || log.pends(r.url)', '!r.route.cache'),
  mutant('slow clients make room at an origin for who waits', 'origin/gate.ts', ['test/contract/origins-slow-clients.test.ts'], 'if (lagging.length > this.limit / 2) {', 'if (lagging.length > this.limit) {'),
  mutant('what led back here is not sent out again', 'proxy/core.ts', ['test/flow/loops.test.ts'], "if (looped(request.fields.raw, this.parts.id)) return fromError(new SeawallError('loop_detected'), request, {})\n      return await", 'return await'),
  mutant('clients that have left make room too', 'origin/waits.ts', ['test/flow/origin-protection.test.ts'], 'since === undefined ? this.pace', 'since !== -1 ? this.pace'),
  mutant('an answer that nobody reads makes room', 'proxy/fill.ts', ['test/flow/origin-protection.test.ts'], 'this.unattended ??= this.parts.clock.now()', 'this.unattended ??= undefined'),
  mutant('a few slow clients are left alone', 'origin/gate.ts', ['test/contract/origins-slow-clients.test.ts'], 'if (lagging.length > this.limit / 2) {', 'if (lagging.length > 0) {'),
  mutant('a slow probe keeps nobody out', 'origin/breaker.ts', ['test/contract/origins-protection.test.ts'], 'this.probing !== 0 && this.clock.now() - this.probedAt < this.config.probe', 'this.probing !== 0'),
  mutant('small pieces of a body are joined', 'core/gathered.ts', ['test/unit/gathered.test.ts', 'test/regress/008-a-body-in-chunks-of-one-byte.test.ts'], 'if (piece.length >= SMALL) {', 'if (piece.length >= 0) {'),
  mutant('a variant that is used outlives those that are not', 'store/variants.ts', ['test/contract/store-memory.test.ts'], 'if (this.uses(other) < this.uses(victim)) victim = other', ''),
  mutant('who is connected is answered though it is told to end', 'server/listener.ts', ['test/flow/process.test.ts', 'test/unit/server-listener.test.ts'], 'settled: settled ?? steady(arrived, LAST_CALL, clock)', 'settled: Promise.resolve()'),
  mutant('nobody is accepted past the deadline of draining', 'server/listener.ts', ['test/unit/server-listener.test.ts'], '      reset()\n      resolve()', '      reset()'),
  mutant('clients beyond the limit are closed', 'server/serving.ts', ['test/unit/server-listener.test.ts'], 'return connections.size + begun >= (limits.connections ?? Infinity)', 'return connections.size + begun > (limits.connections ?? Infinity)'),
  mutant('a 100 is passed over', 'origin/status-line.ts', ['test/contract/origins-answers.test.ts'], 'chunk[digit] = NINE', ''),
  mutant('what reads like a field of the key does not travel', 'policy/forward.ts', ['test/unit/policy-forward.test.ts'], 'return keyed.includes(read) || spoofs(read)', 'return spoofs(read)'),
  mutant('what a purge overtook answers nobody, who led its fetch included', 'proxy/collapse.ts', ['test/flow/purge.test.ts', 'test/flow/collapse.test.ts'], 'if (shared && round.turns === 0 && this.overtaken(fill, head)) {', 'if (shared && round.turns < 0 && this.overtaken(fill, head)) {'),
  mutant('another process is waited for no longer than told', 'proxy/turn.ts', ['test/flow/turn.test.ts'], '() => acquired.leave())', '() => undefined)'),
  mutant('what repeats the last answer only nearly is read anew', 'origin/field-texts.ts', ['test/unit/origin-field-texts.test.ts'], 'for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false', ''),
  mutant('a 205 has no content', 'origin/exchange.ts', ['test/wire/answers.test.ts'], 'this.contentless = status === 205', 'this.contentless = false'),
  mutant('a websocket is agreed to by who has read its key', 'origin/websocket.ts', ['test/contract/origins-bodies.test.ts'], "return value(answered, 'sec-websocket-accept') === accept ? undefined :", 'return accept.length > 0 ? undefined :'),
  mutant('what is put together for Redis is bounded', 'store/redis.ts', ['test/contract/store-redis.test.ts'], 'if (this.held + size > this.options.room) return false', ''),
  mutant('a look-up in Redis that is over is let go of', 'store/redis.ts', ['test/unit/garbage.test.ts'], 'asked.answer = undefined', ''),
  mutant('what this process was too busy to read is not late', 'redis/deadlines.ts', LINK, 'else setImmediate(() => { this.miss(now) })', 'else this.miss(now)'),
  mutant('a command has its whole deadline from when it is sent', 'redis/deadlines.ts', LINK, 'if (left > 0) this.timer', 'if (left > 1e9) this.timer'),
  mutant('what Redis never answers is missed', 'redis/deadlines.ts', LINK, 'this.timer ??= this.clock.after(this.limit, this.look)', '')
]

export const MUTANTS: readonly Mutant[] = [...PARSING, ...POLICY, ...FIELDS, ...PATHS, ...EDGES]
