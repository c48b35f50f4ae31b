--[[
Purpose: shows the lease record together with the clock that judges it.
Promise: writes nothing; record and clock are of one moment.
KEYS[1] lease record (hash)
Return: {now} or {now, record}; now in ms since the epoch, decimal; a record is an array of owner, token, fence,
  acquired, renewed, expires (times in ms since the epoch, decimal).
]]
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local record = redis.call(
  'HMGET', KEYS[1], 'owner_session_id', 'lease_token', 'fence', 'acquired_at', 'renewed_at', 'expires_at'
)
if record[1] then
  return { string.format('%.0f', now), record }
end
return { string.format('%.0f', now) }
