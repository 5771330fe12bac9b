/**
 * The scripts of the shared log. Each is one instant: it looks whether what Redis holds can be trusted, and answers from
 * that same state.
 *
 * `meta` (a hash) has the epoch, its newest position, when it began (ms of Redis's clock), the server's run id, and a field
 * for each member; `events` (a stream) has an entry `SEQ-0` for each position. Redis may lose either, both, or the newest of
 * both (eviction, FLUSHALL, an old snapshot, a failover), so they must agree with each other, with the server that wrote
 * them, and with whatever the caller has seen; if they do not, a greater epoch begins with an empty stream. Members are
 * fields of the same hash so that none is lost while the epoch stays.
 *
 * Numbers of an epoch have up to 16 digits: formatted, never left to Lua's own 14.
 */
import { script } from '../redis/link.js'

/** KEYS: meta, events. ARGV: id, epoch, seq, last batch, 20 random bits, page, ids to restore, [id, beat] to forget (JSON). */
const AGREE = `
local meta, events = KEYS[1], KEYS[2]
local id, mine, applied, last, entropy, page = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local function int (number) return string.format('%.0f', number) end
local function seqOf (entry) return tonumber(string.match(entry[1], '^(%d+)%-0$')) end
local function batchOf (entry) return entry[2][4] end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local state = redis.call('HMGET', meta, 'epoch', 'seq', 'run', 'began')
local epoch, seq, began = tonumber(state[1]), tonumber(state[2]), tonumber(state[4])
local newest = redis.call('XREVRANGE', events, '+', '-', 'COUNT', 1)[1]

local function agrees ()
  if not (epoch and seq and began) or state[3] ~= run then return false end
  if newest then
    if seqOf(newest) ~= seq then return false end
  elseif seq > 0 then return false end
  if mine ~= epoch then return mine < epoch end
  if applied > seq then return false end
  if last == '' then return true end
  local entry = redis.call('XRANGE', events, int(applied) .. '-0', int(applied) .. '-0')[1]
  return not entry or batchOf(entry) == last
end

if not agrees() then
  epoch = math.max(time[1] * 1048576 + entropy, (epoch or 0) + 1, mine + 1)
  seq, began = 0, now
  redis.call('DEL', events)
  redis.call('HSET', meta, 'epoch', int(epoch), 'seq', 0, 'run', run, 'began', int(now))
end
`

/** Another page of events follows by another call. */
const ANSWER = `
for _, other in ipairs(cjson.decode(ARGV[7])) do redis.call('HSETNX', meta, 'm:' .. other, '0:0:0') end
for _, other in ipairs(cjson.decode(ARGV[8])) do
  if redis.call('HGET', meta, 'm:' .. other[1]) == other[2] then redis.call('HDEL', meta, 'm:' .. other[1]) end
end
redis.call('HSET', meta, 'm:' .. id, int(mine) .. ':' .. int(applied) .. ':' .. int(now))

local oldest = redis.call('XRANGE', events, '-', '+', 'COUNT', 1)[1]
local after = oldest and seqOf(oldest) - 1 or seq
if mine == epoch and applied > after then after = applied end
local rows = redis.call('XRANGE', events, int(after + 1) .. '-0', '+', 'COUNT', page)
return { int(epoch), int(seq), int(after), int(now), int(began), rows, redis.call('HGETALL', meta), appended or false }
`

export const POLL = script(AGREE + 'local appended\n' + ANSWER)

/** ARGV, further: batch, mode, scopes, entries kept, channel and topic of hints. */
export const APPEND = script(`${AGREE}
seq = seq + 1
local appended = int(seq)
redis.call('XADD', events, 'MAXLEN', '~', ARGV[12], appended .. '-0', 'w', id, 'b', ARGV[9], 'm', ARGV[10], 's', ARGV[11])
redis.call('HSET', meta, 'seq', appended)
redis.call('PUBLISH', ARGV[13], ARGV[14] .. ' ' .. id)
${ANSWER}`)
