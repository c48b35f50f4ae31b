--[[
Purpose: takes the finalize lock of a slug.
Promise: a lock of another session is left as it is; a free one, or an own one, is the session's for the whole time.
KEYS[1] the lock (string: the owner's session id)
ARGV[1] session id
ARGV[2] time to live, ms
Return: {"taken" or "other", owner, ms until it is gone}.
]]
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then
  return { 'other', owner, tostring(redis.call('PTTL', KEYS[1])) }
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return { 'taken', ARGV[1], ARGV[2] }
