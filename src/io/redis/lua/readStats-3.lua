--[[
Purpose: tells how far the log goes without sending any entry.
Promise: writes nothing.
KEYS[1] log stream
KEYS[2] dead-letter stream
KEYS[3] archive hash: through, entries
Return: {newest id ever given ("0" for none), number of entries ever in the log, number of dead letters, of those
  entries how many are in archives}, all text.
]]
local newest = '0'
if redis.call('EXISTS', KEYS[1]) == 1 then
  local info = redis.call('XINFO', 'STREAM', KEYS[1])
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      newest = info[i + 1]
    end
  end
end
local archived = tonumber(redis.call('HGET', KEYS[3], 'entries') or '0')
local length = redis.call('XLEN', KEYS[1]) + archived
return { newest, tostring(length), tostring(redis.call('XLEN', KEYS[2])), tostring(archived) }
