--[[
Purpose: keeps an entry that could not be applied in the dead-letter stream.
Promise: one dead letter for an entry id, however often it is called. The log itself is not touched.
KEYS[1] dead-letter stream
KEYS[2] hash of buried entries: entry id -> dead-letter id
ARGV[1] id of the entry in the log
ARGV[2] reason
ARGV[3] the entry's fields, one JSON object of strings (kept as text)
Return: "1" when buried now, "0" when it was there.
]]
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 then
  return '0'
end
local id = redis.call('XADD', KEYS[1], '*', 'entry_id', ARGV[1], 'reason', ARGV[2], 'fields', ARGV[3])
redis.call('HSET', KEYS[2], ARGV[1], id)
return '1'
