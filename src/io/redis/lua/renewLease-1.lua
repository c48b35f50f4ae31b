--[[
Purpose: prolongs the lease of its holder.
Promise: judged in this order: no record -> missing; another owner or token -> stolen; past its end by the server's
  clock -> expired; else renewed from now on. Only the last one writes.
KEYS[1] lease record (hash)
ARGV[1] owner's session id
ARGV[2] lease token
ARGV[3] time to live, ms
Return: {"missing"}, {"stolen"}, {"expired"} or {"renewed", record}; a record is an array of owner, token, fence,
  acquired, renewed, expires (times in ms since the epoch, decimal).
]]
local fields = { 'owner_session_id', 'lease_token', 'fence', 'acquired_at', 'renewed_at', 'expires_at' }
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)

local record = redis.call('HMGET', KEYS[1], unpack(fields))
if not record[1] then
  return { 'missing' }
end
if record[1] ~= ARGV[1] or record[2] ~= ARGV[2] then
  return { 'stolen' }
end
if tonumber(record[6]) <= now then
  return { 'expired' }
end
record[5] = string.format('%.0f', now)
record[6] = string.format('%.0f', now + tonumber(ARGV[3]))
redis.call('HSET', KEYS[1], 'renewed_at', record[5], 'expires_at', record[6])
return { 'renewed', record }
