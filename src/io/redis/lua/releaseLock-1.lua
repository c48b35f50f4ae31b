--[[
Purpose: gives a lock back.
Promise: removes it only for the owner it names.
KEYS[1] the lock (string: its owner)
ARGV[1] owner
Return: "released", "missing" or "other".
]]
local owner = redis.call('GET', KEYS[1])
if not owner then
  return 'missing'
end
if owner ~= ARGV[1] then
  return 'other'
end
redis.call('DEL', KEYS[1])
return 'released'
