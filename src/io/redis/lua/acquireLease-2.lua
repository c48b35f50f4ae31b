--[[
Purpose: grants the lease.
Promise: at most one live lease. A grant raises the fence above every earlier one and above the floor; an own live
  lease is given back unchanged; an expired record is replaced and handed over.
KEYS[1] lease record (hash)
KEYS[2] fence counter
ARGV[1] owner's session id
ARGV[2] lease token
ARGV[3] time to live, ms
ARGV[4] floor: the highest fence known from elsewhere, decimal
Return: {"acquired", record} or {"acquired", record, replaced record}, {"held", record}, {"busy", record}; a record
  is an array of owner, token, fence, acquired, renewed, expires (times in ms since the epoch, decimal).
]]
local fields = { 'owner_session_id', 'lease_token', 'fence', 'acquired_at', 'renewed_at', 'expires_at' }
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)

local old = redis.call('HMGET', KEYS[1], unpack(fields))
if old[1] and tonumber(old[6]) > now then
  if old[1] == ARGV[1] and old[2] == ARGV[2] then
    return { 'held', old }
  end
  return { 'busy', old }
end

-- Fences stay decimal text: a Lua number would lose digits above 2^53.
local counter, floor = redis.call('GET', KEYS[2]) or '0', ARGV[4]
if #floor > #counter or (#floor == #counter and floor > counter) then
  redis.call('SET', KEYS[2], floor)
end
redis.call('INCR', KEYS[2])
local fence = redis.call('GET', KEYS[2])

local from = string.format('%.0f', now)
local until_ = string.format('%.0f', now + tonumber(ARGV[3]))
local new = { ARGV[1], ARGV[2], fence, from, from, until_ }
for i, field in ipairs(fields) do
  redis.call('HSET', KEYS[1], field, new[i])
end
if old[1] then
  return { 'acquired', new, old }
end
return { 'acquired', new }
