/**
 * The scripts of the shared log. Each is one instant: it looks whether what Redis holds can be trusted, and answers from
 * that same state.
 *
 * `meta` (a hash) has the epoch, its newest position, when it began (ms of Redis's clock), the server's run id, a seal, and a
 * field for each member; `events` (a stream) has an entry `SEQ-0` for each position. Redis may lose either, both, or the newest
 * of both (eviction, FLUSHALL, an old snapshot, a failover), and whoever may write to it may put anything in their place. So
 * they must be what these scripts write, and agree with each other, with the server that wrote them, and with whatever the
 * caller has seen; if they do not, a greater epoch begins with an empty stream, or the call is refused. Members are fields of
 * the same hash so that none is lost while the epoch stays; a hash that is there hands them on to the next.
 *
 * An epoch is taken from the hash only under its seal, which says that a script drew it: one that was written by hand might be
 * another's again, under which old stamps would be believed, or have none greater left.
 *
 * Numbers of an epoch have up to 16 digits: formatted, never left to Lua's own 14.
 */
import { script } from '../redis/link.js'

/** What does not change while an epoch lasts, as the hash has it. */
export const SEAL = "local function sealOf (epoch, run, began) return redis.sha1hex(epoch .. ':' .. run .. ':' .. began) end"

/**
 * KEYS: meta, events. ARGV: id, epoch, seq, last batch, 20 random bits, page, ids to restore, [id, beat] to forget (JSON), 1 if
 * an epoch may begin.
 */
const AGREE = `
${SEAL}
local meta, events = KEYS[1], KEYS[2]
local id, mine, applied, last, entropy, page = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local function int (number) return string.format('%.0f', number) end
local function batchOf (entry) return entry[2][4] end
local function read (...)
  local reply = redis.pcall(...)
  if not reply.err then return reply end
  if string.find(reply.err, 'WRONGTYPE', 1, true) then return nil end
  error(reply.err, 0)
end
local function lost () return redis.error_reply('LOST The log was lost, and is not to begin anew yet.') end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local hash = read('HMGET', meta, 'epoch', 'seq', 'run', 'began', 'seal')
local state, newest = hash or {}, read('XREVRANGE', events, '+', '-', 'COUNT', 1)
local sealed = state[1] and state[3] and state[4] and state[5] == sealOf(state[1], state[3], state[4])
local epoch, seq, began = sealed and tonumber(state[1]) or 0, 0, tonumber(state[4])

local function agrees ()
  if not sealed or state[3] ~= run then return false end
  if not (state[2] and #state[2] < 16 and string.match(state[2], '^%d+$')) then return false end
  seq = tonumber(state[2])
  if not newest or (newest[1] and newest[1][1] or '0-0') ~= int(seq) .. '-0' then return false end
  if mine ~= epoch then return mine < epoch end
  if applied > seq then return false end
  if last == '' then return true end
  local entry = redis.call('XRANGE', events, int(applied) .. '-0', int(applied) .. '-0')[1]
  return not entry or batchOf(entry) == last
end

local function begin ()
  epoch = math.max(time[1] * 1048576 + entropy, epoch + 1, mine + 1)
  seq, began = 0, now
  local fields = hash and redis.call('HGETALL', meta) or {}
  redis.call('DEL', meta, events)
  for i = 1, #fields, 2 do
    if string.sub(fields[i], 1, 2) == 'm:' then redis.call('HSET', meta, fields[i], fields[i + 1]) end
  end
  redis.call('HSET', meta, 'epoch', int(epoch), 'seq', 0, 'run', run, 'began', int(now), 'seal', sealOf(int(epoch), run, int(now)))
end

local mayBegin = ARGV[9] == '1'
if not agrees() then
  if not mayBegin then return lost() end
  begin()
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
local after = oldest and tonumber(string.match(oldest[1], '^%d+')) - 1 or seq
if mine == epoch and applied > after then after = applied end
local rows = redis.call('XRANGE', events, int(after + 1) .. '-0', '+', 'COUNT', page)
return { int(epoch), int(seq), int(after), int(now), int(began), rows, redis.call('HGETALL', meta), appended or false }
`

export const POLL = script(AGREE + 'local appended\n' + ANSWER)

/**
 * ARGV, further: batch, mode, scopes, entries kept, channel and topic of hints.
 *
 * A stream takes no position below the greatest it ever had, though that entry is gone: then it is none of ours any more.
 */
export const APPEND = script(`${AGREE}
local function add ()
  seq = seq + 1
  return redis.pcall('XADD', events, 'MAXLEN', '~', ARGV[13], int(seq) .. '-0', 'w', id, 'b', ARGV[10], 'm', ARGV[11], 's', ARGV[12])
end
local added = add()
if type(added) == 'table' and (string.find(added.err, 'equal or smaller', 1, true) or string.find(added.err, 'exhausted', 1, true)) then
  if not mayBegin then return lost() end
  begin()
  added = add()
end
if type(added) == 'table' then return added end
local appended = int(seq)
redis.call('HSET', meta, 'seq', appended)
redis.call('PUBLISH', ARGV[14], ARGV[15] .. ' ' .. id)
${ANSWER}`)
