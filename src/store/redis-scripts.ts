/** What the shared store does in Redis, each at one instant, whole or not at all. Offsets are those of `codec.ts`. */
import { script } from '../redis/link.js'

/**
 * KEYS: record, lease. ARGV: value, its order, Unix ms at which it ends, the token of the lease it is written under or '',
 * the copy it takes the place of or ''.
 */
export const WRITE = script(`
if ARGV[4] ~= '' and redis.pcall('HGET', KEYS[2], 'token') ~= ARGV[4] then return 'lost' end
local held = redis.pcall('GETRANGE', KEYS[1], 0, 67)
if type(held) == 'table' then redis.call('DEL', KEYS[1]) held = '' end
local readable = #held == 68 and string.sub(held, 1, 3) == 'SW1'
if ARGV[5] ~= '' then
  if not readable or string.sub(held, 53, 68) ~= ARGV[5] then return 'other' end
elseif readable and string.sub(held, 5, 52) > ARGV[2] then return 'older' end
redis.call('SET', KEYS[1], ARGV[1], 'PXAT', ARGV[3])
return 'done'
`)

/** KEYS: record. ARGV: how the value begins. Deletes that value alone. */
export const DROP = script(`
local held = redis.pcall('GETRANGE', KEYS[1], 0, #ARGV[1] - 1)
if type(held) == 'table' or held == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`)

/** KEYS: record, lease. ARGV: token, ms. The lease with the time in µs and the copy that is stored; or its holder and what that told. */
export const ACQUIRE = script(`
local token = redis.pcall('HGET', KEYS[2], 'token')
if type(token) == 'table' then redis.call('DEL', KEYS[2]) token = false end
if token then
  redis.call('HSET', KEYS[2], 'waited', '1')
  return { 0, token, redis.call('HGET', KEYS[2], 'told') or '' }
end
redis.call('HSET', KEYS[2], 'token', ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
local time = redis.call('TIME')
local copy = redis.pcall('GETRANGE', KEYS[1], 52, 67)
return { 1, time[1], time[2], type(copy) == 'table' and '' or copy }
`)

/** KEYS: lease. ARGV: token, ms. 1 while it is held. */
export const EXTEND = script(`
if redis.pcall('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`)

/** KEYS: lease. ARGV: token, what is told, channel, hint. */
export const ANNOUNCE = script(`
if redis.pcall('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'told', ARGV[2])
if redis.call('HGET', KEYS[1], 'waited') then redis.call('PUBLISH', ARGV[3], ARGV[4]) end
return 1
`)

/** KEYS: lease. ARGV: token, channel, hint. */
export const RELEASE = script(`
if redis.pcall('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
local waited = redis.call('HGET', KEYS[1], 'waited')
redis.call('DEL', KEYS[1])
if waited then redis.call('PUBLISH', ARGV[2], ARGV[3]) end
return 1
`)

/** KEYS: lease. Its holder and what that told, '' for nothing yet; nil: nobody holds it. */
export const LOOK = script(`
local held = redis.pcall('HMGET', KEYS[1], 'token', 'told')
if not held[1] then return nil end
return { held[1], held[2] or '' }
`)
